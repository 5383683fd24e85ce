/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_login.h"

#include "store/auth_internal.h"

#define LOGIN_COLUMNS                                                                              \
	"id, user_id, name, display_name, role, state, phc, totp_box, password_ms, totp_ms, epoch "

static const char sql_login_by_name[] =
	"SELECT " LOGIN_COLUMNS "FROM login WHERE name_key = lower(:name)";
static const char sql_login_by_user[] =
	"SELECT " LOGIN_COLUMNS "FROM login WHERE user_id = :user_id";
static const char sql_login_by_id[] = "SELECT " LOGIN_COLUMNS "FROM login WHERE id = :id";
static const char sql_login_each[] = "SELECT " LOGIN_COLUMNS "FROM login ORDER BY id";
static const char sql_login_owner_exists[] =
	"SELECT 1 FROM login WHERE role = 'owner' AND phc IS NOT NULL";
static const char sql_login_other_owner[] =
	"SELECT 1 FROM login WHERE role = 'owner' AND state = 'active' AND id <> :id";
static const char sql_login_add[] =
	"INSERT INTO login (user_id, name, name_key, display_name, role, state, created_ms) "
	"VALUES (:user_id, :name, lower(:name), :display_name, :role, :state, :now)";
static const char sql_login_set_state[] =
	"UPDATE login SET state = :state, epoch = epoch + 1 WHERE id = :id";
static const char sql_login_set_names[] =
	"UPDATE login SET name = :name, name_key = lower(:name), display_name = :display_name "
	"WHERE id = :id";
static const char sql_login_set_profile[] =
	"UPDATE login SET display_name = :display_name, role = :role WHERE id = :id";
static const char sql_login_set_password[] =
	"UPDATE login SET phc = :phc, password_ms = :now, epoch = epoch + 1 WHERE id = :id";
static const char sql_login_rehash[] =
	"UPDATE login SET phc = :phc WHERE id = :id AND phc = :old_phc";
static const char sql_login_set_totp[] =
	"UPDATE login SET totp_box = :box, totp_last_step = :step, totp_ms = :now, "
	"epoch = epoch + 1 WHERE id = :id";
static const char sql_login_end_epoch[] = "UPDATE login SET epoch = epoch + 1 WHERE id = :id";
/* A step half an hour ahead was used by a clock that is set back now. Without this nobody could
 * sign in before that time has come. */
static const char sql_login_use_step[] =
	"UPDATE login SET totp_last_step = :step WHERE id = :id AND"
	" (totp_last_step < :step OR totp_last_step > :step + 60)";

static const char sql_drop_sessions[] = "DELETE FROM session WHERE login_id = :id";
static const char sql_drop_pending[] = "DELETE FROM pending WHERE login_id = :id";
static const char sql_drop_links[] = "DELETE FROM link WHERE login_id = :id";

static const char sql_recovery_clear[] = "DELETE FROM recovery WHERE login_id = :id";
static const char sql_recovery_add[] =
	"INSERT INTO recovery (login_id, hash) VALUES (:login_id, :hash)";
static const char sql_recovery_use[] =
	"UPDATE recovery SET used_ms = :now "
	"WHERE login_id = :login_id AND hash = :hash AND used_ms IS NULL";
static const char sql_recovery_left[] =
	"SELECT count(*) FROM recovery WHERE login_id = :login_id AND used_ms IS NULL";

static const char sql_notice_add[] =
	"INSERT INTO notice (login_id, time_ms, words) VALUES (:login_id, :now, :words)";
static const char sql_notice_each[] =
	"SELECT time_ms, words FROM notice WHERE login_id = :login_id ORDER BY id DESC LIMIT :limit";

static int read_login(const struct query *q, struct auth_login *ret_login,
		      struct threads_error *err)
{
	struct auth_login l = { .id = query_int(q, 0) };

	if (auth_copy_text(q, 1, l.user_id, sizeof(l.user_id), err) < 0 ||
	    auth_copy_text(q, 2, l.name, sizeof(l.name), err) < 0 ||
	    auth_copy_text(q, 3, l.display_name, sizeof(l.display_name), err) < 0 ||
	    auth_copy_text(q, 4, l.role, sizeof(l.role), err) < 0 ||
	    auth_copy_text(q, 5, l.state, sizeof(l.state), err) < 0 ||
	    auth_copy_text(q, 6, l.phc, sizeof(l.phc), err) < 0 ||
	    auth_copy_blob(q, 7, l.totp_box, sizeof(l.totp_box), &l.has_totp, err) < 0)
		return THREADS_EIO;
	l.password_ms = query_int(q, 8);
	l.totp_ms = query_int(q, 9);
	l.epoch = query_int(q, 10);
	*ret_login = l;
	return 1;
}

/* Steps a SELECT of LOGIN_COLUMNS once. */
static int one_login(struct query *q, struct auth_login *ret_login, struct threads_error *err)
{
	const int rc = query_step(q, err);

	return rc == 1 ? read_login(q, ret_login, err) : rc;
}

int auth_login_by_name(struct db *db, const char *name, struct auth_login *ret_login,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_by_name);

	query_bind_text(&q, ":name", name);
	return one_login(&q, ret_login, err);
}

int auth_login_by_user(struct db *db, const char *user_id, struct auth_login *ret_login,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_by_user);

	query_bind_text(&q, ":user_id", user_id);
	return one_login(&q, ret_login, err);
}

int auth_login_by_id(struct db *db, int64_t id, struct auth_login *ret_login,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_by_id);

	query_bind_int(&q, ":id", id);
	return one_login(&q, ret_login, err);
}

