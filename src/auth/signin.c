/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/signin.h"

#include <stdio.h>

#include "auth/factors.h"
#include "auth/session.h"
#include "auth/throttle.h"
#include "ipc/metric.h"
#include "store/auth_outbox.h"

enum {
	PENDING_TOTP_MS = 10 * 60 * 1000,
	PENDING_TRIES = 5,
	CODE_TEXT_MAX = 100,
};

static int reply_not_right(struct exchange *ex, struct threads_error *err)
{
	metric_add(METRIC_SIGN_INS, SIGN_IN_REFUSED, 1);
	return reply_problem(ex, 401, "sign-in-failed", "Name or password is not right.", NULL,
			     err);
}

static int reply_second_factor_needed(struct exchange *ex, struct threads_error *err)
{
	reply_cookie_clear(ex, cookie_pending);
	return reply_problem(ex, 401, "second-factor-needed", "This took too long.",
			     "Start again with your name and password.", err);
}

/* "totp", "enrol" or "enrol-code": what the pending cookie waits for. */
static const char *pending_step(const struct auth_pending *pending)
{
	if (strcmp(pending->kind, "totp") == 0)
		return "totp";
	return pending->has_totp ? "enrol-code" : "enrol";
}

static int state_pending(struct exchange *ex, json_t *json, struct threads_error *err)
{
	const int rc = pending_load(ex, err);
	const bool there = rc == 1;
	const struct auth_pending *p = &ex->pending;

	if (rc < 0)
		return rc;
	json_object_set_new(json, "pending", there ? json_string(pending_step(p)) : json_null());
	json_object_set_new(json, "pending_kind", there ? json_string(p->kind) : json_null());
	json_object_set_new(json, "pending_name",
			    there && p->name[0] ? json_string(p->name) : json_null());
	return 0;
}

int signin_state(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *json = json_object();
	const int owner = auth_login_owner_exists(ex->auth->db, err);
	const bool in = ex->signed_in;
	int rc;

	if (owner < 0)
		return owner;
	json_object_set_new(json, "owner_exists", json_boolean(owner));
	json_object_set_new(json, "signed_in", json_boolean(in));
	json_object_set_new(json, "user", in ? exchange_user_json(&ex->login) : json_null());
	json_object_set_new(json, "session_expires",
			    exchange_time_json(in ? session_ends_ms(ex->auth, &ex->session) : 0));
	json_object_set_new(json, "strong_until",
			    exchange_time_json(session_is_strong(ex)
						       ? ex->session.strong_ms + TICKET_STRONG_MS
						       : 0));
	rc = state_pending(ex, json, err);
	return rc < 0 ? rc : reply_json(ex, 200, TAKE_PTR(json), err);
}

static int begin_second_step(struct exchange *ex, struct threads_error *err)
{
	const int64_t now = auth_now(ex->auth);
	struct auth_pending pending = {
		.kind = "totp",
		.login_id = ex->login.id,
		.created_ms = now,
		.expires_ms = now + PENDING_TOTP_MS,
	};
	int rc;

	memcpy(pending.user_id, ex->login.user_id, sizeof(pending.user_id));
	memcpy(pending.name, ex->login.name, sizeof(pending.name));
	rc = pending_begin(ex, &pending, err);
	return rc < 0 ? rc : reply_json(ex, 200, json_pack("{s:s}", "next", "totp"), err);
}

