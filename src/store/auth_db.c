/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_db.h"

#include "store/auth_internal.h"
#include "store/query.h"

#include "migrations_auth.inc"

enum { KEEP_USED_MS = 24 * 3600 * 1000 };

static const char sql_tidy_session[] = "DELETE FROM session WHERE expires_ms <= :now";
static const char sql_tidy_pending[] = "DELETE FROM pending WHERE expires_ms <= :now";
/* Used and ended links stay for a day: their page says "used" or "ended", not "unknown". */
static const char sql_tidy_link[] = "DELETE FROM link WHERE expires_ms <= :before";
static const char sql_tidy_throttle[] = "DELETE FROM throttle WHERE last_ms <= :before";

int auth_db_open(const char *path, struct db **ret_db, struct threads_error *err)
{
	const struct db_options options = { .migrations = migrations_auth, .write_through = true };

	return db_open(path, &options, ret_db, err);
}

static int tidy(struct db *db, const char *sql, const char *name, int64_t value,
		struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql);

	query_bind_int(&q, name, value);
	return query_run(&q, err);
}

int auth_db_tidy(struct db *db, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(db, &scope, err);

	if (rc == 0)
		rc = tidy(db, sql_tidy_session, ":now", now_ms, err);
	if (rc == 0)
		rc = tidy(db, sql_tidy_pending, ":now", now_ms, err);
	if (rc == 0)
		rc = tidy(db, sql_tidy_link, ":before", now_ms - KEEP_USED_MS, err);
	if (rc == 0)
		rc = tidy(db, sql_tidy_throttle, ":before", now_ms - KEEP_USED_MS, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

int auth_copy_text(const struct query *q, int column, char *out, size_t out_size,
		   struct threads_error *err)
{
	const char *text = query_text(q, column);
	const size_t len = strlen(text);

	if (len >= out_size)
		return threads_error_set(err, THREADS_EIO, "auth.db: a text is too long");
	memcpy(out, text, len + 1);
	return 0;
}

int auth_copy_blob(const struct query *q, int column, unsigned char *out, size_t len,
		   bool *ret_given, struct threads_error *err)
{
	size_t have = 0;
	const void *data = query_blob(q, column, &have);

	*ret_given = !query_is_null(q, column);
	if (!*ret_given)
		return 0;
	if (have != len)
		return threads_error_set(err, THREADS_EIO, "auth.db: bytes of a wrong length");
	memcpy(out, data, len);
	return 0;
}

int auth_run_one(struct query *q, struct threads_error *err)
{
	const int rc = query_run(q, err);

	if (rc < 0)
		return rc;
	return db_changes(q->db) > 0;
}
