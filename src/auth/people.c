/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/people.h"

#include <stdio.h>

#include "auth/enrol_link.h"
#include "auth/password_rules.h"
#include "store/auth_outbox.h"

enum { USER_TEXT_MAX = 200 };

static bool has_state(const struct auth_login *login, const char *state)
{
	return strcmp(login->state, state) == 0;
}

static bool has_role(const struct auth_login *login, const char *role)
{
	return strcmp(login->role, role) == 0;
}

static int reply_not_found(struct exchange *ex, struct threads_error *err)
{
	return reply_problem(ex, 404, "not-found", "Not found.", NULL, err);
}

/* The one who acts: "" stands for the operator. */
static const char *actor(const struct exchange *ex)
{
	return ex->control ? "" : ex->login.user_id;
}

/* Answers {"link","expires","user"} (and "kind") with a fresh link of a kind for login. */
static int reply_link(struct exchange *ex, const char *kind, const struct auth_login *login,
		      struct threads_error *err)
{
	CLEANUP(json_freep) json_t *json = json_pack("{s:s}", "kind", kind);
	int rc;

	if (!json)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = enrol_link_make(ex, kind, login, json, err);
	if (rc == 0 && login && json_object_set_new(json, "user", exchange_user_json(login)) < 0)
		rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return rc < 0 ? rc : reply_json(ex, 201, TAKE_PTR(json), err);
}

/* Fills login from the body. 1, or 0 with a prepared 400. */
static int read_invited(struct exchange *ex, struct auth_login *login, struct threads_error *err)
{
	const char *name = "", *display_name = "", *role = "", *field = "name", *words;
	int rc = exchange_text(ex, "name", AUTH_NAME_SIZE - 1, &name, err);

	if (rc == 0)
		rc = json_get_text_or(ex->body, "display_name", AUTH_DISPLAY_SIZE - 1, "",
				      &display_name, err);
	if (rc == 0)
		rc = json_get_text_or(ex->body, "role", AUTH_WORD_SIZE - 1, "", &role, err);
	if (rc < 0)
		return rc;
	if (!display_name[0])
		display_name = name;
	if (!role[0])
		role = "user";
	words = name_rules_check(name, AUTH_NAME_SIZE - 1);
	if (!words) {
		field = "display_name";
		words = name_rules_check(display_name, AUTH_DISPLAY_SIZE - 1);
	}
	if (!words && strcmp(role, "user") != 0 && strcmp(role, "admin") != 0 &&
	    strcmp(role, "auditor") != 0) {
		field = "role";
		words = "The role is user, admin or auditor.";
	}
	if (words) {
		rc = reply_field(ex, field, words, err);
		return rc < 0 ? rc : 0;
	}
	memcpy(login->name, name, strlen(name) + 1);
	memcpy(login->display_name, display_name, strlen(display_name) + 1);
	memcpy(login->role, role, strlen(role) + 1);
	return 1;
}

static int reply_name_taken(struct exchange *ex, struct threads_error *err)
{
	return reply_json(ex, 409,
			  json_pack("{s:s, s:s, s:i, s:{s:s}}", "type", "/problems/conflict",
				    "title", "Somebody has this name already.", "status", 409,
				    "fields", "name", "Somebody has this name already."),
			  err);
}

static int invite(struct exchange *ex, struct auth_login *login, struct threads_error *err)
{
	struct auth_login other;
	int rc = auth_login_by_name(ex->auth->db, login->name, &other, err);

	if (rc != 0)
		return rc < 0 ? rc : reply_name_taken(ex, err);
	public_id_make(login->user_id);
	memcpy(login->state, "invited", sizeof("invited"));
	rc = auth_login_add(ex->auth->db, login, auth_now(ex->auth), &login->id, err);
	if (rc == 0)
		rc = auth_outbox_user(ex->auth->db, login, err);
	if (rc == 0)
		rc = exchange_audit(ex, actor(ex), "user-invited", login->user_id, err);
	if (rc == 0)
		rc = reply_link(ex, "invite", login, err);
	return rc < 0 ? rc : exchange_park(ex, err);
}

