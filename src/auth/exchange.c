/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/exchange.h"

#include <inttypes.h>
#include <stdio.h>

#include "auth/outbox.h"
#include "core/disk_full.h"
#include "core/log.h"
#include "crypto/hmac.h"
#include "store/auth_outbox.h"

enum { COOKIE_MAX = 200, BUSY_MS = 2000, FRAME_OVERHEAD = 4096 };

const char cookie_session[] = "__Host-threads";
const char cookie_pending[] = "__Host-threads-pending";

static void on_park_over(void *arg);

int exchange_new(struct auth *auth, struct peer *peer, uint32_t id, struct exchange **ret_ex,
		 struct threads_error *err)
{
	struct exchange *ex = calloc(1, sizeof(*ex));

	if (!ex)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	ex->auth = auth;
	ex->peer = peer;
	ex->id = id;
	ex->reply.max = EXCHANGE_REPLY_MAX;
	ex->base.max = EXCHANGE_BASE_MAX;
	LIST_INSERT_HEAD(&auth->exchanges, ex, link);
	*ret_ex = ex;
	return 0;
}

static void reply_reset(struct exchange *ex)
{
	for (size_t i = 0; i < ex->header_count; i++)
		secret_release(&ex->headers[i].value);
	ex->header_count = 0;
	secret_release(&ex->reply);
}

struct exchange *exchange_free(struct exchange *ex)
{
	LIST_REMOVE(ex, link);
	loop_timer_remove(ex->park_timer);
	json_decref(ex->body);
	reply_reset(ex);
	strbuf_release(&ex->base);
	secret_cleanse(ex, sizeof(*ex));
	free(ex);
	return NULL;
}

void exchange_orphan_all(struct auth *auth, const struct peer *peer)
{
	struct exchange *ex;

	LIST_FOREACH(ex, &auth->exchanges, link)
		if (ex->peer == peer)
			ex->peer = NULL;
}

static void put_http(struct exchange *ex, struct frame *f)
{
	frame_begin(f, HTTP_RESPONSE, ex->id);
	frame_put_int(f, ex->status);
	frame_put_text(f, ex->status < 400 ? "application/json" : "application/problem+json");
	frame_put_int(f, (int64_t)ex->header_count);
	for (size_t i = 0; i < ex->header_count; i++) {
		frame_put_text(f, ex->headers[i].name);
		frame_put_text(f, strbuf_str(&ex->headers[i].value));
	}
	frame_put_bytes(f, ex->reply.data, ex->reply.len);
	frame_put_int(f, HTTP_BODY_INLINE);
	frame_put_int(f, 0);
	frame_put_int(f, (int64_t)ex->reply.len);
}

/* One sentence for the operator from a problem: its title, and what to do. */
static void problem_words(const struct exchange *ex, struct strbuf *out)
{
	CLEANUP(json_freep) json_t *json = json_loadb(ex->reply.data, ex->reply.len, 0, NULL);
	const char *title = json_string_value(json_object_get(json, "title"));
	const char *detail = json_string_value(json_object_get(json, "detail"));
	const json_t *value;
	const char *key;

	strbuf_add_str(out, title ? title : "This failed.");
	if (detail)
		strbuf_addf(out, " %s", detail);
	json_object_foreach(json_object_get(json, "fields"), key, value)
		strbuf_addf(out, " %s", json_string_value(value));
}

static int send_control(struct exchange *ex, struct frame *f, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(2000);
	int rc = 0;

	if (ex->status < 400) {
		frame_begin(f, CTL_LINE, ex->id);
		frame_put_text(f, strbuf_str(&ex->reply));
		rc = peer_send(ex->peer, f, err);
	} else {
		problem_words(ex, &words);
	}
	frame_begin(f, CTL_END, ex->id);
	frame_put_int(f, ex->status < 400 ? 0 : 1);
	frame_put_text(f, strbuf_str(&words));
	return rc < 0 ? rc : peer_send(ex->peer, f, err);
}

