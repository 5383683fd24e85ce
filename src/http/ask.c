/* SPDX-License-Identifier: Apache-2.0 */
/* The questions that http asks auth and api. */
#include "core/utf8.h"
#include "http/gateway_internal.h"
#include "ipc/memfd.h"

enum { AGENT_MAX = 200, FIELD_MAX = 4096 };

/* Bytes of a browser's header field as text: repaired, and cut at max. */
static void put_field(struct frame *f, const char *value, size_t max)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT((size_t)FIELD_MAX * 3);
	const size_t len = strlen(value);

	utf8_append_repaired(&text, value, utf8_cut(value, len < max ? len : max));
	frame_put_text(f, strbuf_str(&text));
}

int ask_ticket(struct exchange *ex, struct peer *auth, bool renew, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const uint32_t id = peer_next_id(auth);

	frame_begin(&f, HTTP_TICKET, id);
	frame_put_text(&f, strbuf_str(&ex->session));
	frame_put_text(&f, http_request_client(ex->req));
	frame_put_int(&f, http_request_is_get(ex->req) ? 0 : 1);
	if (renew) {
		ex->renewer = auth;
		ex->renew_id = id;
	} else {
		ex->peer = auth;
		ex->id = id;
	}
	return peer_send(auth, &f, err);
}

static void put_browser_fields(struct frame *f, const struct exchange *ex)
{
	struct http_request *req = ex->req;

	put_field(f, http_request_client(req), FIELD_MAX);
	put_field(f, http_request_field(req, "User-Agent"), AGENT_MAX);
	put_field(f, http_request_field(req, "Content-Type"), FIELD_MAX);
	put_field(f, http_request_field(req, "If-None-Match"), FIELD_MAX);
	put_field(f, http_request_field(req, "Range"), FIELD_MAX);
	put_field(f, http_request_field(req, "Idempotency-Key"), FIELD_MAX);
	frame_put_text(f, ex->gateway->origin);
}

int ask_request(struct exchange *ex, struct peer *peer, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int body_fd = -1;
	const struct strbuf *body = http_request_body(ex->req);
	const bool to_auth = ex->target == ROLE_AUTH;

	if (body->len > GATEWAY_INLINE_BODY_MAX) {
		const int rc = memfd_from("body", body->data, body->len, &body_fd, err);

		if (rc < 0)
			return rc;
	}
	ex->peer = peer;
	ex->id = peer_next_id(peer);
	frame_begin(&f, HTTP_REQUEST, ex->id);
	frame_put_text(&f, http_request_is_get(ex->req) ? "GET" : http_request_method(ex->req));
	frame_put_text(&f, http_request_path(ex->req));
	frame_put_text(&f, http_request_query(ex->req));
	frame_put_text(&f, to_auth ? strbuf_str(&ex->session) : "");
	frame_put_text(&f, to_auth ? strbuf_str(&ex->pending) : "");
	put_browser_fields(&f, ex);
	frame_put_bytes(&f, ex->ticket.data, to_auth ? 0 : ex->ticket.len);
	frame_put_bytes(&f, body->data, body_fd < 0 ? body->len : 0);
	frame_put_int(&f, ex->upload ? http_request_length(ex->req) : -1);
	if (body_fd >= 0)
		frame_put_fd(&f, body_fd);
	return peer_send(peer, &f, err);
}

int ask_upload_done(struct exchange *ex, int64_t bytes, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, HTTP_UPLOAD_DONE, ex->id);
	frame_put_int(&f, bytes);
	return peer_send(ex->peer, &f, err);
}

int ask_stream(struct exchange *ex, uint16_t type, const void *data, size_t len,
	       struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, ex->id);
	if (type == HTTP_STREAM_TICKET)
		frame_put_bytes(&f, data, len);
	return peer_send(ex->peer, &f, err);
}
