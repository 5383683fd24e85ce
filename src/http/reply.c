/* SPDX-License-Identifier: Apache-2.0 */
/* What auth and api answer, checked before a byte of it goes to a browser. */
#include <strings.h>

#include "core/clock.h"
#include "core/disk_full.h"
#include "core/log.h"
#include "http/fields.h"
#include "http/gateway_internal.h"

enum { ANSWER_HEADERS_MAX = 12, STREAM_PIECE_MAX = 64 * 1024 };

/* Header fields that a role may set. All others are http's own. */
static const char *const passed_headers[] = {
	"ETag",  "Location",   "Retry-After", "Content-Disposition", "Content-Language",
	"Allow", "Set-Cookie",
};

static struct exchange *exchange_find(struct gateway *gateway, const struct peer *peer, uint32_t id)
{
	struct exchange *ex;

	LIST_FOREACH(ex, &gateway->exchanges, link)
		if ((ex->peer == peer && ex->id == id) ||
		    (ex->renewer == peer && ex->renew_id == id))
			return ex;
	return NULL;
}

static bool header_passes(const char *name, enum role from)
{
	if (strcasecmp(name, "Set-Cookie") == 0)
		return from == ROLE_AUTH;
	for (size_t i = 0; i < ARRAY_SIZE(passed_headers); i++)
		if (strcasecmp(name, passed_headers[i]) == 0)
			return true;
	return false;
}

/* Ends it on both sides: api forgets it, the browser sees its end. */
static void end_stream(struct exchange *ex)
{
	struct threads_error err;

	if (ex->peer && ask_stream(ex, HTTP_STREAM_END, NULL, 0, &err) < 0)
		log_debug("stream end: %s", err.text);
	exchange_step_to(ex, STEP_DONE);
	http_request_write_end(ex->req);
}

/* ---- tickets ---- */

static void renew_stream(struct exchange *ex, bool signed_in, const void *ticket, size_t len)
{
	struct threads_error err;

	ex->renewer = NULL;
	ex->ticket_ms = clock_monotonic_ms();
	if (ex->step != STEP_STREAMING || !ex->peer)
		return;
	if (signed_in) {
		if (ask_stream(ex, HTTP_STREAM_TICKET, ticket, len, &err) < 0)
			log_debug("stream ticket: %s", err.text);
		return;
	}
	end_stream(ex);
}

static int on_ticket(struct exchange *ex, const struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	const bool signed_in = frame_get_int_in(f, 0, 1) == 1;
	size_t len;
	const void *ticket = frame_get_bytes(f, &len);
	const char *user = frame_get_text(f); /* for the log: api reads it from the ticket */
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (ex->renewer == peer && ex->renew_id == f->id) {
		renew_stream(ex, signed_in, ticket, len);
		return 0;
	}
	if (ex->step != STEP_ASKED_TICKET)
		return threads_error_set(err, THREADS_EINVAL, "a ticket that nobody asked for");
	if (!signed_in) {
		exchange_step_to(ex, STEP_DONE);
		http_request_refuse(ex->req, 401, "sign-in-needed", "Sign in to go on.");
		return 0;
	}
	http_request_set_person(ex->req, user);
	strbuf_add(&ex->ticket, ticket, len);
	rc = strbuf_check(&ex->ticket, err);
	if (rc < 0)
		return rc;
	exchange_step_to(ex, STEP_WANT_ANSWER);
	exchange_advance(ex);
	return 0;
}

/* ---- answers ---- */

struct answer {
	struct http_reply reply;
	const char *etag;
	enum http_body kind;
	char content_range[80];
};

static int read_headers(struct frame *f, enum role from, struct answer *answer)
{
	const int64_t count = frame_get_int_in(f, 0, ANSWER_HEADERS_MAX);

	for (int64_t i = 0; i < count; i++) {
		const char *name = frame_get_text(f);
		const char *value = frame_get_text(f);

		if (strcasecmp(name, "Content-Security-Policy") == 0)
			answer->reply.csp = value;
		else if (header_passes(name, from))
			http_reply_header(&answer->reply, name, value);
		if (strcasecmp(name, "ETag") == 0)
			answer->etag = value;
	}
	return 0;
}

static int read_answer(struct frame *f, enum role from, struct answer *answer,
		       struct threads_error *err)
{
	struct http_reply *reply = &answer->reply;
	int rc;

	reply->fd = -1;
	answer->etag = "";
	reply->status = (unsigned)frame_get_int_in(f, 200, 599);
	reply->content_type = frame_get_text(f);
	if (!reply->content_type[0])
		reply->content_type = NULL;
	read_headers(f, from, answer);
	reply->body = frame_get_bytes(f, &reply->body_len);
	answer->kind = (enum http_body)frame_get_int_in(f, HTTP_BODY_INLINE, HTTP_BODY_UPLOAD);
	reply->offset = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	reply->length = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	if (answer->kind == HTTP_BODY_FD || answer->kind == HTTP_BODY_UPLOAD)
		reply->fd = frame_get_fd(f);
	rc = frame_get_end(f, err);
	if (rc < 0 && reply->fd >= 0)
		close(reply->fd);
	return rc;
}

