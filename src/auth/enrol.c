/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/enrol.h"

#include "auth/factors.h"
#include "auth/password_rules.h"
#include "auth/session.h"
#include "store/auth_link.h"
#include "store/auth_outbox.h"

enum {
	PENDING_TRIES = 30, /* passwords and codes of one enrolment */
	CODE_TEXT_MAX = 100,
};

static bool is_kind(const struct auth_pending *pending, const char *kind)
{
	return strcmp(pending->kind, kind) == 0;
}

static int reply_owner_exists(struct exchange *ex, struct threads_error *err)
{
	return reply_problem(ex, 409, "conflict", "An owner exists already.",
			     "Sign in, or ask the owner for an invitation.", err);
}

static int reply_ended(struct exchange *ex, struct threads_error *err)
{
	reply_cookie_clear(ex, cookie_pending);
	return reply_problem(ex, 401, "second-factor-needed", "This took too long.",
			     "Ask for a new link.", err);
}

/* Takes name and display_name from the body as far as this kind of link lets people choose. */
static int take_names(struct exchange *ex, struct threads_error *err)
{
	struct auth_pending *p = &ex->pending;
	const char *name = "", *display_name = "";
	int rc;

	if (is_kind(p, "reset"))
		return 0;
	rc = json_get_text_or(ex->body, "name", AUTH_NAME_SIZE - 1, p->name, &name, err);
	if (rc == 0)
		rc = json_get_text_or(ex->body, "display_name", AUTH_DISPLAY_SIZE - 1,
				      p->display_name, &display_name, err);
	if (rc < 0)
		return rc;
	if (!display_name[0])
		display_name = name;
	memmove(p->name, name, strlen(name) + 1);
	memmove(p->display_name, display_name, strlen(display_name) + 1);
	return 0;
}

/* 1 go on, 0 a 400 with the words is prepared. */
static int check_choice(struct exchange *ex, const char *password, struct threads_error *err)
{
	const struct auth_pending *p = &ex->pending;
	const char *field = "name", *words = name_rules_check(p->name, AUTH_NAME_SIZE - 1);
	struct auth_login other;
	int rc = 0;

	if (!words) {
		rc = auth_login_by_name(ex->auth->db, p->name, &other, err);
		if (rc == 1 && other.id != p->login_id)
			words = "Somebody has this name already.";
	}
	if (!words) {
		field = "display_name";
		words = name_rules_check(p->display_name, AUTH_DISPLAY_SIZE - 1);
	}
	if (!words) {
		field = "password";
		words = password_rules_check(password, p->name);
	}
	if (rc < 0 || !words)
		return rc < 0 ? rc : 1;
	rc = reply_field(ex, field, words, err);
	return rc < 0 ? rc : 0;
}

/* 1 and ex->pending if the cookie belongs to an enrolment with tries left; else 0 and a prepared 401. */
static int load_enrolment(struct exchange *ex, struct threads_error *err)
{
	int rc = pending_load(ex, err);

	if (rc == 1 && is_kind(&ex->pending, "totp"))
		rc = 0;
	if (rc == 1)
		rc = auth_pending_try(ex->auth->db, ex->pending.id, PENDING_TRIES, err);
	if (rc != 0)
		return rc;
	rc = reply_ended(ex, err);
	return rc < 0 ? rc : 0;
}

static int show_authenticator(struct exchange *ex, struct hash_job *job, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *totp = NULL;
	struct auth_pending *p = &ex->pending;
	int rc = totp_new(ex->auth, p->user_id, p->name, false, p->totp_box, &totp, err);

	memcpy(p->phc, job->new_phc, sizeof(p->phc));
	if (rc == 0)
		rc = auth_pending_set(ex->auth->db, p, err);
	if (rc < 0)
		return rc;
	return reply_json(ex, 200, json_pack("{s:O}", "totp", totp), err);
}

