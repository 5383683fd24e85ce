/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_session.h"

#include "store/auth_internal.h"

#define SESSION_COLUMNS                                                                             \
	"session.id, public_id, login_id, session.epoch, session.created_ms, seen_ms, expires_ms, " \
	"strong_ms, client, address, new_totp_box, new_totp_ms "
/* A session seen in the future was so by a clock that is set back now; it would last too long. */
#define CLOCK_SLACK_MS "1800000"
#define SESSION_HOLDS                                                                              \
	"session.epoch = login.epoch AND login.state = 'active' AND expires_ms > :now "            \
	"AND seen_ms + :idle > :now AND seen_ms < :now + " CLOCK_SLACK_MS " "

static const char sql_session_add[] =
	"INSERT INTO session (public_id, hash, login_id, epoch, created_ms, seen_ms, expires_ms, "
	"strong_ms, client, address) SELECT :public_id, :hash, id, epoch, :created, :seen, "
	":expires, :strong, :client, :address FROM login WHERE id = :login_id";
static const char sql_session_find[] =
	"SELECT " SESSION_COLUMNS "FROM session JOIN login ON login.id = login_id "
	"WHERE hash = :hash AND " SESSION_HOLDS;
static const char sql_session_each[] =
	"SELECT " SESSION_COLUMNS "FROM session JOIN login ON login.id = login_id "
	"WHERE login_id = :login_id AND " SESSION_HOLDS "ORDER BY seen_ms DESC";
static const char sql_session_seen[] = "UPDATE session SET seen_ms = :now WHERE id = :id";
static const char sql_session_set_new_totp[] =
	"UPDATE session SET new_totp_box = :box, new_totp_ms = :now WHERE id = :id";
static const char sql_session_drop[] = "DELETE FROM session WHERE id = :id";
static const char sql_session_drop_of[] =
	"DELETE FROM session WHERE login_id = :login_id AND public_id = :public_id";

static const char sql_pending_add[] =
	"INSERT INTO pending (hash, kind, login_id, epoch, user_id, created_ms, expires_ms, name, "
	"display_name) VALUES (:hash, :kind, :login_id, "
	"coalesce((SELECT epoch FROM login WHERE id = :login_id), 0), :user_id, :created, "
	":expires, :name, :display_name)";
static const char sql_pending_find[] =
	"SELECT pending.id, kind, login_id, pending.user_id, pending.created_ms, expires_ms, tries, "
	"pending.name, pending.display_name, pending.phc, pending.totp_box "
	"FROM pending LEFT JOIN login ON login.id = login_id "
	"WHERE hash = :hash AND expires_ms > :now AND (login_id IS NULL OR "
	"(login.epoch = pending.epoch AND login.state <> 'disabled'))";
static const char sql_pending_try[] =
	"UPDATE pending SET tries = tries + 1 WHERE id = :id AND tries < :max";
static const char sql_pending_set[] =
	"UPDATE pending SET name = :name, display_name = :display_name, phc = :phc, "
	"totp_box = :box WHERE id = :id";
static const char sql_pending_take[] = "DELETE FROM pending WHERE id = :id";

int auth_session_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		     const struct auth_session *session, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_add);
	int rc;

	query_bind_text(&q, ":public_id", session->public_id);
	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_int(&q, ":login_id", session->login_id);
	query_bind_int(&q, ":created", session->created_ms);
	query_bind_int(&q, ":seen", session->seen_ms);
	query_bind_int(&q, ":expires", session->expires_ms);
	query_bind_int(&q, ":strong", session->strong_ms);
	query_bind_text(&q, ":client", session->client);
	query_bind_text(&q, ":address", session->address);
	rc = auth_run_one(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "the user is gone");
	return rc < 0 ? rc : 0;
}

