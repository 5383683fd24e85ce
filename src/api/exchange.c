/* SPDX-License-Identifier: Apache-2.0 */
#include "api/exchange.h"
#include "api/overview.h"

#include <ctype.h>

#include "core/disk_full.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/utf8.h"
#include "ipc/memfd.h"

/* Must equal, byte for byte, what http says for routes that do not exist. */
static const char not_found_body[] =
	"{\"type\":\"/problems/not-found\",\"title\":\"Not found.\",\"status\":404}";

struct exchange *exchange_new(struct api *api, struct peer *peer, uint32_t id)
{
	struct exchange *ex = calloc(1, sizeof(*ex));

	if (!ex)
		return NULL;
	ex->api = api;
	ex->peer = peer;
	ex->id = id;
	LIST_INSERT_HEAD(&api->exchanges, ex, link);
	return ex;
}

struct exchange *exchange_free(struct exchange *ex)
{
	if (!ex)
		return NULL;
	question_cancel(ex->question);
	overview_cancel(ex->overview);
	loop_timer_remove(ex->retry_timer);
	LIST_REMOVE(ex, link);
	strbuf_release(&ex->query);
	strbuf_release(&ex->if_none_match);
	strbuf_release(&ex->idempotency_key);
	json_decref(ex->body);
	json_decref(ex->document);
	reader_blob_release(&ex->blob);
	free(ex);
	return NULL;
}

void exchange_peer_gone(struct api *api, const struct peer *peer)
{
	struct exchange *ex, *next;

	for (ex = LIST_FIRST(&api->exchanges); ex; ex = next) {
		next = LIST_NEXT(ex, link);
		if (ex->peer == peer)
			exchange_free(ex);
	}
}

/* ---- answers -------------------------------------------------------------------------- */

static void reply_begin(struct exchange *ex, struct frame *f, int status, const char *content_type,
			const struct exchange_header *headers)
{
	int64_t count = 0;

	while (headers && headers[count].name)
		count++;
	frame_begin(f, HTTP_RESPONSE, ex->id);
	frame_put_int(f, status);
	frame_put_text(f, content_type);
	frame_put_int(f, count);
	for (int64_t i = 0; i < count; i++) {
		frame_put_text(f, headers[i].name);
		frame_put_text(f, headers[i].value);
	}
}

static void reply_send(struct exchange *ex, struct frame *f)
{
	struct threads_error err;

	if (peer_send(ex->peer, f, &err) < 0)
		log_debug("answer lost: %s", err.text);
	exchange_free(ex);
}

void exchange_reply_fd(struct exchange *ex, int fd, int64_t length, const char *content_type,
		       const struct exchange_header *headers)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int owned = fd;

	reply_begin(ex, &f, 200, content_type, headers);
	frame_put_bytes(&f, NULL, 0);
	frame_put_int(&f, HTTP_BODY_FD);
	frame_put_int(&f, 0);
	frame_put_int(&f, length);
	frame_put_fd(&f, owned);
	reply_send(ex, &f);
}

static void reply_inline(struct exchange *ex, int status, const char *content_type,
			 const char *text, size_t len, const struct exchange_header *headers)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	reply_begin(ex, &f, status, content_type, headers);
	frame_put_bytes(&f, text, len);
	frame_put_int(&f, HTTP_BODY_INLINE);
	frame_put_int(&f, 0);
	frame_put_int(&f, (int64_t)len);
	reply_send(ex, &f);
}

void exchange_reply_text(struct exchange *ex, int status, const char *content_type,
			 const char *text, size_t len, const struct exchange_header *headers)
{
	struct threads_error err;
	int fd;

	if (len <= EXCHANGE_INLINE_MAX) {
		reply_inline(ex, status, content_type, text, len, headers);
		return;
	}
	if (memfd_from("answer", text, len, &fd, &err) < 0) {
		exchange_reply_error(ex, err.code, &err);
		return;
	}
	exchange_reply_fd(ex, fd, (int64_t)len, content_type, headers);
}

void exchange_reply_json(struct exchange *ex, int status, json_t *json)
{
	CLEANUP(json_freep) json_t *owned = json;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(EXCHANGE_REPLY_MAX);
	struct threads_error err = { 0 };
	int rc = owned ? json_append(&text, owned, &err)
		       : threads_error_set(&err, THREADS_ENOMEM, "out of memory");

	if (rc < 0)
		exchange_reply_error(ex, rc, &err);
	else
		exchange_reply_text(ex, status, "application/json", strbuf_str(&text), text.len,
				    NULL);
}

void exchange_reply_empty(struct exchange *ex, int status)
{
	reply_inline(ex, status, "application/json", "{}", 2, NULL);
}

void exchange_reply_not_found(struct exchange *ex)
{
	reply_inline(ex, 404, "application/problem+json", not_found_body,
		     sizeof(not_found_body) - 1, NULL);
}

void exchange_reply_problem(struct exchange *ex, int status, const char *kind, const char *title,
			    const char *detail)
{
	CLEANUP(strbuf_release) struct strbuf type = STRBUF_INIT(200), text = STRBUF_INIT(8192);
	CLEANUP(json_freep) json_t *json = NULL;
	const struct exchange_header headers[] = { { "Retry-After", "2" }, { NULL, NULL } };
	struct threads_error err;

	strbuf_addf(&type, "/problems/%s", kind);
	json = json_pack("{ss,ss,si,ss*}", "type", strbuf_str(&type), "title", title, "status",
			 status, "detail", detail);
	if (!json || json_append(&text, json, &err) < 0)
		strbuf_reset(&text);
	reply_inline(ex, status, "application/problem+json", strbuf_str(&text), text.len,
		     status == 503 ? headers : NULL);
}

