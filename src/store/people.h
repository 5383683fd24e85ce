/* SPDX-License-Identifier: Apache-2.0 */
/* Users and settings in hub.db, and the audit log. Sign-in itself is auth.db's. */
#ifndef THREADS_STORE_PEOPLE_H
#define THREADS_STORE_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"
#include "store/store.h"

struct user_new {
	const char *public_id, *name, *display_name, *role, *state;
};
/* A known public id is no error (repeated after a crash): names and role are brought up to date, the
 * state stays. Name taken by another: THREADS_EINVAL. */
int user_create(struct store *store, const struct user_new *user, int64_t now_ms,
		struct threads_error *err) MUST_CHECK;
/* Returns 1 if this was the moment the first owner became active. Disabling bumps the epoch. */
int user_set_state(struct store *store, const char *public_id, const char *state, int64_t now_ms,
		   struct threads_error *err) MUST_CHECK;
/* NULL or "" keeps. */
int user_update(struct store *store, const char *public_id, const char *display_name,
		const char *settings_json, struct threads_error *err) MUST_CHECK;

struct user_row {
	int64_t id;
	const char *public_id, *state, *role, *name, *display_name;
};
typedef int user_fn(const struct user_row *user, void *arg);
int user_each(struct store *store, user_fn *fn, void *arg, struct threads_error *err) MUST_CHECK;
/* Public id of the first active owner into out (27 bytes). 1/0. */
int user_first_owner(struct store *store, char out[27], struct threads_error *err) MUST_CHECK;

/* Checked against a table of names and kinds of values; values are JSON. Applies what follows from
 * them (own domains and defaults to channels that follow the defaults: background job; everyone group). */
int setting_change(struct store *store, const char *json_object, int64_t now_ms,
		   struct threads_error *err) MUST_CHECK;

/* The one function by which audit rows are made. user: public id or "" (operator, system). */
int audit_add(struct store *store, const char *user, const char *action, const char *object,
	      const char *detail, int64_t now_ms, struct threads_error *err) MUST_CHECK;

/* Walks the chain. Returns 1 if it holds, or 0 and the id of the first row that does not fit. */
/* How far the chain of hashes was followed; all zero at its begin. */
struct audit_chain {
	int64_t id, at_ms; /* of the last good row */
	unsigned char hash[32];
	int64_t bad_id; /* the first row that does not fit; 0: none */
};

/* Follows it for at most `most` rows. Returns 1 at its end or at a row that does not fit, 0 if
 * there are more. */
int audit_follow(struct db *db, struct audit_chain *chain, int64_t most,
		 struct threads_error *err) MUST_CHECK;

int audit_verify(struct store *store, int64_t *ret_bad_id, struct threads_error *err) MUST_CHECK;

/* One slice (<= ~50 ms) of background work: folding audiences, deleting accounts, erasing blobs.
 * Returns 1 if there is more, 0 if idle. packs: ingest_packs(); NULL: nothing is erased in them now. */
struct pack_writer;
int background_step(struct store *store, struct pack_writer *packs, int64_t now_ms,
		    struct threads_error *err) MUST_CHECK;

/* Before a stop, which may come right after an import: the slice that cannot wait for idle times.
 * Some 100 ms at most. */
int background_end(struct store *store, struct threads_error *err) MUST_CHECK;

#endif