int people_invite(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct auth_login login = { .id = 0 };
	int rc = 1;

	if (ex->control) {
		rc = auth_login_owner_exists(ex->auth->db, err);
		if (rc == 0)
			return reply_problem(ex, 409, "conflict", "There is no owner yet.",
					     "Run: threadsctl setup-link", err);
	}
	if (rc == 1)
		rc = read_invited(ex, &login, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = invite(ex, &login, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

int people_invite_again(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct auth_login login;
	int rc = auth_login_by_user(ex->auth->db, ex->target, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : reply_not_found(ex, err);
	if (!has_state(&login, "invited"))
		return reply_problem(ex, 409, "conflict", "This person has signed in already.",
				     NULL, err);
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = exchange_audit(ex, actor(ex), "user-invited-again", login.user_id, err);
	if (rc == 0)
		rc = reply_link(ex, "invite", &login, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int set_state(struct exchange *ex, const struct auth_login *login, const char *state,
		     const char *action, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct db *db = ex->auth->db;
	int rc = db_scope_begin(db, &scope, err);

	if (rc == 0)
		rc = auth_login_set_state(db, login->id, state, err);
	if (rc == 0)
		rc = auth_outbox_state(db, login->user_id, state, err);
	if (rc == 0)
		rc = exchange_audit(ex, actor(ex), action, login->user_id, err);
	if (rc == 0)
		rc = reply_json(ex, 200,
				json_pack("{s:s, s:s, s:s}", "user", login->name, "id",
					  login->user_id, "state", state),
				err);
	if (rc == 0)
		rc = exchange_park(ex, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int disable(struct exchange *ex, const struct auth_login *login, struct threads_error *err)
{
	int rc;

	if (has_role(login, "owner") && has_state(login, "active")) {
		rc = auth_login_other_owner(ex->auth->db, login->id, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return reply_problem(ex, 409, "conflict",
					     "The last owner cannot be disabled.", NULL, err);
	}
	return set_state(ex, login, "disabled", "user-disabled", err);
}

int people_disable(struct exchange *ex, struct threads_error *err)
{
	struct auth_login login;
	const int rc = auth_login_by_user(ex->auth->db, ex->target, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : reply_not_found(ex, err);
	if (login.id == ex->login.id)
		return reply_problem(ex, 403, "denied", "You cannot disable yourself.", NULL, err);
	if (has_role(&login, "owner") && !has_role(&ex->login, "owner"))
		return reply_problem(ex, 403, "denied", "Only an owner can disable an owner.", NULL,
				     err);
	return disable(ex, &login, err);
}

/* What enabling gives back: enrolled people are active, others still invited. */
static int enable(struct exchange *ex, const struct auth_login *login, struct threads_error *err)
{
	const char *state = login->phc[0] && login->has_totp ? "active" : "invited";

	if (!has_state(login, "disabled"))
		return reply_problem(ex, 409, "conflict", "This person is not disabled.", NULL,
				     err);
	return set_state(ex, login, state, "user-enabled", err);
}

int people_enable(struct exchange *ex, struct threads_error *err)
{
	struct auth_login login;
	const int rc = auth_login_by_user(ex->auth->db, ex->target, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : reply_not_found(ex, err);
	if (has_role(&login, "owner") && !has_role(&ex->login, "owner"))
		return reply_problem(ex, 403, "denied", "Only an owner can enable an owner.", NULL,
				     err);
	return enable(ex, &login, err);
}

/* Two people: an administrator alone resets nobody's factors. */
int people_reset(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(400);
	struct auth_login login;
	const int rc = auth_login_by_user(ex->auth->db, ex->target, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : reply_not_found(ex, err);
	strbuf_addf(&words,
		    "Ask the operator to run on the server: threadsctl setup-link --user '%s'",
		    login.name);
	return reply_problem(ex, 409, "conflict", "This needs a second person.", strbuf_str(&words),
			     err);
}

/* The person that an operator names: 1, or 0 with a prepared 404. */
static int named_user(struct exchange *ex, struct auth_login *ret_login, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(300);
	const char *user = "";
	int rc = exchange_text(ex, "user", USER_TEXT_MAX, &user, err);

	if (rc < 0)
		return rc;
	rc = auth_login_by_name(ex->auth->db, user, ret_login, err);
	if (rc == 0)
		rc = auth_login_by_user(ex->auth->db, user, ret_login, err);
	if (rc != 0)
		return rc;
	strbuf_addf(&words, "Nobody is called '%s'.", user);
	rc = reply_problem(ex, 404, "not-found", strbuf_str(&words),
			   "See who is there with: threadsctl user list", err);
	return rc < 0 ? rc : 0;
}

int people_operator_disable(struct exchange *ex, struct threads_error *err)
{
	struct auth_login login;
	const int rc = named_user(ex, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	return disable(ex, &login, err);
}

int people_operator_enable(struct exchange *ex, struct threads_error *err)
{
	struct auth_login login;
	const int rc = named_user(ex, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	return enable(ex, &login, err);
}

static int first_setup_link(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(500);
	const int rc = auth_login_owner_exists(ex->auth->db, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return reply_link(ex, "setup", NULL, err);
	strbuf_addf(&words,
		    "Sign in at %s, or name the person whose sign-in is lost: "
		    "threadsctl setup-link --user NAME",
		    strbuf_str(&ex->base));
	return reply_problem(ex, 409, "conflict", "An owner exists already.", strbuf_str(&words),
			     err);
}

static int lost_link(struct exchange *ex, const struct auth_login *login, struct threads_error *err)
{
	const bool enrolled = !has_state(login, "invited");
	int rc = exchange_audit(ex, "", "reset-link-made", login->user_id, err);

	if (rc == 0)
		rc = auth_notice_add(ex->auth->db, login->id, auth_now(ex->auth),
				     "The operator of the server made a link that sets your "
				     "password and second factor anew.",
				     err);
	return rc < 0 ? rc : reply_link(ex, enrolled ? "reset" : "invite", login, err);
}

int people_setup_link(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct auth_login login;
	const char *user = "";
	int rc = json_get_text_or(ex->body, "user", USER_TEXT_MAX, "", &user, err);

	if (rc == 0)
		rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc < 0)
		return rc;
	if (!user[0]) {
		rc = first_setup_link(ex, err);
		return rc < 0 ? rc : db_scope_commit(&scope, err);
	}
	rc = named_user(ex, &login, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	if (has_state(&login, "disabled"))
		return reply_problem(ex, 409, "conflict", "This person is disabled.", NULL, err);
	rc = lost_link(ex, &login, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int reset_factors(struct exchange *ex, const struct auth_login *login,
			 struct threads_error *err)
{
	struct db *db = ex->auth->db;
	int rc = auth_login_set_totp(db, login->id, NULL, 0, auth_now(ex->auth), err);

	if (rc == 0)
		rc = exchange_audit(ex, "", "factors-reset", login->user_id, err);
	if (rc == 0)
		rc = auth_notice_add(db, login->id, auth_now(ex->auth),
				     "The operator of the server took away your second factor and "
				     "recovery codes, signed you out and made a link for new ones.",
				     err);
	return rc < 0 ? rc : reply_link(ex, "reset", login, err);
}

int people_reset_factors(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct auth_login login;
	int rc = named_user(ex, &login, err);

	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	if (!has_state(&login, "active"))
		return reply_problem(ex, 409, "conflict", "This person cannot sign in now.",
				     "There is nothing to reset.", err);
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = reset_factors(ex, &login, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}
