/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/security.h"

#include "auth/factors.h"
#include "auth/password_rules.h"
#include "auth/session.h"
#include "auth/throttle.h"

enum { NEW_TOTP_MS = 10 * 60 * 1000, CODE_TEXT_MAX = 100 };

static int add_notice(int64_t time_ms, const char *words, void *arg, struct threads_error *err)
{
	json_t *array = arg;

	if (json_array_append_new(array, json_pack("{s:o, s:s}", "time",
						   exchange_time_json(time_ms), "words", words)) <
	    0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}

int security_show(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *notices = json_array();
	const struct auth_login *l = &ex->login;
	int64_t left = 0;
	int rc = auth_recovery_left(ex->auth->db, l->id, &left, err);

	if (rc == 0)
		rc = auth_notice_each(ex->auth->db, l->id, add_notice, notices, err);
	if (rc < 0)
		return rc;
	return reply_json(
		ex, 200,
		json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:O}", "name", l->name, "display_name",
			  l->display_name, "password_changed", exchange_time_json(l->password_ms),
			  "totp_since", exchange_time_json(l->has_totp ? l->totp_ms : 0),
			  "recovery_left", (json_int_t)left, "strong_until",
			  exchange_time_json(session_is_strong(ex)
						     ? ex->session.strong_ms + TICKET_STRONG_MS
						     : 0),
			  "notices", notices),
		err);
}

/* After a change of factors all sessions ended; the one that did it goes on with a new token. */
static int changed(struct exchange *ex, const char *action, struct threads_error *err)
{
	int rc = session_mint(ex, &ex->login, false, err);

	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, action, ex->login.user_id, err);
	return rc < 0 ? rc : reply_empty(ex, err);
}

static int password_change(struct exchange *ex, const struct hash_job *job,
			   struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(ex->auth->db, &scope, err);

	if (rc == 0)
		rc = auth_login_set_password(ex->auth->db, ex->login.id, job->new_phc,
					     auth_now(ex->auth), err);
	if (rc == 0)
		rc = throttle_password_right(ex, ex->login.id, err);
	if (rc == 0)
		rc = changed(ex, "password-changed", err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

/* The session is looked up again: it may have ended while the password was hashed. */
static void on_password_hashed(struct hash_job *job, void *arg)
{
	struct exchange *ex = arg;
	struct threads_error err = job->err;
	int rc = job->rc;

	if (rc == 0)
		rc = reply_field(ex, "present", "The present password is not right.", &err);
	if (rc == 1) {
		ex->signed_in = false;
		rc = session_load(ex, &err);
		if (rc == 0 && ex->signed_in)
			rc = password_change(ex, job, &err);
		else if (rc == 0)
			rc = reply_problem(ex, 401, "sign-in-needed", "You are signed out.", NULL,
					   &err);
	}
	exchange_finish(ex, rc, &err);
}

int security_password(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(hash_job_freep) struct hash_job *job = hash_job_new();
	const char *present = "", *fresh = "", *words;
	int rc;

	if (!job)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = exchange_text(ex, "present", PASSWORD_MAX, &present, err);
	if (rc == 0)
		rc = exchange_text(ex, "new", PASSWORD_MAX, &fresh, err);
	if (rc < 0)
		return rc;
	words = password_rules_check(fresh, ex->login.name);
	if (words)
		return reply_field(ex, "new", words, err);
	rc = throttle_password(ex, ex->login.id, ex->login.name, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	job->verify = job->make = true;
	memcpy(job->phc, ex->login.phc, sizeof(job->phc));
	memcpy(job->password, present, strlen(present) + 1);
	memcpy(job->new_password, fresh, strlen(fresh) + 1);
	return exchange_hash(ex, &job, on_password_hashed, err);
}

int security_totp_new(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *totp = NULL;
	unsigned char box[AUTH_BOX_LEN];
	int rc = totp_new(ex->auth, ex->login.user_id, ex->login.name, false, box, &totp, err);

	if (rc == 0)
		rc = auth_session_set_new_totp(ex->auth->db, ex->session.id, box,
					       auth_now(ex->auth), err);
	if (rc < 0)
		return rc;
	return reply_json(ex, 200, json_pack("{s:O}", "totp", totp), err);
}

static int totp_switch(struct exchange *ex, int64_t step, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(ex->auth->db, &scope, err);

	if (rc == 0)
		rc = auth_login_set_totp(ex->auth->db, ex->login.id, ex->session.new_totp_box, step,
					 auth_now(ex->auth), err);
	if (rc == 0)
		rc = throttle_code_right(ex, ex->login.id, err);
	if (rc == 0)
		rc = changed(ex, "authenticator-changed", err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

int security_totp_confirm(struct exchange *ex, struct threads_error *err)
{
	int64_t step = 0;
	const char *code = "";
	int rc = exchange_text(ex, "code", CODE_TEXT_MAX, &code, err);

	if (rc < 0)
		return rc;
	if (!ex->session.has_new_totp ||
	    ex->session.new_totp_ms + NEW_TOTP_MS <= auth_now(ex->auth))
		return reply_problem(ex, 409, "conflict", "There is no new authenticator to check.",
				     "Begin again.", err);
	rc = throttle_code(ex, ex->login.id, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	rc = totp_check(ex->auth, ex->login.user_id, ex->session.new_totp_box, code, &step, err);
	if (rc != 1)
		return rc < 0 ? rc : reply_factor(ex, FACTOR_WRONG, err);
	return totp_switch(ex, step, err);
}

int security_recovery_codes(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(json_freep) json_t *codes = NULL;
	int rc = db_scope_begin(ex->auth->db, &scope, err);

	if (rc == 0)
		rc = recovery_make(ex->auth, ex->login.id, &codes, err);
	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, "recovery-codes-made", ex->login.user_id,
				    err);
	if (rc == 0)
		rc = reply_json(ex, 200, json_pack("{s:O}", "recovery_codes", codes), err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

struct session_list {
	struct exchange *ex;
	json_t *array;
};

static int add_session(const struct auth_session *s, void *arg, struct threads_error *err)
{
	struct session_list *list = arg;
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:o, s:s, s:s, s:b}", "id", s->public_id, "created",
		exchange_time_json(s->created_ms), "last_seen", exchange_time_json(s->seen_ms),
		"expires", exchange_time_json(session_ends_ms(list->ex->auth, s)), "client",
		s->client, "address", s->address, "current", s->id == list->ex->session.id);

	if (json_array_append_new(list->array, json) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}

int security_sessions(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *array = json_array();
	struct session_list list = { ex, array };
	const int rc = auth_session_each(ex->auth->db, ex->login.id, auth_now(ex->auth),
					 ex->auth->session_idle_ms, add_session, &list, err);

	if (rc < 0)
		return rc;
	return reply_json(ex, 200, json_pack("{s:O}", "sessions", array), err);
}

int security_session_end(struct exchange *ex, struct threads_error *err)
{
	int rc = auth_session_drop_of(ex->auth->db, ex->login.id, ex->target, err);

	if (rc == 0)
		return reply_problem(ex, 404, "not-found", "Not found.", NULL, err);
	if (rc == 1)
		rc = exchange_audit(ex, ex->login.user_id, "session-ended", ex->login.user_id, err);
	if (rc < 0)
		return rc;
	if (strcmp(ex->target, ex->session.public_id) == 0)
		reply_cookie_clear(ex, cookie_session);
	return reply_empty(ex, err);
}
