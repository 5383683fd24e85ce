/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the role, on which all its modules stand. */
#ifndef THREADS_AUTH_STATE_H
#define THREADS_AUTH_STATE_H

#include <sys/queue.h>

#include "auth/auth.h"
#include "auth/hasher.h"
#include "crypto/aead.h"
#include "ipc/peer.h"
#include "store/auth_login.h"

struct exchange;

/* One connection; index has at most one, the others may have several for a moment. */
struct auth_link_peer {
	struct auth *auth;
	struct peer *peer;
	LIST_ENTRY(auth_link_peer) link;
};

struct auth {
	struct loop *loop;
	struct peer *supervisor; /* borrowed, may be NULL */
	struct db *db;
	struct clock clock;
	struct hasher *hasher;
	char *base_url;
	unsigned char seed_key[AEAD_KEY_LEN]; /* seals TOTP seeds */
	unsigned char ticket_key[TICKET_KEY_LEN];
	int64_t session_idle_ms, session_max_ms;
	struct loop_timer *tidy_timer;
	struct backup_source *backup;

	LIST_HEAD(, auth_link_peer) peers;
	LIST_HEAD(, exchange) exchanges;
	size_t control_count;

	/* outbox.c */
	struct peer *index;
	struct loop_timer *outbox_timer;
	uint32_t asked_id; /* question under way to index, 0 = none */
	int64_t asked_row; /* its outbox row, 0 = the list of users */
	void (*outbox_done)(struct auth *auth, int64_t row); /* index has committed row */
	bool users_wanted; /* ask for the list of users when the outbox is empty */
};

static inline int64_t auth_now(const struct auth *auth)
{
	return clock_now_ms(&auth->clock);
}

#endif
