/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a folder of the server and listing what is in it. Always EXAMINE, never
 * SELECT: the owner's flags do not change. All return 0, or -1 with why; the
 * session is then open if the server merely refused, else closed.
 */
#ifndef THREADS_IMAP_MAILBOX_H
#define THREADS_IMAP_MAILBOX_H

#include "imap/session.h"
#include "imap/uid_set.h"

struct mailbox {
	uint32_t uidvalidity; /* 0 = the server gives none */
	uint32_t messages, uidnext;
	uint64_t modseq; /* HIGHESTMODSEQ, 0 = the server counts no changes here */
};

int mailbox_examine(struct session *session, const char *name, struct mailbox *ret_box,
		    struct failure *why);

/* UIDs of all messages of the open folder, or of those since a day; sorted. */
int mailbox_search(struct session *session, uint32_t messages, int64_t since_ms,
		   struct uid_list *uids, struct failure *why);

/* Those of the set (taken over; NULL: out of memory) that are there; sorted. */
int mailbox_search_set(struct session *session, struct mailimap_set *set, struct uid_list *uids,
		       struct failure *why);

/* The numbers of a folder without opening it. */
int mailbox_status(struct session *session, const char *name, struct mailbox *ret_box,
		   struct failure *why);

#endif
