/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <stdio.h>

#include "store/db_internal.h"
#include "store/query.h"

enum { BUSY_TIMEOUT_MS = 5000 };

/* FULL: an acknowledged message survives power loss. secure_delete: what is
 * erased leaves the file. The writer checkpoints on a timer of its own; the
 * automatic one is the net below it. */
static const char sql_writer_setup[] = "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = FULL;"
				       "PRAGMA foreign_keys = ON;"
				       "PRAGMA secure_delete = ON;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA cache_size = -16384;"
				       "PRAGMA wal_autocheckpoint = 4000;";

/* temp_store: the sandbox of a reader lets it write nowhere. */
static const char sql_reader_setup[] = "PRAGMA query_only = ON;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA cache_size = -8192;";

static const char sql_version[] = "PRAGMA user_version";

/* What SQLite says, and what to do where somebody can do something. */
static int error_words(const struct db *db, int rc, enum threads_code code,
		       struct threads_error *err)
{
	const int primary = rc & 0xFF;

	if (primary == SQLITE_FULL)
		return threads_error_set(err, code, "the disk is full; make room and try again");
	if (primary == SQLITE_CANTOPEN && db->handle) {
		errno = sqlite3_system_errno(db->handle);
		return threads_error_set(err, code,
					 "%m; look at the owners and modes of the file and its "
					 "folder (sqlite %d)",
					 rc);
	}
	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		return threads_error_set(err, code,
					 "the database is damaged (%s); stop the hub and restore "
					 "the last backup",
					 sqlite3_errstr(rc));
	if (code == THREADS_EIO &&
	    (primary == SQLITE_READONLY || rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC))
		return threads_error_set(
			err, code, "the database cannot be written; look at its disk (sqlite %d)",
			rc);
	return threads_error_set(err, code, "sqlite: %s (%d)",
				 db->handle && rc != SQLITE_MISUSE ? sqlite3_errmsg(db->handle)
								   : sqlite3_errstr(rc),
				 rc);
}

int db_error(struct db *db, int rc, struct threads_error *err)
{
	enum threads_code code = THREADS_EIO;

	switch (rc & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = THREADS_EAGAIN;
		break;
	case SQLITE_CONSTRAINT:
	case SQLITE_TOOBIG:
		code = THREADS_EINVAL;
		break;
	case SQLITE_NOMEM:
		code = THREADS_ENOMEM;
		break;
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		code = THREADS_EBUG;
		break;
	case SQLITE_FULL:
		code = THREADS_ELIMIT;
		break;
	default:
		break;
	}
	/* What a reader sees while the writer starts, recovers or is away. */
	if (rc == SQLITE_BUSY_RECOVERY || rc == SQLITE_READONLY_RECOVERY ||
	    rc == SQLITE_READONLY_DIRECTORY || rc == SQLITE_READONLY_CANTINIT)
		code = THREADS_EAGAIN;
	return error_words(db, rc, code, err);
}

int db_exec(struct db *db, const char *sql, struct threads_error *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
}

static int db_version(struct db *db, int *ret_version, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_version);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_version = (int)query_int(&q, 0);
	return 0;
}

static int migrations_apply(struct db *db, const struct migration *list, int version,
			    struct threads_error *err)
{
	for (; list->sql; list++) {
		char set_version[64];
		int rc;

		if (list->version <= version)
			continue;
		rc = db_exec(db, list->sql, err);
		if (rc < 0)
			return threads_error_wrap(err, rc, "migration %s", list->name);
		snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d",
			 list->version);
		rc = db_exec(db, set_version, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Checks the version; returns 1 if migrations are missing. */
static int version_check(struct db *db, const struct migration *list, int *ret_version,
			 struct threads_error *err)
{
	int newest = 0;
	int rc = db_version(db, ret_version, err);

	if (rc < 0)
		return rc;
	for (; list->sql; list++)
		newest = list->version;
	if (*ret_version > newest)
		return threads_error_set(err, THREADS_EINVAL,
					 "the database has schema %d, this program knows up to %d; "
					 "start the newer version",
					 *ret_version, newest);
	return *ret_version < newest;
}

/* BEGIN IMMEDIATE serialises processes that start at the same time. */
static int db_migrate(struct db *db, const struct migration *list, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int version = 0;
	int rc = version_check(db, list, &version, err);

	if (rc <= 0)
		return rc;
	rc = db_scope_begin(db, &scope, err);
	if (rc == 0)
		rc = version_check(db, list, &version, err);
	if (rc > 0)
		rc = migrations_apply(db, list, version, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int db_setup(struct db *db, const struct db_options *options, struct threads_error *err)
{
	int version = 0, rc = 0;

	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (options->connect)
		rc = options->connect(db->handle, options->connect_arg, err);
	if (rc == 0)
		rc = db_exec(db, options->read_only ? sql_reader_setup : sql_writer_setup, err);
	if (rc < 0)
		return rc;
	if (!options->read_only)
		return db_migrate(db, options->migrations, err);
	rc = version_check(db, options->migrations, &version, err);
	if (rc == 1)
		return threads_error_set(err, THREADS_EINVAL,
					 "the database has the older schema %d", version);
	return rc;
}

int db_open(const char *path, const struct db_options *options, struct db **ret_db,
	    struct threads_error *err)
{
	CLEANUP(db_closep) struct db *db = calloc(1, sizeof(*db));
	const int flags = options->read_only ? SQLITE_OPEN_READONLY
					     : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc;

	if (!db)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc != SQLITE_OK)
		return threads_error_wrap(err, db_error(db, rc, err), "open '%s'", path);
	rc = db_setup(db, options, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "open '%s'", path);
	*ret_db = TAKE_PTR(db);
	return 0;
}

struct db *db_close(struct db *db)
{
	if (!db)
		return NULL;
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++)
		sqlite3_finalize(db->statements[i].stmt);
	sqlite3_close(db->handle);
	free(db);
	return NULL;
}

void db_closep(struct db **db)
{
	*db = db_close(*db);
}

int db_begin(struct db *db, struct threads_error *err)
{
	return db_exec(db, "BEGIN IMMEDIATE", err);
}

int db_begin_read(struct db *db, struct threads_error *err)
{
	return db_exec(db, "BEGIN", err);
}

int db_commit(struct db *db, struct threads_error *err)
{
	return db_exec(db, "COMMIT", err);
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

void db_rollback(struct db *db)
{
	if (db_in_transaction(db) && db_exec(db, "ROLLBACK", NULL) < 0)
		return; /* SQLite has rolled back by itself */
}

int db_scope_begin(struct db *db, struct db **ret_scope, struct threads_error *err)
{
	int rc = db_begin(db, err);

	if (rc == 0)
		*ret_scope = db;
	return rc;
}

int db_scope_commit(struct db **scope, struct threads_error *err)
{
	int rc = db_commit(*scope, err);

	if (rc == 0)
		*scope = NULL;
	return rc;
}

void db_scope_end(struct db **scope)
{
	if (*scope)
		db_rollback(*scope);
}

int64_t db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t db_total_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}

int db_checkpoint(struct db *db, struct threads_error *err)
{
	int rc;

	sqlite3_busy_timeout(db->handle, 0);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
}
