/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the chosen folders: what index does not know yet is fetched in
 * sets, newest first. A message that the server will not give, or that breaks the
 * connection three times, goes to the ledger; it does not stop the others.
 */
#ifndef THREADS_IMAP_SYNC_H
#define THREADS_IMAP_SYNC_H

#include "imap/fetch.h"
#include "imap/folders.h"

/* A message that was next when the connection broke: it is asked for alone, first. */
struct sync_suspect {
	char *folder; /* NULL = none */
	uint32_t uidvalidity, uid;
	unsigned attempts;
};

struct sync {
	struct session *session;
	struct hub *hub;
	struct folders folders;
	struct sync_suspect suspect;
	unsigned
		poisons; /* suspects given up since a message arrived: few, or the server is to blame */
	bool received; /* something arrived in the pass */
	struct hub_pass pass;
};

void sync_release(struct sync *sync);

enum sync_scope {
	SYNC_ALL,     /* every chosen folder */
	SYNC_CHANGED, /* those whose numbers changed since the last pass */
	SYNC_IDLE,    /* the folder that is watched */
};

/* Runs a pass and reports its numbers. Returns 0, or -1 with why; see fetch.h about the session. */
int sync_pass(struct sync *sync, enum sync_scope scope, struct failure *why);

/* The folder to watch with IDLE: INBOX, else the first chosen one; NULL if none is chosen. */
struct folder *sync_watched(const struct sync *sync);

#endif
