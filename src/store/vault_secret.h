/* SPDX-License-Identifier: Apache-2.0 */
/* vault.db: one sealed box for each account. Nothing here can open it. */
#ifndef THREADS_STORE_VAULT_SECRET_H
#define THREADS_STORE_VAULT_SECRET_H

#include "core/strbuf.h"
#include "store/db.h"

/* The seven fields that a box is bound to, as struct seal_binding (crypto/seal.h). */
struct vault_fields {
	const char *account, *provider, *host, *port, *tls_mode, *ca, *user;
};

/* Opens (or makes) vault.db in the folder. Errors: as db_open(). */
int vault_db_open(const char *folder, struct db **ret_db, struct threads_error *err) MUST_CHECK;

/* Keeps a box; one that was there is replaced. Errors: THREADS_EIO, THREADS_EAGAIN. */
int vault_secret_put(struct db *db, const struct vault_fields *fields, const char *box,
		     int64_t now_ms, struct threads_error *err) MUST_CHECK;

/*
 * Appends the account's box to out. Returns 1; 0 if there is none.
 * Errors: THREADS_EDENIED if it is bound to other fields than these.
 */
int vault_secret_get(struct db *db, const struct vault_fields *fields, struct strbuf *out,
		     struct threads_error *err) MUST_CHECK;

typedef int vault_secret_fn(const struct vault_fields *fields, const char *box, void *arg,
			    struct threads_error *err);

/* Calls fn with each box; < 0 from fn ends it. */
int vault_secret_each(struct db *db, vault_secret_fn *fn, void *arg,
		      struct threads_error *err) MUST_CHECK;

/* Removes the account's box, if there is one. */
int vault_secret_delete(struct db *db, const char *account, struct threads_error *err) MUST_CHECK;

/* Removes the boxes of all accounts but those. ret_removed may be NULL. */
int vault_secret_keep(struct db *db, const char *const *accounts, size_t count,
		      int64_t *ret_removed, struct threads_error *err) MUST_CHECK;

#endif