static int one_session(struct query *q, struct auth_session *ret_session, struct threads_error *err)
{
	struct auth_session s = { .id = 0 };
	const int rc = query_step(q, err);

	if (rc != 1)
		return rc;
	s.id = query_int(q, 0);
	s.login_id = query_int(q, 2);
	s.epoch = query_int(q, 3);
	s.created_ms = query_int(q, 4);
	s.seen_ms = query_int(q, 5);
	s.expires_ms = query_int(q, 6);
	s.strong_ms = query_int(q, 7);
	s.new_totp_ms = query_int(q, 11);
	if (auth_copy_text(q, 1, s.public_id, sizeof(s.public_id), err) < 0 ||
	    auth_copy_text(q, 8, s.client, sizeof(s.client), err) < 0 ||
	    auth_copy_text(q, 9, s.address, sizeof(s.address), err) < 0 ||
	    auth_copy_blob(q, 10, s.new_totp_box, AUTH_BOX_LEN, &s.has_new_totp, err) < 0)
		return THREADS_EIO;
	*ret_session = s;
	return 1;
}

int auth_session_find(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      int64_t idle_ms, struct auth_session *ret_session, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_find);

	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":idle", idle_ms);
	return one_session(&q, ret_session, err);
}

int auth_session_each(struct db *db, int64_t login_id, int64_t now_ms, int64_t idle_ms,
		      auth_session_fn *fn, void *arg, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_each);
	struct auth_session session;
	int rc;

	query_bind_int(&q, ":login_id", login_id);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":idle", idle_ms);
	while ((rc = one_session(&q, &session, err)) == 1) {
		rc = fn(&session, arg, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int auth_session_seen(struct db *db, int64_t id, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_seen);

	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_session_set_new_totp(struct db *db, int64_t id, const unsigned char box[AUTH_BOX_LEN],
			      int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_set_new_totp);

	query_bind_blob(&q, ":box", box, AUTH_BOX_LEN);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_session_drop(struct db *db, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_drop);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_session_drop_of(struct db *db, int64_t login_id, const char *public_id,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_session_drop_of);

	query_bind_int(&q, ":login_id", login_id);
	query_bind_text(&q, ":public_id", public_id);
	return auth_run_one(&q, err);
}

int auth_pending_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		     const struct auth_pending *pending, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pending_add);

	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_text(&q, ":kind", pending->kind);
	query_bind_id(&q, ":login_id", pending->login_id);
	query_bind_text(&q, ":user_id", pending->user_id);
	query_bind_int(&q, ":created", pending->created_ms);
	query_bind_int(&q, ":expires", pending->expires_ms);
	query_bind_text(&q, ":name", pending->name);
	query_bind_text(&q, ":display_name", pending->display_name);
	return query_run(&q, err);
}

int auth_pending_find(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      struct auth_pending *ret_pending, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pending_find);
	struct auth_pending p = { .id = 0 };
	int rc;

	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_int(&q, ":now", now_ms);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	p.id = query_int(&q, 0);
	p.login_id = query_int(&q, 2);
	p.created_ms = query_int(&q, 4);
	p.expires_ms = query_int(&q, 5);
	p.tries = query_int(&q, 6);
	if (auth_copy_text(&q, 1, p.kind, sizeof(p.kind), err) < 0 ||
	    auth_copy_text(&q, 3, p.user_id, sizeof(p.user_id), err) < 0 ||
	    auth_copy_text(&q, 7, p.name, sizeof(p.name), err) < 0 ||
	    auth_copy_text(&q, 8, p.display_name, sizeof(p.display_name), err) < 0 ||
	    auth_copy_text(&q, 9, p.phc, sizeof(p.phc), err) < 0 ||
	    auth_copy_blob(&q, 10, p.totp_box, AUTH_BOX_LEN, &p.has_totp, err) < 0)
		return THREADS_EIO;
	*ret_pending = p;
	return 1;
}

int auth_pending_try(struct db *db, int64_t id, int64_t max, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pending_try);
	int rc;

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":max", max);
	rc = auth_run_one(&q, err);
	if (rc != 0)
		return rc;
	rc = auth_pending_take(db, id, err);
	return rc < 0 ? rc : 0;
}

int auth_pending_set(struct db *db, const struct auth_pending *pending, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pending_set);

	query_bind_text(&q, ":name", pending->name);
	query_bind_text(&q, ":display_name", pending->display_name);
	query_bind_text(&q, ":phc", pending->phc);
	query_bind_blob(&q, ":box", pending->totp_box, AUTH_BOX_LEN);
	query_bind_int(&q, ":id", pending->id);
	return query_run(&q, err);
}

int auth_pending_take(struct db *db, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pending_take);

	query_bind_int(&q, ":id", id);
	return auth_run_one(&q, err);
}
