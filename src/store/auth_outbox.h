/* SPDX-License-Identifier: Apache-2.0 */
/* What index still has to hear from auth: user rows, their states, audit rows, in order. */
#ifndef THREADS_STORE_AUTH_OUTBOX_H
#define THREADS_STORE_AUTH_OUTBOX_H

#include "store/auth_login.h"

struct auth_outbox_row {
	int64_t id;
	char kind[AUTH_WORD_SIZE]; /* user state audit */
	char user_id[PUBLIC_ID_SIZE];
	char a[AUTH_DISPLAY_SIZE]; /* user: name;         state: state; audit: action */
	char b[AUTH_DISPLAY_SIZE]; /* user: display name;               audit: object */
	char c[AUTH_DISPLAY_SIZE]; /* user: role;                       audit: detail */
	char d[AUTH_WORD_SIZE];    /* user: state */
};

/* Makes hub.db's row of this user what login says. */
int auth_outbox_user(struct db *db, const struct auth_login *login,
		     struct threads_error *err) MUST_CHECK;
int auth_outbox_state(struct db *db, const char *user_id, const char *state,
		      struct threads_error *err) MUST_CHECK;

/* user_id may be "": nobody known. Texts are cut to what fits. Rows of
 * failures (action ends in "-failed") are dropped while 10,000 rows wait: they come from outside. */
int auth_outbox_audit(struct db *db, const char *user_id, const char *action, const char *object,
		      const char *detail, struct threads_error *err) MUST_CHECK;

/* The oldest row: 1, or 0 if there is none. */
int auth_outbox_first(struct db *db, struct auth_outbox_row *ret_row,
		      struct threads_error *err) MUST_CHECK;

/* The newest id, 0 if none waits. */
int auth_outbox_last(struct db *db, int64_t *ret_id, struct threads_error *err) MUST_CHECK;
int auth_outbox_remove(struct db *db, int64_t id, struct threads_error *err) MUST_CHECK;

#endif
