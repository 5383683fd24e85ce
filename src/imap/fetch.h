/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UID FETCH in sets, streamed into batches. Always BODY.PEEK[]: the owner's flags
 * do not change.
 */
#ifndef THREADS_IMAP_FETCH_H
#define THREADS_IMAP_FETCH_H

#include "imap/hub.h"
#include "imap/session.h"

enum fetch_state {
	FETCH_WANTED,
	FETCH_HAD,   /* in a batch */
	FETCH_EMPTY, /* the server gave no bytes */
	FETCH_LARGE, /* more bytes than allowed */
	FETCH_DONE,  /* nothing more to do: gone from the server, or in the ledger */
};

struct fetch_item {
	uint32_t uid;
	uint32_t size; /* as the server says, which is not always true; 0 = unknown */
	enum fetch_state state;
};

/* What a fetch of bodies works on, and what it counts. */
struct fetch {
	struct session *session;
	struct hub *hub;
	int64_t folder_id;
	size_t message_max;
	struct batch batch;
	uint64_t messages, bytes; /* fetched so far */
	size_t labels_dropped;    /* of these, for want of room */

	/* the command in progress */
	struct fetch_item *items;
	size_t count;
	size_t received; /* of items */
	size_t bodies;   /* that came, wanted or not */
	bool large;      /* the message that arrives is larger than message_max */
	bool hub_gone;   /* what comes is thrown away: the connection stays usable */
	struct failure hub_why;
};

/* All return 0, or -1 with why. After -1 the session is open if the server merely
 * refused, closed if the connection is of no more use. */

/* Marks those WANTED items that the server does not list as FETCH_DONE. */
int fetch_still_there(struct session *session, struct fetch_item *items, size_t count,
		      struct failure *why);

/* Fills the sizes of count items (sorted by UID). */
int fetch_sizes(struct session *session, struct fetch_item *items, size_t count,
		struct failure *why);

/* UIDs first to last, of which so many messages have to do with it. */
struct fetch_range {
	uint32_t first, last, messages;
	uint64_t changed_since; /* mod-sequence, 0: all of them */
};
typedef void fetch_flags_fn(const struct answer *answer, void *arg);

/* Calls fn for what the server says of messages in a range, asked for or not. */
int fetch_flags(struct session *session, const struct fetch_range *range, fetch_flags_fn *fn,
		void *arg, struct failure *why);

/* Fetches the WANTED ones of count items (sorted by UID) into batches for index, with
 * one command. FAILURE_HUB: index is away; the session is in order. */
int fetch_bodies(struct fetch *fetch, struct fetch_item *items, size_t count, struct failure *why);

#endif
