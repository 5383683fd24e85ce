/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_link.h"

#include "store/auth_internal.h"

static const char sql_link_add[] =
	"INSERT INTO link (hash, kind, login_id, created_ms, expires_ms) "
	"VALUES (:hash, :kind, :login_id, :now, :expires)";
static const char sql_link_void[] =
	"DELETE FROM link WHERE kind = :kind AND login_id IS :login_id AND consumed_ms IS NULL";
static const char sql_link_consume[] =
	"UPDATE link SET consumed_ms = :now "
	"WHERE hash = :hash AND consumed_ms IS NULL AND expires_ms > :now";
static const char sql_link_read[] =
	"SELECT kind, login_id, expires_ms FROM link WHERE hash = :hash";

int auth_link_void(struct db *db, const char *kind, int64_t login_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_link_void);

	query_bind_text(&q, ":kind", kind);
	query_bind_id(&q, ":login_id", login_id);
	return query_run(&q, err);
}

int auth_link_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		  const struct auth_link *link, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_link_add);
	const int rc = auth_link_void(db, link->kind, link->login_id, err);

	if (rc < 0)
		return rc;
	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_text(&q, ":kind", link->kind);
	query_bind_id(&q, ":login_id", link->login_id);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":expires", link->expires_ms);
	return query_run(&q, err);
}

static int link_read(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		     struct auth_link *ret_link, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_link_read);
	int rc;

	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	ret_link->login_id = query_int(&q, 1);
	ret_link->expires_ms = query_int(&q, 2);
	rc = auth_copy_text(&q, 0, ret_link->kind, sizeof(ret_link->kind), err);
	return rc < 0 ? rc : 1;
}

int auth_link_consume(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      struct auth_link *ret_link, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_link_consume);
	int rc;

	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_int(&q, ":now", now_ms);
	rc = auth_run_one(&q, err);
	return rc != 1 ? rc : link_read(db, hash, ret_link, err);
}