int auth_login_each(struct db *db, auth_login_fn *fn, void *arg, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_each);
	struct auth_login login;
	int rc;

	while ((rc = one_login(&q, &login, err)) == 1) {
		rc = fn(&login, arg, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int auth_login_owner_exists(struct db *db, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_owner_exists);

	return query_step(&q, err);
}

int auth_login_other_owner(struct db *db, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_other_owner);

	query_bind_int(&q, ":id", id);
	return query_step(&q, err);
}

int auth_login_add(struct db *db, const struct auth_login *login, int64_t now_ms, int64_t *ret_id,
		   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_add);
	int rc;

	query_bind_text(&q, ":user_id", login->user_id);
	query_bind_text(&q, ":name", login->name);
	query_bind_text(&q, ":display_name", login->display_name);
	query_bind_text(&q, ":role", login->role);
	query_bind_text(&q, ":state", login->state);
	query_bind_int(&q, ":now", now_ms);
	rc = query_run(&q, err);
	if (rc == 0)
		*ret_id = db_last_id(db);
	return rc;
}

/* Runs a statement whose only parameter is :id. */
static int run_for(struct db *db, const char *sql, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

static int drop_all(struct db *db, int64_t id, struct threads_error *err)
{
	int rc = run_for(db, sql_drop_sessions, id, err);

	if (rc == 0)
		rc = run_for(db, sql_drop_pending, id, err);
	return rc < 0 ? rc : run_for(db, sql_drop_links, id, err);
}

int auth_login_set_state(struct db *db, int64_t id, const char *state, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_set_state);
	int rc;

	query_bind_text(&q, ":state", state);
	query_bind_int(&q, ":id", id);
	rc = query_run(&q, err);
	return rc < 0 ? rc : drop_all(db, id, err);
}

int auth_login_set_names(struct db *db, int64_t id, const char *name, const char *display_name,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_set_names);

	query_bind_text(&q, ":name", name);
	query_bind_text(&q, ":display_name", display_name);
	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_login_set_profile(struct db *db, int64_t id, const char *display_name, const char *role,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_set_profile);

	query_bind_text(&q, ":display_name", display_name);
	query_bind_text(&q, ":role", role);
	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_login_set_password(struct db *db, int64_t id, const char *phc, int64_t now_ms,
			    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_set_password);
	int rc;

	query_bind_text(&q, ":phc", phc);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":id", id);
	rc = query_run(&q, err);
	return rc < 0 ? rc : drop_all(db, id, err);
}

int auth_login_rehash(struct db *db, int64_t id, const char *old_phc, const char *phc,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_rehash);

	query_bind_text(&q, ":phc", phc);
	query_bind_text(&q, ":old_phc", old_phc);
	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

int auth_login_set_totp(struct db *db, int64_t id, const unsigned char *box, int64_t step,
			int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_set_totp);
	int rc;

	if (box)
		query_bind_blob(&q, ":box", box, AUTH_BOX_LEN);
	else
		query_bind_null(&q, ":box");
	query_bind_int(&q, ":step", step);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":id", id);
	rc = query_run(&q, err);
	if (rc == 0 && !box)
		rc = run_for(db, sql_recovery_clear, id, err);
	return rc < 0 ? rc : drop_all(db, id, err);
}

int auth_login_end_epoch(struct db *db, int64_t id, struct threads_error *err)
{
	const int rc = run_for(db, sql_login_end_epoch, id, err);

	return rc < 0 ? rc : run_for(db, sql_drop_sessions, id, err);
}

int auth_login_use_step(struct db *db, int64_t id, int64_t step, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_login_use_step);

	query_bind_int(&q, ":step", step);
	query_bind_int(&q, ":id", id);
	return auth_run_one(&q, err);
}

int auth_recovery_replace(struct db *db, int64_t login_id,
			  const unsigned char (*hashes)[AUTH_HASH_LEN], size_t count,
			  struct threads_error *err)
{
	int rc = run_for(db, sql_recovery_clear, login_id, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		CLEANUP(query_end) struct query q = query_begin(db, sql_recovery_add);

		query_bind_int(&q, ":login_id", login_id);
		query_bind_blob(&q, ":hash", hashes[i], AUTH_HASH_LEN);
		rc = query_run(&q, err);
	}
	return rc;
}

int auth_recovery_use(struct db *db, int64_t login_id, const unsigned char hash[AUTH_HASH_LEN],
		      int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_recovery_use);

	query_bind_int(&q, ":login_id", login_id);
	query_bind_blob(&q, ":hash", hash, AUTH_HASH_LEN);
	query_bind_int(&q, ":now", now_ms);
	return auth_run_one(&q, err);
}

int auth_recovery_left(struct db *db, int64_t login_id, int64_t *ret_left,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_recovery_left);
	int rc;

	query_bind_int(&q, ":login_id", login_id);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_left = query_int(&q, 0);
	return 0;
}

int auth_notice_add(struct db *db, int64_t login_id, int64_t now_ms, const char *words,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_notice_add);

	query_bind_int(&q, ":login_id", login_id);
	query_bind_int(&q, ":now", now_ms);
	query_bind_text(&q, ":words", words);
	return query_run(&q, err);
}

int auth_notice_each(struct db *db, int64_t login_id, auth_notice_fn *fn, void *arg,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_notice_each);
	int rc;

	query_bind_int(&q, ":login_id", login_id);
	query_bind_int(&q, ":limit", AUTH_NOTICES_SHOWN);
	while ((rc = query_step(&q, err)) == 1) {
		rc = fn(query_int(&q, 0), query_text(&q, 1), arg, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}