/* A part of a descriptor, when the browser asked for one. */
static void apply_range(const struct http_request *req, struct answer *answer)
{
	struct http_reply *reply = &answer->reply;
	const char *range = http_request_field(req, "Range");
	const char *if_range = http_request_field(req, "If-Range");
	uint64_t first = 0, length = 0;
	enum field_range_result found;

	http_reply_header(reply, "Accept-Ranges", "bytes");
	if (!range[0] || (if_range[0] && strcmp(if_range, answer->etag) != 0))
		return;
	found = field_range(range, reply->length, &first, &length);
	if (found == RANGE_NONE)
		return;
	if (found == RANGE_UNSATISFIABLE) {
		snprintf(answer->content_range, sizeof(answer->content_range), "bytes */%llu",
			 (unsigned long long)reply->length);
		reply->status = 416;
		reply->has_fd = false;
		close(reply->fd);
		reply->body_len = 0;
		reply->content_type = NULL;
	} else {
		snprintf(answer->content_range, sizeof(answer->content_range),
			 "bytes %llu-%llu/%llu", (unsigned long long)first,
			 (unsigned long long)(first + length - 1),
			 (unsigned long long)reply->length);
		reply->status = 206;
		reply->offset += first;
		reply->length = length;
	}
	http_reply_header(reply, "Content-Range", answer->content_range);
}

/* A session may hold so many streams; the oldest gives way. */
static void limit_streams(struct exchange *newest)
{
	struct exchange *ex, *oldest = NULL;
	size_t count = 0;

	LIST_FOREACH(ex, &newest->gateway->exchanges, link) {
		if (ex->step != STEP_STREAMING || ex->session.len != newest->session.len ||
		    strcmp(strbuf_str(&ex->session), strbuf_str(&newest->session)) != 0)
			continue;
		count++;
		oldest = ex; /* new ones stand in front */
	}
	if (count >= GATEWAY_STREAMS_PER_SESSION && oldest)
		end_stream(oldest);
}

static void begin_stream(struct exchange *ex, struct answer *answer)
{
	limit_streams(ex);
	answer->reply.stream = true;
	answer->reply.body_len = 0;
	http_reply_header(&answer->reply, "X-Accel-Buffering", "no");
	exchange_step_to(ex, STEP_STREAMING);
	ex->beat_ms = ex->ticket_ms = clock_monotonic_ms();
	http_request_reply(ex->req, &answer->reply);
	/* The head goes out with the first byte; a browser waits for it. */
	http_request_write(ex->req, ":\n\n", 3);
}

static int on_response(struct exchange *ex, struct frame *f, struct threads_error *err)
{
	struct answer answer = { 0 };
	int rc;

	if (ex->step != STEP_ASKED)
		return threads_error_set(err, THREADS_EINVAL, "an answer that nobody asked for");
	rc = read_answer(f, ex->target, &answer, err);
	if (rc < 0)
		return rc;
	if (answer.kind == HTTP_BODY_UPLOAD) {
		if (!ex->upload || http_request_replied(ex->req)) {
			close(answer.reply.fd);
			return threads_error_set(err, THREADS_EINVAL, "not an upload");
		}
		exchange_step_to(ex, STEP_UPLOADING);
		http_request_upload_to(ex->req, answer.reply.fd, answer.reply.offset,
				       answer.reply.length);
		return 0;
	}
	if (answer.kind == HTTP_BODY_STREAM && http_request_is_get(ex->req)) {
		begin_stream(ex, &answer);
		return 0;
	}
	if (answer.kind == HTTP_BODY_FD) {
		answer.reply.has_fd = true;
		if (answer.reply.status == 200)
			apply_range(ex->req, &answer);
	}
	exchange_step_to(ex, STEP_DONE);
	http_request_reply(ex->req, &answer.reply);
	return 0;
}

static int on_error(struct exchange *ex, struct frame *f, struct threads_error *err)
{
	const int64_t code = frame_get_int(f);
	const char *words = frame_get_text(f);
	const int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	log_warning("request=%s code=%lld refused: %s", http_request_id(ex->req), (long long)code,
		    words);
	if (ex->step == STEP_STREAMING) {
		http_request_write_end(ex->req);
		return 0;
	}
	exchange_step_to(ex, STEP_DONE);
	if (code == THREADS_EFULL)
		http_request_refuse(ex->req, DISK_FULL_STATUS, DISK_FULL_KIND,
				    DISK_FULL_TITLE " " DISK_FULL_DETAIL);
	else if (code == THREADS_EAGAIN || code == THREADS_EIO || code == THREADS_ELIMIT)
		http_request_refuse(ex->req, 503, "unavailable",
				    "The hub cannot answer right now. Try again in a moment.");
	else
		http_request_refuse(ex->req, 500, "internal",
				    "Something went wrong inside the hub. Its log says more.");
	return 0;
}

static int on_stream_frame(struct exchange *ex, struct frame *f, struct threads_error *err)
{
	size_t len = 0;
	const void *data = f->type == HTTP_STREAM_DATA ? frame_get_bytes(f, &len) : NULL;
	const int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (ex->step != STEP_STREAMING)
		return 0;
	if (data && len <= STREAM_PIECE_MAX) {
		http_request_write(ex->req, data, len);
		return 0;
	}
	exchange_step_to(ex, STEP_DONE);
	http_request_write_end(ex->req);
	return 0;
}

int reply_on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct exchange *ex = exchange_find(arg, peer, f->id);

	switch (f->type) {
	case HTTP_TICKET_IS:
	case HTTP_RESPONSE:
	case HTTP_STREAM_DATA:
	case HTTP_STREAM_END:
	case IPC_ERROR:
		break;
	default:
		return threads_error_set(err, THREADS_EINVAL, "frame %u is not for http",
					 (unsigned)f->type);
	}
	if (!ex)
		return 0; /* the browser went away meanwhile */
	if (f->type == HTTP_TICKET_IS)
		return peer_role(peer) == ROLE_AUTH
			       ? on_ticket(ex, peer, f, err)
			       : threads_error_set(err, THREADS_EINVAL, "only auth gives tickets");
	if (f->type == HTTP_RESPONSE)
		return on_response(ex, f, err);
	if (f->type == IPC_ERROR)
		return on_error(ex, f, err);
	return on_stream_frame(ex, f, err);
}
