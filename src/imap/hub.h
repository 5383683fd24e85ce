/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's conversation with index: which account, what is known already,
 * batches out and acknowledgements back. Index is the truth: when the link to it
 * is a new one, nothing is sent again; the pass begins anew and asks what is known.
 */
#ifndef THREADS_IMAP_HUB_H
#define THREADS_IMAP_HUB_H

#include "imap/account.h"
#include "imap/batch.h"
#include "imap/failure.h"
#include "imap/links.h"
#include "imap/uid_set.h"

enum {
	HUB_WINDOW_BATCHES = 2,
	HUB_WINDOW_BYTES = 64 * 1024 * 1024,
};

struct hub_batch {
	uint32_t id; /* 0 = free */
	size_t bytes, messages;
};

struct hub {
	struct links *links;
	struct account account; /* in use; changes only in hub_adopt() */
	struct account offered; /* came from index */
	bool has_account, has_offer;
	bool sync_asked;
	int64_t pass_number; /* of the last IMAP_SYNC */
	struct hub_batch window[HUB_WINDOW_BATCHES];
	uint64_t taken; /* messages that index committed, in this process's life */
	bool refused;   /* index could not commit a batch */
	char refusal[128];
};

void hub_init(struct hub *hub, struct links *links);
void hub_release(struct hub *hub);

/* Handles what came from index and the supervisor since the last call; never waits. */
void hub_look(struct hub *hub);

/* The link is up and index said which account. */
bool hub_ready(const struct hub *hub);

/* Takes over an account that index sent. True if there was one. */
bool hub_adopt(struct hub *hub);

/* All return 0, or -1 with why: FAILURE_HUB, or FAILURE_STOPPED. */

/* activity: connecting, listing, syncing, idle or error. failure may be NULL; retry_ms: -1 = not by itself. */
int hub_state(struct hub *hub, const char *activity, const struct failure *failure,
	      int64_t retry_ms);

struct hub_folder {
	const char *name;
	uint32_t uidvalidity; /* 0: the server gives none */
	uint32_t messages, uidnext;
};
/* What index has of a folder. */
struct hub_known {
	int64_t folder_id;
	struct uid_set uids;
	uint64_t modseq;     /* flags and labels of these follow the server up to here, 0: none */
	int64_t compared_ms; /* when all of them were compared last, 0: never */
};
void hub_known_release(struct hub_known *known); /* for CLEANUP too */
int hub_folder_open(struct hub *hub, const struct hub_folder *folder, struct hub_known *known,
		    struct failure *why);

struct hub_todo {
	uint64_t messages, fetch, bytes, gone;
};
int hub_todo(struct hub *hub, int64_t folder_id, const struct hub_todo *todo, struct failure *why);

/* Seals and sends the batch and empties it. Waits while too much is unacknowledged;
 * ret_waited_ms tells how long. Nothing to send is fine. */
int hub_send_batch(struct hub *hub, int64_t folder_id, struct batch *batch, int64_t *ret_waited_ms,
		   struct failure *why);

/* Waits until everything sent is committed. */
int hub_drain(struct hub *hub, struct failure *why);

/* Says the flags and labels in a batch without messages, and empties it. last: with these all
 * is said up to modseq. FAILURE_HUB with the link up: index does not want them now. */
struct hub_flags {
	int64_t folder_id;
	bool last;
	uint64_t modseq;
};
int hub_flags(struct hub *hub, const struct hub_flags *flags, struct batch *batch,
	      struct failure *why);

int hub_failed(struct hub *hub, int64_t folder_id, uint32_t uid, const char *reason,
	       const char *words, struct failure *why);

struct hub_pass {
	uint64_t messages, fetched, bytes, failed;
	int64_t number;
};
int hub_pass_done(struct hub *hub, const struct hub_pass *pass, struct failure *why);

/* Sends any frame to index. */
int hub_send(struct hub *hub, const struct frame *f, struct failure *why);

#endif