static void exchange_send(struct exchange *ex)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int rc;

	if (!ex->peer)
		return;
	if (ex->control) {
		rc = send_control(ex, &f, &err);
	} else {
		put_http(ex, &f);
		rc = peer_send(ex->peer, &f, &err);
	}
	if (rc < 0)
		log_warning("answer lost: %s", err.text);
}

/* An error that no handler put into words. */
static void reply_error(struct exchange *ex, const struct threads_error *why)
{
	struct threads_error err;
	int rc;

	reply_reset(ex);
	switch (why->code) {
	case THREADS_EINVAL:
		rc = reply_problem(ex, 400, "bad-request", "The request is not understood.",
				   why->text, &err);
		break;
	case THREADS_EAGAIN:
		rc = reply_problem(ex, 503, "unavailable", "The hub is busy.",
				   "Try again in a few seconds.", &err);
		break;
	case THREADS_EDENIED:
		rc = reply_problem(ex, 403, "denied", "You may not do this.", why->text, &err);
		break;
	case THREADS_EFULL:
		log_error("request failed: %s", why->text);
		rc = reply_problem(ex, DISK_FULL_STATUS, DISK_FULL_KIND, DISK_FULL_TITLE,
				   DISK_FULL_DETAIL, &err);
		break;
	case THREADS_ELIMIT:
	case THREADS_ENOENT:
	case THREADS_ENOMEM:
	case THREADS_EIO:
	case THREADS_EBUG:
	default:
		log_error("request failed: %s", why->text);
		rc = reply_problem(ex, 500, "internal", "Something failed on the server.",
				   "The log of the server says what.", &err);
		break;
	}
	if (rc < 0)
		ex->status = 500;
}

void exchange_finish(struct exchange *ex, int rc, const struct threads_error *err)
{
	if (rc == EXCHANGE_WAITS)
		return;
	outbox_kick(ex->auth);
	if (rc < 0)
		reply_error(ex, err);
	else if (ex->parked)
		return;
	exchange_send(ex);
	exchange_free(ex);
}

static void on_park_over(void *arg)
{
	struct exchange *ex = arg;

	log_warning("index is slow: answered before the user row is there");
	exchange_send(ex);
	exchange_free(ex);
}

int exchange_park(struct exchange *ex, struct threads_error *err)
{
	int rc = auth_outbox_last(ex->auth->db, &ex->parked_until_row, err);

	if (rc < 0 || ex->parked_until_row == 0)
		return rc;
	rc = loop_timer_add(ex->auth->loop, on_park_over, ex, &ex->park_timer, err);
	if (rc < 0)
		return rc;
	loop_timer_set(ex->park_timer, EXCHANGE_PARK_MS);
	ex->parked = true;
	return 0;
}

void exchange_release_parked(struct auth *auth, int64_t row)
{
	struct exchange *ex = LIST_FIRST(&auth->exchanges), *next;

	for (; ex; ex = next) {
		next = LIST_NEXT(ex, link);
		if (!ex->parked || ex->parked_until_row > row)
			continue;
		exchange_send(ex);
		exchange_free(ex);
	}
}

int reply_json(struct exchange *ex, int status, json_t *json, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *owned = json;
	int rc;

	if (!owned)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	ex->status = status;
	secret_release(&ex->reply);
	rc = strbuf_room(&ex->reply, EXCHANGE_REPLY_MAX - FRAME_OVERHEAD, err);
	return rc < 0 ? rc : json_append(&ex->reply, owned, err);
}

int reply_empty(struct exchange *ex, struct threads_error *err)
{
	return reply_json(ex, 200, json_object(), err);
}

static json_t *problem_json(int status, const char *kind, const char *title, const char *detail)
{
	char type[64];
	json_t *json;

	snprintf(type, sizeof(type), "/problems/%s", kind);
	json = json_pack("{s:s, s:s, s:i}", "type", type, "title", title, "status", status);
	if (json && detail)
		json_object_set_new(json, "detail", json_string(detail));
	return json;
}

