/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens on the server to messages that index has: they are read, answered,
 * labelled. A server that counts its changes (CONDSTORE) is asked what changed since;
 * another one for everything, every few hours. Nothing is ever changed there.
 */
#ifndef THREADS_IMAP_FLAGS_H
#define THREADS_IMAP_FLAGS_H

#include "imap/fetch.h"
#include "imap/mailbox.h"

struct flags {
	struct session *session; /* with the folder open */
	struct hub *hub;
	const struct hub_known *known;
	const struct uid_list *uids; /* on the server, sorted */
	const struct mailbox *box;   /* as the folder was opened */
};

enum { FLAGS_EVERY_MS = 4 * 3600 * 1000 }; /* between two looks at all flags of a folder */

/* Tells index what changed. *ret_again_ms: not to be called again for so long. Returns 0, or -1
 * with why; see fetch.h about the session. */
int flags_follow(const struct flags *flags, int64_t *ret_again_ms, struct failure *why);

#endif
