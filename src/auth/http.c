/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/http.h"

#include "auth/client.h"
#include "auth/enrol.h"
#include "auth/enrol_link.h"
#include "auth/people.h"
#include "auth/security.h"
#include "auth/session.h"
#include "auth/signin.h"
#include "core/log.h"
#include "crypto/hmac.h"

enum need {
	NEED_NOTHING = 0,
	NEED_SESSION = 1,
	NEED_STRONG = 2,  /* password and code within five minutes */
	NEED_MANAGER = 4, /* owner or admin */
};

enum { FIELDS_MAX = 5 };

/* In path, "*" stands for one public id: the target. */
struct route {
	const char *method, *path;
	exchange_fn *fn;
	unsigned needs;
	const char *fields[FIELDS_MAX];
};

static const char route_prefix[] = "/api/v1/auth/";

#define OWN    (NEED_SESSION | NEED_STRONG)
#define MANAGE (NEED_SESSION | NEED_STRONG | NEED_MANAGER)

static const struct route routes[] = {
	{ "GET", "state", signin_state, NEED_NOTHING, { NULL } },
	{ "POST", "signin", signin_password, NEED_NOTHING, { "name", "password" } },
	{ "POST", "totp", signin_totp, NEED_NOTHING, { "code" } },
	{ "POST", "recovery", signin_recovery, NEED_NOTHING, { "code" } },
	{ "POST", "link/open", enrol_link_open, NEED_NOTHING, { "token" } },
	{ "POST",
	  "enrol/password",
	  enrol_password,
	  NEED_NOTHING,
	  { "name", "display_name", "password" } },
	{ "POST", "enrol/confirm", enrol_confirm, NEED_NOTHING, { "code" } },
	{ "POST", "signout", signin_out, NEED_NOTHING, { NULL } },
	{ "POST", "signout-everywhere", signin_out_everywhere, NEED_NOTHING, { NULL } },
	{ "POST", "reauth", signin_reauth, NEED_SESSION, { "password", "code" } },
	{ "GET", "security", security_show, NEED_SESSION, { NULL } },
	{ "POST", "password", security_password, OWN, { "present", "new" } },
	{ "POST", "totp/new", security_totp_new, OWN, { NULL } },
	{ "POST", "totp/new/confirm", security_totp_confirm, OWN, { "code" } },
	{ "POST", "recovery-codes", security_recovery_codes, OWN, { NULL } },
	{ "GET", "sessions", security_sessions, NEED_SESSION, { NULL } },
	{ "DELETE", "sessions/*", security_session_end, NEED_SESSION, { NULL } },
	{ "POST", "invites", people_invite, MANAGE, { "name", "display_name", "role" } },
	{ "POST", "users/*/invite", people_invite_again, MANAGE, { NULL } },
	{ "POST", "users/*/disable", people_disable, MANAGE, { NULL } },
	{ "POST", "users/*/enable", people_enable, MANAGE, { NULL } },
	{ "POST", "users/*/reset", people_reset, MANAGE, { NULL } },
};

/* Whether path is pattern; copies what stands for "*". */
static bool path_matches(const char *pattern, const char *path, char target[PUBLIC_ID_SIZE])
{
	const char *star = strchr(pattern, '*');
	const size_t head = star ? (size_t)(star - pattern) : 0;

	if (!star)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, head) != 0 || strcspn(path + head, "/") != PUBLIC_ID_LEN ||
	    strcmp(path + head + PUBLIC_ID_LEN, star + 1) != 0)
		return false;
	memcpy(target, path + head, PUBLIC_ID_LEN);
	target[PUBLIC_ID_LEN] = '\0';
	return public_id_valid(target);
}

static const struct route *route_find(const char *method, const char *path,
				      char target[PUBLIC_ID_SIZE], bool *ret_known)
{
	*ret_known = false;
	if (strncmp(path, route_prefix, sizeof(route_prefix) - 1) != 0)
		return NULL;
	path += sizeof(route_prefix) - 1;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!path_matches(routes[i].path, path, target))
			continue;
		*ret_known = true;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
	}
	return NULL;
}

static void copy_cut(char *out, size_t out_size, const char *text)
{
	const size_t len = strlen(text);
	const size_t n = len < out_size ? len : out_size - 1;

	memcpy(out, text, n);
	out[n] = '\0';
}

struct http_question {
	const char *method, *path;
	const void *body;
	size_t body_len;
};

