/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include "core/disk_full.h"
#include "store/db_internal.h"
#include "store/sum_vfs.h"

int db_page_error(struct db *db, uint32_t page, struct threads_error *err)
{
	const struct sum_vfs_state state = sum_vfs_state_of(db->handle);

	db->damaged = true;
	return threads_error_set(err, THREADS_EIO,
				 "%s: page %u is not as it was written; stop the hub and restore "
				 "the last backup",
				 state.name, page > 0 ? page : state.bad_page);
}

const char *db_warning(const struct db *db)
{
	return db->warning.code ? db->warning.text : NULL;
}

bool db_damaged(const struct db *db)
{
	return db->damaged;
}

/* What SQLite says, and what to do where somebody can do something. */
static int error_words(struct db *db, int rc, enum threads_code code, struct threads_error *err)
{
	const int primary = rc & 0xFF;

	if (code == THREADS_EFULL)
		return threads_error_set(err, code, DISK_FULL_WORDS);
	if (primary == SQLITE_CANTOPEN && db->handle) {
		errno = sqlite3_system_errno(db->handle);
		return threads_error_set(err, code,
					 "%m; look at the owners and modes of the file and its "
					 "folder (sqlite %d)",
					 rc);
	}
	if (rc == SQLITE_IOERR_DATA)
		return db_page_error(db, 0, err);
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

static bool is_full(int system_errno)
{
	return system_errno == ENOSPC || system_errno == EDQUOT;
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
		code = THREADS_EFULL;
		break;
	case SQLITE_IOERR: /* a quota, or the shared memory of the WAL */
		if (db->handle && is_full(sqlite3_system_errno(db->handle)))
			code = THREADS_EFULL;
		break;
	default:
		break;
	}
	/* What a reader sees while the writer starts, recovers or is away. */
	if (rc == SQLITE_BUSY_RECOVERY || rc == SQLITE_READONLY_RECOVERY ||
	    rc == SQLITE_READONLY_DIRECTORY || rc == SQLITE_READONLY_CANTINIT)
		code = THREADS_EAGAIN;
	db->shaken = db->shaken || code == THREADS_ENOMEM || code == THREADS_EFULL ||
		     code == THREADS_EIO;
	return error_words(db, rc, code, err);
}

int db_exec(struct db *db, const char *sql, struct threads_error *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
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

static int forget(struct db *db, struct threads_error *err)
{
	int rc = db_exec(db, "BEGIN IMMEDIATE", err);

	if (rc == 0)
		rc = db_exec(db, db->touch, err);
	db_rollback(db);
	db->shaken = rc < 0;
	return rc;
}

int db_begin(struct db *db, struct threads_error *err)
{
	int rc = db->shaken && db->touch ? forget(db, err) : 0;

	return rc < 0 ? rc : db_exec(db, "BEGIN IMMEDIATE", err);
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
	sqlite3_busy_timeout(db->handle, DB_BUSY_TIMEOUT_MS);
	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
}
