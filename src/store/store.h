/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub.db: one connection. `index` opens it as the writer, `api` as a reader.
 * No SQL and no sqlite type leaves src/store.
 */
#ifndef THREADS_STORE_STORE_H
#define THREADS_STORE_STORE_H

#include "store/db.h"

struct store;

enum store_mode {
	STORE_WRITER, /* creates, migrates, writes; one process only */
	STORE_COPY, /* writes, too, in a copy that is thrown away: its pages are left as they are */
	STORE_READER, /* read-only; the writer must have opened the file before */
};

/*
 * Opens hub.db at path (":memory:" in tests).
 *
 * ret_store	owned by the caller, release with store_close(); untouched on failure.
 * Errors: those of db_open().
 */
int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct threads_error *err) MUST_CHECK;

/* Accepts NULL. Always returns NULL. */
struct store *store_close(struct store *store);
void store_closep(struct store **store);

/* The connection, for transactions around several calls and for checkpoints. */
struct db *store_db(struct store *store);

/* The epoch of what people may see; store_epoch_bump() belongs into the transaction
 * of every change of membership, every tightening and every change of a deny set. */
int store_epoch(struct store *store, int64_t *ret_epoch, struct threads_error *err) MUST_CHECK;
int store_epoch_bump(struct store *store, struct threads_error *err) MUST_CHECK;

#endif