/* Reads HTTP_REQUEST into ex and q, whose texts are borrowed from f. */
static int read_request(struct frame *f, struct exchange *ex, struct http_question *q,
			struct threads_error *err)
{
	q->method = frame_get_text(f);
	q->path = frame_get_text(f);
	frame_get_text(f); /* query: no route of ours has one */
	ex->has_session_cookie = token_hash(frame_get_text(f), ex->session_hash);
	ex->has_pending_cookie = token_hash(frame_get_text(f), ex->pending_hash);
	copy_cut(ex->address, sizeof(ex->address), frame_get_text(f));
	client_label(frame_get_text(f), ex->client, sizeof(ex->client));
	for (int i = 0; i < 4; i++)
		frame_get_text(f); /* content type, if-none-match, range, idempotency key */
	strbuf_add_str(&ex->base, frame_get_text(f));
	size_t ticket_len;
	frame_get_bytes(f, &ticket_len);
	q->body = frame_get_bytes(f, &q->body_len);
	frame_get_int(f); /* length of an upload */
	/* A large body would follow as a descriptor: none of ours is. It is closed with the frame. */
	if (f->fd_count > 0) {
		q->body_len = SIZE_MAX;
		return 0;
	}
	return frame_get_end(f, err);
}

static int parse_body(struct exchange *ex, const struct route *route, const struct http_question *q,
		      struct threads_error *err)
{
	const char *fields[FIELDS_MAX + 1] = { NULL };
	int rc;

	if (q->body_len == 0) {
		ex->body = json_object();
		return ex->body ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	memcpy(fields, route->fields, sizeof(route->fields));
	rc = json_parse_object(q->body, q->body_len, &ex->body, err);
	return rc < 0 ? rc : json_check_fields(ex->body, fields, err);
}

static bool is_manager(const struct auth_login *login)
{
	return strcmp(login->role, "owner") == 0 || strcmp(login->role, "admin") == 0;
}

/* 1 if the asker has what the route needs, 0 with a prepared refusal. */
static int check_needs(struct exchange *ex, unsigned needs, struct threads_error *err)
{
	int rc = session_load(ex, err);

	if (rc < 0)
		return rc;
	if ((needs & NEED_SESSION) && !ex->signed_in)
		rc = reply_problem(ex, 401, "sign-in-needed", "Sign in to go on.", NULL, err);
	else if ((needs & NEED_MANAGER) && !is_manager(&ex->login))
		rc = reply_problem(ex, 403, "denied", "Only owners and administrators may do this.",
				   NULL, err);
	else if ((needs & NEED_STRONG) && !session_is_strong(ex))
		rc = reply_problem(ex, 403, "reauth-needed",
				   "Type your password and a code again to go on.", NULL, err);
	else
		return 1;
	return rc < 0 ? rc : 0;
}

static int dispatch(struct exchange *ex, const struct http_question *q, struct threads_error *err)
{
	bool known;
	const struct route *route = route_find(q->method, q->path, ex->target, &known);
	int rc;

	if (!route && known)
		return reply_problem(ex, 405, "bad-request", "This method is not known here.", NULL,
				     err);
	if (!route)
		return reply_problem(ex, 404, "not-found", "Not found.", NULL, err);
	if (q->body_len == SIZE_MAX)
		return reply_problem(ex, 413, "too-large", "The request is too large.", NULL, err);
	rc = check_needs(ex, route->needs, err);
	if (rc == 0 && ex->signed_in)
		log_notice("method=%s user=%s refused: %s", route->method, ex->login.user_id,
			   route->path);
	if (rc != 1)
		return rc < 0 ? rc : EXCHANGE_DONE;
	rc = parse_body(ex, route, q, err);
	return rc < 0 ? rc : route->fn(ex, err);
}

static int on_request(struct auth *auth, struct peer *peer, struct frame *f,
		      struct threads_error *err)
{
	struct http_question q = { .method = "" };
	struct threads_error why = { 0 };
	struct exchange *ex = NULL;
	int rc = exchange_new(auth, peer, f->id, &ex, err);

	if (rc < 0)
		return rc;
	rc = read_request(f, ex, &q, err);
	if (rc < 0) {
		exchange_free(ex);
		return rc;
	}
	rc = dispatch(ex, &q, &why);
	/* Passwords and codes do not stay in the frame's memory. */
	secret_cleanse(f->data, f->len);
	exchange_finish(ex, rc, &why);
	return 0;
}

static int on_ticket(struct auth *auth, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const char *cookie = frame_get_text(f);
	unsigned char ticket[TICKET_LEN];
	char user_id[PUBLIC_ID_SIZE] = "";
	struct threads_error why;
	int rc;

	frame_get_text(f); /* client address */
	frame_get_int(f);  /* unsafe method */
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	rc = session_ticket(auth, cookie, ticket, user_id, &why);
	if (rc < 0) {
		frame_begin_error(&answer, f->id, why.code, why.text);
	} else {
		frame_begin(&answer, HTTP_TICKET_IS, f->id);
		frame_put_int(&answer, rc);
		frame_put_bytes(&answer, ticket, rc == 1 ? sizeof(ticket) : 0);
		frame_put_text(&answer, rc == 1 ? user_id : "");
	}
	return peer_send(peer, &answer, err);
}

int http_frame(struct auth *auth, struct peer *peer, struct frame *f, struct threads_error *err)
{
	if (f->type == HTTP_REQUEST)
		return on_request(auth, peer, f, err);
	if (f->type == HTTP_TICKET)
		return on_ticket(auth, peer, f, err);
	return threads_error_set(err, THREADS_EINVAL, "frame %u is not for auth", f->type);
}
