/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.db, opened by the role auth alone. The auth_* modules are single
 * statements with their rules in the SQL; the flows in src/auth put those that
 * belong together into one db_scope. Hashes and sealed seeds come and go as
 * bytes: this folder knows no key.
 */
#ifndef THREADS_STORE_AUTH_DB_H
#define THREADS_STORE_AUTH_DB_H

#include "core/random_id.h"
#include "store/db.h"

enum {
	AUTH_HASH_LEN = 32, /* SHA-256 of a token, a link or a recovery code */
	AUTH_NAME_SIZE = 100 + 1,
	AUTH_DISPLAY_SIZE = 200 + 1,
	AUTH_WORD_SIZE = 16, /* role, state, kind */
	AUTH_PHC_SIZE = 128,
	AUTH_BOX_LEN = 48, /* a sealed TOTP seed: 20 + 28 bytes */
};

/* Opens or creates auth.db. Errors as db_open(). */
int auth_db_open(const char *path, struct db **ret_db, struct threads_error *err) MUST_CHECK;

/* Removes what expired: sessions, pending sign-ins, links, throttles of yesterday. */
int auth_db_tidy(struct db *db, int64_t now_ms, struct threads_error *err) MUST_CHECK;

#endif