int reply_problem(struct exchange *ex, int status, const char *kind, const char *title,
		  const char *detail, struct threads_error *err)
{
	return reply_json(ex, status, problem_json(status, kind, title, detail), err);
}

int reply_field(struct exchange *ex, const char *field, const char *words,
		struct threads_error *err)
{
	json_t *json = problem_json(400, "bad-request", "One field is not right.", NULL);

	if (json)
		json_object_set_new(json, "fields", json_pack("{s:s}", field, words));
	return reply_json(ex, 400, json, err);
}

int reply_throttled(struct exchange *ex, int64_t next_ms, struct threads_error *err)
{
	const int64_t seconds = (next_ms - auth_now(ex->auth) + 999) / 1000;
	char time[CLOCK_RFC3339_SIZE], text[64];
	json_t *json;

	clock_format_rfc3339(next_ms, time, sizeof(time));
	snprintf(text, sizeof(text), "You can try again in %" PRId64 " seconds.",
		 seconds > 1 ? seconds : 1);
	json = problem_json(429, "throttled", "Too many tries.", text);
	if (json)
		json_object_set_new(json, "retry_at", json_string(time));
	snprintf(text, sizeof(text), "%" PRId64, seconds > 1 ? seconds : 1);
	reply_header(ex, "Retry-After", text);
	return reply_json(ex, 429, json, err);
}

void reply_header(struct exchange *ex, const char *name, const char *value)
{
	struct strbuf *sb;

	if (ex->header_count == EXCHANGE_HEADERS_MAX)
		return;
	sb = &ex->headers[ex->header_count].value;
	ex->headers[ex->header_count++].name = name;
	*sb = (struct strbuf)STRBUF_INIT(COOKIE_MAX);
	if (strbuf_room(sb, COOKIE_MAX, NULL) == 0)
		strbuf_add_str(sb, value);
}

void reply_cookie(struct exchange *ex, const char *cookie, const char *token)
{
	CLEANUP(secret_release) struct strbuf value = STRBUF_INIT(COOKIE_MAX);

	if (strbuf_room(&value, COOKIE_MAX, NULL) == 0)
		strbuf_addf(&value, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax", cookie, token);
	reply_header(ex, "Set-Cookie", strbuf_str(&value));
}

void reply_cookie_clear(struct exchange *ex, const char *cookie)
{
	CLEANUP(strbuf_release) struct strbuf value = STRBUF_INIT(COOKIE_MAX);

	strbuf_addf(&value, "%s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", cookie);
	reply_header(ex, "Set-Cookie", strbuf_str(&value));
}

int exchange_hash(struct exchange *ex, struct hash_job **job, hash_done_fn *done,
		  struct threads_error *err)
{
	struct threads_error full;

	(*job)->done = done;
	(*job)->arg = ex;
	if (hasher_submit(ex->auth->hasher, job, &full) < 0)
		return reply_throttled(ex, auth_now(ex->auth) + BUSY_MS, err);
	return EXCHANGE_WAITS;
}

json_t *exchange_user_json(const struct auth_login *login)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "id", login->user_id, "name", login->name,
			 "display_name", login->display_name, "role", login->role);
}

json_t *exchange_time_json(int64_t ms)
{
	char text[CLOCK_RFC3339_SIZE];

	return ms ? json_string(clock_format_rfc3339(ms, text, sizeof(text))) : json_null();
}

int exchange_text(struct exchange *ex, const char *name, size_t max, const char **ret_text,
		  struct threads_error *err)
{
	return json_get_text(ex->body, name, max, ret_text, err);
}

int exchange_audit(struct exchange *ex, const char *user_id, const char *action, const char *object,
		   struct threads_error *err)
{
	char detail[AUTH_ADDRESS_SIZE + AUTH_CLIENT_SIZE + 4];

	if (ex->control)
		snprintf(detail, sizeof(detail), "operator, on the server");
	else
		snprintf(detail, sizeof(detail), "%s, %s", ex->address, ex->client);
	return auth_outbox_audit(ex->auth->db, user_id, action, object, detail, err);
}
