/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to one SQLite database: hub.db, auth.db or vault.db. A process
 * opens its own after fork and exec. SQL runs through query.h.
 */
#ifndef THREADS_STORE_DB_H
#define THREADS_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

struct db;
struct sqlite3;

/* One step of a schema. Tables of them are generated from migrations/ (see
 * cmake/embed_sql.cmake), ascend by version and end with a row whose sql is NULL. */
struct migration {
	int version;
	const char *name;
	const char *sql;
};

struct db_options {
	const struct migration *migrations;
	bool read_only; /* checks the version, changes nothing */
	bool plain;     /* of a writer: as the file is, no page is given a sum (db_sums.h) */
	/* Of a small one: each commit goes on into the file at once, where its pages have sums. */
	bool write_through;
	/* Registers tokenizers and functions, before the schema is read; may be NULL. */
	int (*connect)(struct sqlite3 *handle, void *arg, struct threads_error *err);
	void *connect_arg; /* must outlive the connection */
	/* Static SQL that writes nothing to the virtual tables, or NULL: see db_begin(). */
	const char *touch;
};

/*
 * Opens (or creates) the database at path in WAL mode, synchronous = FULL,
 * foreign keys and secure_delete on, and applies missing migrations in one transaction.
 *
 * ret_db	owned by the caller, release with db_close(); untouched on failure.
 * Errors: THREADS_EIO if the file cannot be opened or a migration fails (it is
 * then rolled back); THREADS_EINVAL if the file was written by a newer program
 * (or, read_only, by an older one); THREADS_EAGAIN if another process holds
 * the lock too long or (read_only) the writer is not up yet.
 */
int db_open(const char *path, const struct db_options *options, struct db **ret_db,
	    struct threads_error *err) MUST_CHECK;

/*
 * What did not succeed when it was opened, and is tried again at the next start: words
 * for the log, or NULL. Borrowed from db.
 */
const char *db_warning(const struct db *db);

/* Whether a page was met that does not fit its sum (db_sums.h). */
bool db_damaged(const struct db *db);

/* Accepts NULL. Always returns NULL. */
struct db *db_close(struct db *db);
void db_closep(struct db **db);

/*
 * Transactions. db_begin takes the write lock at once (BEGIN IMMEDIATE);
 * db_begin_read gives a stable view (BEGIN). db_rollback is harmless outside.
 * Where memory or the disk fails, SQLite may roll back amid a statement of a
 * virtual table, which then keeps what it had read only in part (FTS5: its
 * totals). The next db_begin makes it forget that by a rollback of options.touch.
 */
int db_begin(struct db *db, struct threads_error *err) MUST_CHECK;
int db_begin_read(struct db *db, struct threads_error *err) MUST_CHECK;
int db_commit(struct db *db, struct threads_error *err) MUST_CHECK;
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * A scope that rolls back unless it was committed:
 *	CLEANUP(db_scope_end) struct db *scope = NULL;
 *	rc = db_scope_begin(db, &scope, err); ... return db_scope_commit(&scope, err);
 */
int db_scope_begin(struct db *db, struct db **ret_scope, struct threads_error *err) MUST_CHECK;
int db_scope_commit(struct db **scope, struct threads_error *err) MUST_CHECK;
void db_scope_end(struct db **scope);

/* Runs static SQL without parameters or rows (PRAGMA, VACUUM ...). */
int db_exec(struct db *db, const char *sql, struct threads_error *err) MUST_CHECK;

int64_t db_last_id(const struct db *db);       /* rowid of the last INSERT */
int64_t db_changes(const struct db *db);       /* rows changed by the last statement */
int64_t db_total_changes(const struct db *db); /* since the connection was opened */

/* Copies the WAL into the database and truncates it; does not wait for readers.
 * Errors: THREADS_EAGAIN (a reader is active). */
int db_checkpoint(struct db *db, struct threads_error *err) MUST_CHECK;

/*
 * Gives free pages back to the disk, so many at most, in one transaction; some stay for
 * the next writes. The file gets shorter with the next checkpoint. 1: look again, 0: nothing
 * is worth it, or the file is as an older program made it (db_sums_add()).
 */
int db_shrink(struct db *db, int64_t most, struct threads_error *err) MUST_CHECK;

#endif
