/* SPDX-License-Identifier: Apache-2.0 */
/* What sync.c (a pass, its folders) and sync_missing.c (what a server does not give) share. */
#ifndef THREADS_IMAP_SYNC_INTERNAL_H
#define THREADS_IMAP_SYNC_INTERNAL_H

#include "imap/mailbox.h"
#include "imap/sync.h"

enum { SYNC_ATTEMPTS_MAX = 3, SYNC_PENDING_MAX = 3 };

/* Failures that are only true if the server otherwise works. */
struct sync_pending {
	uint32_t uids[SYNC_PENDING_MAX];
	size_t count;
};

struct sync_folder {
	struct sync *sync;
	struct fetch fetch;
	struct fetch_item *items; /* sorted by UID */
	size_t count;
	struct uid_list uids;   /* on the server, sorted */
	struct hub_known known; /* to index, as the folder was opened */
	struct mailbox box;
	const char *name;
	struct sync_pending pending;
};

/* Fetches the WANTED ones of count items, whatever it takes; what cannot be had goes
 * to the ledger. Returns 0, or -1 with why to end the pass. */
int sync_fetch_set(struct sync_folder *sf, struct fetch_item *items, size_t count,
		   struct failure *why);

size_t sync_count_wanted(const struct fetch_item *items, size_t count);

/* Writes a message to the ledger. */
int sync_give_up(struct sync_folder *sf, uint32_t uid, const char *reason, const char *words,
		 struct failure *why);

/* The server gave other messages: those that it refused are theirs to blame. */
int sync_flush_pending(struct sync_folder *sf, struct failure *why);

/* Refusals that concern the account, not a message: the pass ends. */
bool sync_ends_pass(enum failure_kind kind);

void sync_suspect_clear(struct sync *sync);

#endif
