/* SPDX-License-Identifier: Apache-2.0 */
/* One-use links: set-up of the first owner, invitation, reset of a lost sign-in. */
#ifndef THREADS_STORE_AUTH_LINK_H
#define THREADS_STORE_AUTH_LINK_H

#include "store/auth_db.h"

struct auth_link {
	char kind[AUTH_WORD_SIZE]; /* setup invite reset */
	int64_t login_id;          /* 0: set-up */
	int64_t expires_ms;
};

/* Adds a link; older unused ones of the same kind and user are void from now on. */
int auth_link_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		  const struct auth_link *link, int64_t now_ms,
		  struct threads_error *err) MUST_CHECK;

/* Uses it up by one conditional UPDATE: 1 and what it was, or 0 if unknown, ended or used. */
int auth_link_consume(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      struct auth_link *ret_link, struct threads_error *err) MUST_CHECK;

/* Voids all unused links of a kind (0 = set-up). */
int auth_link_void(struct db *db, const char *kind, int64_t login_id,
		   struct threads_error *err) MUST_CHECK;

#endif
