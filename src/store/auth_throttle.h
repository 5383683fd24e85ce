/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing delays after failures, kept in auth.db so that a restart forgives
 * nothing. A try is charged before it is made: of many at once only one passes
 * while a delay runs. Nobody is locked out: the delay has an upper end.
 */
#ifndef THREADS_STORE_AUTH_THROTTLE_H
#define THREADS_STORE_AUTH_THROTTLE_H

#include "store/auth_db.h"

struct auth_throttle_rule {
	int64_t free;      /* failures without a delay */
	int64_t first_ms;  /* then this, doubling */
	int64_t most_ms;   /* up to this */
	int64_t forget_ms; /* failures older than this do not count */
};

/*
 * Charges one try to key. 1 if it may be made now; 0 if not, and then
 * ret_next_ms is when (the try is not counted).
 */
int auth_throttle_charge(struct db *db, const char *key, const struct auth_throttle_rule *rule,
			 int64_t now_ms, int64_t *ret_next_ms,
			 struct threads_error *err) MUST_CHECK;

/* The try succeeded: forget key (it is the user's own), or give one failure back (a client's). */
int auth_throttle_clear(struct db *db, const char *key, struct threads_error *err) MUST_CHECK;
int auth_throttle_refund(struct db *db, const char *key, struct threads_error *err) MUST_CHECK;

#endif