static void on_enrol_hashed(struct hash_job *job, void *arg)
{
	struct exchange *ex = arg;
	struct threads_error err = job->err;
	const int rc = job->rc < 0 ? job->rc : show_authenticator(ex, job, &err);

	exchange_finish(ex, rc, &err);
}

static int hash_new_password(struct exchange *ex, const char *password, hash_done_fn *done,
			     struct threads_error *err)
{
	CLEANUP(hash_job_freep) struct hash_job *job = hash_job_new();

	if (!job)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	job->make = true;
	memcpy(job->new_password, password, strlen(password) + 1);
	return exchange_hash(ex, &job, done, err);
}

int enrol_password(struct exchange *ex, struct threads_error *err)
{
	const char *password = "";
	int rc = exchange_text(ex, "password", PASSWORD_MAX, &password, err);

	if (rc == 0)
		rc = load_enrolment(ex, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	if (is_kind(&ex->pending, "setup")) {
		rc = auth_login_owner_exists(ex->auth->db, err);
		if (rc != 0)
			return rc < 0 ? rc : reply_owner_exists(ex, err);
	}
	rc = take_names(ex, err);
	if (rc == 0)
		rc = check_choice(ex, password, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	return hash_new_password(ex, password, on_enrol_hashed, err);
}

/* The row of the person of p: the first owner's is made now. */
static int enrol_login(struct auth *auth, const struct auth_pending *p, struct auth_login *login,
		       struct threads_error *err)
{
	int rc;

	if (p->login_id) {
		rc = auth_login_set_names(auth->db, p->login_id, p->name, p->display_name, err);
		if (rc == 0)
			rc = auth_login_by_id(auth->db, p->login_id, login, err);
		if (rc == 0)
			rc = threads_error_set(err, THREADS_EAGAIN, "the person is gone");
		return rc < 0 ? rc : 0;
	}
	memcpy(login->user_id, p->user_id, sizeof(login->user_id));
	memcpy(login->name, p->name, sizeof(login->name));
	memcpy(login->display_name, p->display_name, sizeof(login->display_name));
	memcpy(login->role, "owner", sizeof("owner"));
	memcpy(login->state, "invited", sizeof("invited"));
	rc = auth_login_add(auth->db, login, auth_now(auth), &login->id, err);
	return rc < 0 ? rc : auth_link_void(auth->db, "setup", 0, err);
}

/*
 * In the caller's transaction: the person of p can sign in from now on, with
 * its password and authenticator, whose code of step is used up. ret_codes are
 * the recovery codes. The hub hears it through the outbox.
 */
static int enrol_apply(struct auth *auth, const struct auth_pending *p, int64_t step,
		       struct auth_login *ret_login, json_t **ret_codes, struct threads_error *err)
{
	const int64_t now = auth_now(auth);
	struct auth_login login = { .id = 0 };
	int rc = enrol_login(auth, p, &login, err);

	if (rc == 0)
		rc = auth_login_set_state(auth->db, login.id, "active", err);
	if (rc == 0)
		rc = auth_login_set_password(auth->db, login.id, p->phc, now, err);
	if (rc == 0)
		rc = auth_login_set_totp(auth->db, login.id, p->totp_box, step, now, err);
	if (rc == 0)
		rc = recovery_make(auth, login.id, ret_codes, err);
	/* First as "invited", then "active": the hub's row exists before anything hangs on it. */
	memcpy(login.state, "invited", sizeof("invited"));
	if (rc == 0)
		rc = auth_outbox_user(auth->db, &login, err);
	if (rc == 0)
		rc = auth_outbox_state(auth->db, login.user_id, "active", err);
	memcpy(login.state, "active", sizeof("active"));
	if (rc == 0)
		*ret_login = login;
	return rc;
}

static const char *enrol_action(const struct auth_pending *p)
{
	if (is_kind(p, "setup"))
		return "owner-created";
	return is_kind(p, "invite") ? "user-enrolled" : "factors-renewed";
}

/* The code was right. Another enrolment of the first owner may have been quicker. */
static int confirm_right(struct exchange *ex, int64_t step, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *codes = NULL;
	const struct auth_pending p = ex->pending;
	int rc;

	if (!p.login_id) {
		rc = auth_login_owner_exists(ex->auth->db, err);
		if (rc != 0)
			return rc < 0 ? rc : reply_owner_exists(ex, err);
	}
	rc = auth_pending_take(ex->auth->db, p.id, err);
	if (rc == 0)
		return reply_ended(ex, err);
	if (rc == 1)
		rc = enrol_apply(ex->auth, &p, step, &ex->login, &codes, err);
	if (rc == 0)
		rc = session_mint(ex, &ex->login, false, err);
	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, enrol_action(&p), ex->login.user_id,
				    err);
	if (rc < 0)
		return rc;
	reply_cookie_clear(ex, cookie_pending);
	rc = reply_json(ex, 200,
			json_pack("{s:O, s:o}", "recovery_codes", codes, "user",
				  exchange_user_json(&ex->login)),
			err);
	return rc < 0 ? rc : exchange_park(ex, err);
}

int enrol_confirm(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int64_t step = 0;
	const char *code = "";
	int rc = exchange_text(ex, "code", CODE_TEXT_MAX, &code, err);

	if (rc == 0)
		rc = load_enrolment(ex, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	if (!ex->pending.has_totp)
		return reply_problem(ex, 409, "conflict", "Choose a password first.", NULL, err);
	rc = totp_check(ex->auth, ex->pending.user_id, ex->pending.totp_box, code, &step, err);
	if (rc != 1)
		return rc < 0 ? rc : reply_factor(ex, FACTOR_WRONG, err);
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = confirm_right(ex, step, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int owner_apply(struct exchange *ex, json_t *totp, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *codes = NULL;
	int rc = auth_login_owner_exists(ex->auth->db, err);

	if (rc != 0)
		return rc < 0 ? rc : reply_owner_exists(ex, err);
	rc = enrol_apply(ex->auth, &ex->pending, 0, &ex->login, &codes, err);
	if (rc == 0)
		rc = exchange_audit(ex, ex->login.user_id, "owner-created", ex->login.user_id, err);
	if (rc == 0)
		rc = reply_json(ex, 200,
				json_pack("{s:s, s:s, s:O, s:O}", "user", ex->login.name, "id",
					  ex->login.user_id, "totp_secret",
					  json_object_get(totp, "secret"), "recovery_codes", codes),
				err);
	return rc < 0 ? rc : exchange_park(ex, err);
}

static int owner_hashed(struct exchange *ex, const struct hash_job *job, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(json_freep) json_t *totp = NULL;
	struct auth_pending *p = &ex->pending;
	int rc = totp_new(ex->auth, p->user_id, p->name, true, p->totp_box, &totp, err);

	memcpy(p->phc, job->new_phc, sizeof(p->phc));
	if (rc == 0)
		rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = owner_apply(ex, totp, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static void on_owner_hashed(struct hash_job *job, void *arg)
{
	struct exchange *ex = arg;
	struct threads_error err = job->err;
	const int rc = job->rc < 0 ? job->rc : owner_hashed(ex, job, &err);

	exchange_finish(ex, rc, &err);
}

int enrol_owner_create(struct exchange *ex, struct threads_error *err)
{
	struct auth_pending *p = &ex->pending;
	const char *password = "";
	int rc = auth_login_owner_exists(ex->auth->db, err);

	if (rc != 0)
		return rc < 0 ? rc : reply_owner_exists(ex, err);
	memcpy(p->kind, "setup", sizeof("setup"));
	public_id_make(p->user_id);
	rc = exchange_text(ex, "password", PASSWORD_MAX, &password, err);
	if (rc == 0)
		rc = take_names(ex, err);
	if (rc == 0)
		rc = check_choice(ex, password, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	return hash_new_password(ex, password, on_owner_hashed, err);
}