static int password_right(struct exchange *ex, const struct hash_job *job,
			  struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct db *db = ex->auth->db;
	int rc = db_scope_begin(db, &scope, err);

	if (rc == 0 && job->made)
		rc = auth_login_rehash(db, ex->login.id, job->phc, job->new_phc, err);
	if (rc == 0)
		rc = throttle_password_right(ex, ex->login.id, err);
	if (rc == 0)
		rc = begin_second_step(ex, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int password_wrong(struct exchange *ex, struct threads_error *err)
{
	const int rc =
		exchange_audit(ex, ex->login.user_id, "signin-failed", ex->login.user_id, err);

	return rc < 0 ? rc : reply_not_right(ex, err);
}

/* A disabled person, and one without a second factor, cannot sign in: the same words. */
static void on_signin_hashed(struct hash_job *job, void *arg)
{
	struct exchange *ex = arg;
	struct threads_error err = job->err;
	const bool may = strcmp(ex->login.state, "active") == 0 && ex->login.has_totp;
	int rc = job->rc;

	if (rc >= 0)
		rc = rc == 1 && may ? password_right(ex, job, &err) : password_wrong(ex, &err);
	exchange_finish(ex, rc, &err);
}

int signin_password(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(hash_job_freep) struct hash_job *job = hash_job_new();
	const char *name = "", *password = "";
	int rc;

	if (!job)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = exchange_text(ex, "name", AUTH_NAME_SIZE - 1, &name, err);
	if (rc == 0)
		rc = exchange_text(ex, "password", PASSWORD_MAX, &password, err);
	if (rc == 0)
		rc = auth_login_by_name(ex->auth->db, name, &ex->login, err);
	if (rc < 0)
		return rc;
	rc = throttle_password(ex, ex->login.id, name, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	job->verify = true;
	memcpy(job->phc, ex->login.phc, sizeof(job->phc));
	memcpy(job->password, password, strlen(password) + 1);
	return exchange_hash(ex, &job, on_signin_hashed, err);
}

/* The second step passed: pending ends, a session begins, in one transaction. */
static int complete(struct exchange *ex, const char *action, bool recovery,
		    struct threads_error *err)
{
	struct db *db = ex->auth->db;
	int64_t left = 0;
	json_t *json;
	int rc = auth_pending_take(db, ex->pending.id, err);

	if (rc == 0)
		return reply_second_factor_needed(ex, err);
	if (rc == 1)
		rc = session_mint(ex, &ex->login, false, err);
	if (rc == 0)
		rc = throttle_code_right(ex, ex->login.id, err);
	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, action, ex->login.user_id, err);
	if (rc == 0 && recovery)
		rc = auth_recovery_left(db, ex->login.id, &left, err);
	if (rc < 0)
		return rc;
	reply_cookie_clear(ex, cookie_pending);
	json = json_pack("{s:o}", "user", exchange_user_json(&ex->login));
	if (json && recovery)
		json_object_set_new(json, "recovery_left", json_integer(left));
	return reply_json(ex, 200, json, err);
}

typedef int factor_fn(struct auth *auth, const struct auth_login *login, const char *code,
		      struct threads_error *err);

/* Within a transaction: the code is used up and the session begins together. */
static int second_step(struct exchange *ex, factor_fn *use, const char *code,
		       struct threads_error *err)
{
	const bool recovery = use == factor_use_recovery;
	int rc = use(ex->auth, &ex->login, code, err);

	if (rc == FACTOR_RIGHT)
		metric_add(METRIC_SIGN_INS, SIGN_IN_GOOD, 1);
	if (rc == FACTOR_RIGHT)
		return complete(ex, recovery ? "signin-recovery" : "signin", recovery, err);
	if (rc < 0)
		return rc;

	const int audit =
		exchange_audit(ex, ex->login.user_id, "signin-code-failed", ex->login.user_id, err);

	if (audit < 0)
		return audit;
	metric_add(METRIC_SIGN_INS, SIGN_IN_REFUSED, 1);
	if (recovery)
		return reply_problem(ex, 401, "code-wrong",
				     "This recovery code does not match, or it was already used.",
				     NULL, err);
	return reply_factor(ex, rc, err);
}

/* 1 if ex->pending is a sign-in whose password was right and another try is allowed. */
static int second_step_may(struct exchange *ex, struct threads_error *err)
{
	int rc = pending_load(ex, err);

	if (rc == 1 && strcmp(ex->pending.kind, "totp") != 0)
		rc = 0;
	if (rc == 1)
		rc = auth_pending_try(ex->auth->db, ex->pending.id, PENDING_TRIES, err);
	if (rc == 1)
		rc = auth_login_by_id(ex->auth->db, ex->pending.login_id, &ex->login, err);
	if (rc == 1 && strcmp(ex->login.state, "active") != 0)
		rc = 0;
	if (rc != 0)
		return rc;
	rc = reply_second_factor_needed(ex, err);
	return rc < 0 ? rc : 0;
}

static int second_step_with(struct exchange *ex, factor_fn *use, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const char *code = "";
	int rc = exchange_text(ex, "code", CODE_TEXT_MAX, &code, err);

	if (rc == 0)
		rc = second_step_may(ex, err);
	if (rc == 1)
		rc = throttle_code(ex, ex->login.id, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = second_step(ex, use, code, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

int signin_totp(struct exchange *ex, struct threads_error *err)
{
	return second_step_with(ex, factor_use_totp, err);
}

int signin_recovery(struct exchange *ex, struct threads_error *err)
{
	return second_step_with(ex, factor_use_recovery, err);
}

int signin_out(struct exchange *ex, struct threads_error *err)
{
	int rc = 0;

	if (ex->signed_in)
		rc = auth_session_drop(ex->auth->db, ex->session.id, err);
	reply_cookie_clear(ex, cookie_session);
	reply_cookie_clear(ex, cookie_pending);
	return rc < 0 ? rc : reply_empty(ex, err);
}

int signin_out_everywhere(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(ex->auth->db, &scope, err);

	if (rc == 0 && ex->signed_in)
		rc = auth_login_end_epoch(ex->auth->db, ex->login.id, err);
	if (rc == 0 && ex->signed_in)
		rc = exchange_audit(ex, ex->login.user_id, "signout-everywhere", ex->login.user_id,
				    err);
	if (rc == 0)
		rc = db_scope_commit(&scope, err);
	reply_cookie_clear(ex, cookie_session);
	reply_cookie_clear(ex, cookie_pending);
	return rc < 0 ? rc : reply_empty(ex, err);
}

static int reauth_done(struct exchange *ex, struct threads_error *err)
{
	int rc = throttle_code_right(ex, ex->login.id, err);

	if (rc == 0)
		rc = throttle_password_right(ex, ex->login.id, err);
	if (rc == 0)
		rc = session_mint(ex, &ex->login, true, err);
	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, "reauth", ex->login.user_id, err);
	if (rc < 0)
		return rc;
	return reply_json(ex, 200,
			  json_pack("{s:o}", "strong_until",
				    exchange_time_json(ex->session.strong_ms + TICKET_STRONG_MS)),
			  err);
}

static int reauth_code(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const char *code = "";
	int rc = exchange_text(ex, "code", CODE_TEXT_MAX, &code, err);

	if (rc == 0)
		rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc < 0)
		return rc;
	rc = strlen(code) == TOTP_DIGITS ? factor_use_totp(ex->auth, &ex->login, code, err)
					 : factor_use_recovery(ex->auth, &ex->login, code, err);
	if (rc == FACTOR_RIGHT)
		rc = reauth_done(ex, err);
	else if (rc >= 0)
		rc = reply_factor(ex, rc, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

/* The session is looked up again: it may have ended while the password was hashed. */
static void on_reauth_hashed(struct hash_job *job, void *arg)
{
	struct exchange *ex = arg;
	struct threads_error err = job->err;
	int rc = job->rc;

	ex->signed_in = false;
	if (rc == 1)
		rc = session_load(ex, &err) < 0 ? THREADS_EIO : 1;
	if (rc == 1 && ex->signed_in)
		rc = reauth_code(ex, &err);
	else if (rc >= 0)
		rc = password_wrong(ex, &err);
	exchange_finish(ex, rc, &err);
}

int signin_reauth(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(hash_job_freep) struct hash_job *job = hash_job_new();
	const char *password = "", *code = "";
	int rc;

	if (!job)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = exchange_text(ex, "password", PASSWORD_MAX, &password, err);
	if (rc == 0)
		rc = exchange_text(ex, "code", CODE_TEXT_MAX, &code, err);
	if (rc < 0)
		return rc;
	rc = throttle_password(ex, ex->login.id, ex->login.name, err);
	if (rc == 1)
		rc = throttle_code(ex, ex->login.id, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	job->verify = true;
	memcpy(job->phc, ex->login.phc, sizeof(job->phc));
	memcpy(job->password, password, strlen(password) + 1);
	return exchange_hash(ex, &job, on_reauth_hashed, err);
}