void exchange_sentence(struct strbuf *out, const char *words)
{
	const size_t len = strlen(words), dot = strcspn(words, ". ");
	const bool file = words[dot] == '.' && words[dot + 1] != '\0' && words[dot + 1] != ' ';

	if (len == 0)
		return;
	/* "hub.db: ..." is looked for as it is spelled. */
	strbuf_add_char(out, file ? words[0] : (char)toupper((unsigned char)words[0]));
	/* Words about input may hold a part of it, cut anywhere. */
	utf8_append_repaired(out, words + 1, len - 1);
	if (!strchr(".!?", words[len - 1]))
		strbuf_add_char(out, '.');
}

void exchange_reply_error(struct exchange *ex, int rc, const struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(1024);

	exchange_sentence(&words, err->text);
	switch ((enum threads_code)rc) {
	case THREADS_ENOENT:
		exchange_reply_not_found(ex);
		return;
	case THREADS_EINVAL:
		exchange_reply_problem(ex, 400, "bad-request", strbuf_str(&words), NULL);
		return;
	case THREADS_EDENIED:
		exchange_reply_problem(ex, 403, "denied", strbuf_str(&words), NULL);
		return;
	case THREADS_ELIMIT:
		exchange_reply_problem(ex, 413, "too-large", strbuf_str(&words), NULL);
		return;
	case THREADS_EAGAIN:
		exchange_reply_problem(ex, 503, "unavailable", "The hub is busy right now.",
				       strbuf_str(&words));
		return;
	case THREADS_EFULL:
		log_error("request failed: %s", err->text);
		exchange_reply_problem(ex, DISK_FULL_STATUS, DISK_FULL_KIND, DISK_FULL_TITLE,
				       DISK_FULL_DETAIL);
		return;
	case THREADS_ENOMEM:
	case THREADS_EIO:
	case THREADS_EBUG:
		break;
	}
	log_error("request failed: %s", err->text);
	exchange_reply_problem(
		ex, 500, "internal", "Something went wrong in the hub.",
		"The hub's log says more. Try again; if it stays, tell the operator.");
}

/* ---- questions ------------------------------------------------------------------------ */

int exchange_ask(struct exchange *ex, enum role to, struct frame *f, enum question_mode mode,
		 question_fn *fn, struct threads_error *err)
{
	const struct question_order order = { to, mode, QUESTION_WAIT_MS, fn, ex };

	return question_ask(ex->api, &order, f, &ex->question, err);
}

int exchange_audit(struct exchange *ex, const char *action, const char *object, const char *detail,
		   question_fn *fn, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, AUDIT_ADD, 0);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, action);
	frame_put_text(&f, object);
	frame_put_text(&f, detail);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, fn, err);
}

bool exchange_answered(struct exchange *ex, int rc, const struct threads_error *err)
{
	ex->question = NULL;
	if (rc >= 0)
		return true;
	exchange_reply_error(ex, rc, err);
	return false;
}

static void retry(void *arg)
{
	struct exchange *ex = arg;

	exchange_run(ex, ex->again);
}

bool exchange_retry(struct exchange *ex, int64_t in_ms)
{
	struct threads_error err;

	if (ex->question || !ex->again || ex->retries++ >= EXCHANGE_RETRIES)
		return false;
	if (!ex->retry_timer &&
	    loop_timer_add(ex->api->loop, retry, ex, &ex->retry_timer, &err) < 0)
		return false;
	loop_timer_set(ex->retry_timer, in_ms);
	return true;
}

void exchange_run(struct exchange *ex, exchange_fn *fn)
{
	struct threads_error err = { 0 };
	int rc = fn(ex, &err);

	/* After success ex may be gone. EAGAIN: hub.db is being mended after index was
	 * killed, a moment later it can be read. */
	if (rc < 0 && !(rc == THREADS_EAGAIN && exchange_retry(ex, EXCHANGE_RETRY_MS)))
		exchange_reply_error(ex, rc, &err);
}

/* ---- the query ------------------------------------------------------------------------ */

/* application/x-www-form-urlencoded; what is malformed stays as it is. */
static void form_decode(struct strbuf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const int value = text[i] == '%' ? hex_pair(text + i + 1, text + len) : -1;

		if (value >= 0) {
			strbuf_add_char(out, (char)value);
			i += 2;
		} else {
			strbuf_add_char(out, text[i] == '+' ? ' ' : text[i]);
		}
	}
}

int exchange_parameter(const struct exchange *ex, const char *name, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf raw = STRBUF_INIT(EXCHANGE_TEXT_MAX);
	const char *p = strbuf_str(&ex->query);
	const size_t name_len = strlen(name);

	strbuf_reset(out);
	while (*p) {
		const size_t len = strcspn(p, "&");

		if (len > name_len && p[name_len] == '=' && strncmp(p, name, name_len) == 0) {
			form_decode(&raw, p + name_len + 1, len - name_len - 1);
			utf8_append_repaired(out, strbuf_str(&raw), raw.len);
			return 1;
		}
		p += len + (p[len] == '&');
	}
	return 0;
}
