/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/enrol_link.h"

#include "auth/session.h"
#include "auth/throttle.h"
#include "crypto/hmac.h"
#include "store/auth_link.h"

enum {
	PENDING_ENROL_MS = 30 * 60 * 1000,
	TOKEN_TEXT_MAX = 200,
	LINK_TEXT_MAX = EXCHANGE_BASE_MAX + 100, /* base, kind and token */
};

int enrol_link_make(struct exchange *ex, const char *kind, const struct auth_login *login,
		    json_t *json, struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf text = STRBUF_INIT(LINK_TEXT_MAX);
	const int64_t now = auth_now(ex->auth);
	struct auth_link link = { .login_id = login ? login->id : 0 };
	unsigned char hash[AUTH_HASH_LEN];
	char token[TOKEN_SIZE];
	int rc = token_make(token, hash, err);

	memcpy(link.kind, kind, strlen(kind) + 1);
	link.expires_ms = now + (login ? LINK_RESET_MS : LINK_SETUP_MS);
	if (strcmp(kind, "invite") == 0)
		link.expires_ms = now + LINK_INVITE_MS;
	if (rc == 0)
		rc = auth_link_add(ex->auth->db, hash, &link, now, err);
	if (rc == 0)
		rc = strbuf_room(&text, LINK_TEXT_MAX, err);
	strbuf_addf(&text, "%s/%s#%s", strbuf_str(&ex->base), kind, token);
	secret_cleanse(token, sizeof(token));
	if (rc == 0)
		rc = strbuf_check(&text, err);
	if (rc < 0)
		return rc;
	if (json_object_set_new(json, "link", json_string(strbuf_str(&text))) < 0 ||
	    json_object_set_new(json, "expires", exchange_time_json(link.expires_ms)) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}

static int reply_gone(struct exchange *ex, struct threads_error *err)
{
	return reply_problem(ex, 410, "gone", "This link has ended or was already used.",
			     "Ask for a new one.", err);
}

/* Fills pending from a link just used up: 1, or 0 if its person may not enrol any more. */
static int pending_from_link(struct exchange *ex, const struct auth_link *link,
			     struct auth_pending *pending, struct threads_error *err)
{
	const int64_t now = auth_now(ex->auth);
	int rc;

	memcpy(pending->kind, link->kind, sizeof(pending->kind));
	pending->login_id = link->login_id;
	pending->created_ms = now;
	pending->expires_ms = now + PENDING_ENROL_MS;
	if (link->login_id == 0) {
		public_id_make(pending->user_id);
		rc = auth_login_owner_exists(ex->auth->db, err);
		return rc < 0 ? rc : !rc;
	}
	rc = auth_login_by_id(ex->auth->db, link->login_id, &ex->login, err);
	if (rc != 1 || strcmp(ex->login.state, "disabled") == 0)
		return rc < 0 ? rc : 0;
	memcpy(pending->user_id, ex->login.user_id, sizeof(pending->user_id));
	memcpy(pending->name, ex->login.name, sizeof(pending->name));
	memcpy(pending->display_name, ex->login.display_name, sizeof(pending->display_name));
	return 1;
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static int open_link(struct exchange *ex, const unsigned char hash[AUTH_HASH_LEN],
		     struct threads_error *err)
{
	struct auth_pending pending = { .id = 0 };
	struct auth_link link = { .login_id = 0 };
	int rc = auth_link_consume(ex->auth->db, hash, auth_now(ex->auth), &link, err);

	if (rc == 1)
		rc = pending_from_link(ex, &link, &pending, err);
	if (rc == 0)
		return reply_gone(ex, err);
	if (rc == 1)
		rc = pending_begin(ex, &pending, err);
	if (rc == 0)
		rc = throttle_client_right(ex, err);
	if (rc == 0)
		rc = exchange_audit(ex, link.login_id ? pending.user_id : "", "link-opened",
				    link.kind, err);
	if (rc < 0)
		return rc;
	return reply_json(ex, 200,
			  json_pack("{s:s, s:o, s:o, s:o}", "kind", link.kind, "name",
				    text_or_null(pending.name), "display_name",
				    text_or_null(pending.display_name), "expires",
				    exchange_time_json(pending.expires_ms)),
			  err);
}

int enrol_link_open(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	unsigned char hash[AUTH_HASH_LEN];
	const char *token = "";
	int rc = exchange_text(ex, "token", TOKEN_TEXT_MAX, &token, err);

	if (rc < 0)
		return rc;
	rc = throttle_client(ex, err);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	if (!token_hash(token, hash))
		return reply_gone(ex, err);
	rc = db_scope_begin(ex->auth->db, &scope, err);
	if (rc == 0)
		rc = open_link(ex, hash, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}
