/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database: its pragmas, its version, the migrations that it lacks. */
#include <stdio.h>

#include "store/db_internal.h"
#include "store/db_sums.h"
#include "store/query.h"
#include "store/sum_vfs.h"

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

static const char sql_write_through[] = "PRAGMA wal_autocheckpoint = 1";

/* temp_store: the sandbox of a reader lets it write nowhere. */
static const char sql_reader_setup[] = "PRAGMA query_only = ON;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA cache_size = -8192;";

static const char sql_version[] = "PRAGMA user_version";

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
	int64_t version = 0;
	int newest = 0;
	int rc = query_number(db, sql_version, &version, err);

	if (rc < 0)
		return rc;
	for (; list->sql; list++)
		newest = list->version;
	*ret_version = (int)version;
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

static int setup_writer(struct db *db, const char *path, const struct db_options *options,
			struct threads_error *err)
{
	int rc = options->plain ? 0 : db_sums_prepare(db, err);

	if (rc == 0)
		rc = db_exec(db, sql_writer_setup, err);
	if (rc == 0)
		rc = db_migrate(db, options->migrations, err);
	if (rc == 0 && options->write_through)
		rc = db_exec(db, sql_write_through, err);
	return rc < 0 || options->plain ? rc : db_sums_add(db, path, err);
}

static int setup_reader(struct db *db, const struct db_options *options, struct threads_error *err)
{
	int version = 0;
	int rc = db_exec(db, sql_reader_setup, err);

	if (rc == 0)
		rc = version_check(db, options->migrations, &version, err);
	if (rc == 1)
		return threads_error_set(err, THREADS_EINVAL,
					 "the database has the older schema %d", version);
	return rc;
}

static int db_setup(struct db *db, const char *path, const struct db_options *options,
		    struct threads_error *err)
{
	int rc = 0;

	sqlite3_busy_timeout(db->handle, DB_BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (options->connect)
		rc = options->connect(db->handle, options->connect_arg, err);
	if (rc < 0)
		return rc;
	return options->read_only ? setup_reader(db, options, err)
				  : setup_writer(db, path, options, err);
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
	db->touch = options->touch;
	rc = sum_vfs_register();
	if (rc == SQLITE_OK)
		rc = sqlite3_open_v2(path, &db->handle,
				     flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
				     sum_vfs_name);
	if (rc != SQLITE_OK)
		return threads_error_wrap(err, db_error(db, rc, err), "open '%s'", path);
	rc = db_setup(db, path, options, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "open '%s'", path);
	*ret_db = TAKE_PTR(db);
	return 0;
}
