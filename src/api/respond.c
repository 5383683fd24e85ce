/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of request.h. */
#include "api/request.h"

#include "api/request_internal.h"
#include "core/log.h"
#include "ipc/memfd.h"

enum { INLINE_MAX = 96 * 1024, JSON_MAX = 64 << 20 };

void response_begin(struct frame *f, const struct request *r, int status, const char *content_type,
		    const struct response_header *headers)
{
	int64_t count = 0;

	frame_begin(f, HTTP_RESPONSE, r->id);
	frame_put_int(f, status);
	frame_put_text(f, content_type);
	while (headers && headers[count].name)
		count++;
	frame_put_int(f, count);
	for (int64_t i = 0; i < count; i++) {
		frame_put_text(f, headers[i].name);
		frame_put_text(f, headers[i].value);
	}
}

static void send_frame(struct request *r, const struct frame *f)
{
	struct threads_error err;

	if (!r->api->http || peer_send(r->api->http, f, &err) == 0)
		return;
	log_warning("answer to http: %s", err.text);
}

void response_send(struct request *r, const struct frame *f)
{
	send_frame(r, f);
	request_free(r);
}

static void put_kind(struct frame *f, enum http_body kind, int64_t offset, int64_t length)
{
	frame_put_int(f, kind);
	frame_put_int(f, offset);
	frame_put_int(f, length);
}

void respond_fd(struct request *r, const char *content_type, int fd, int64_t offset, int64_t length,
		const struct response_header *headers)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	response_begin(&f, r, 200, content_type, headers);
	frame_put_bytes(&f, NULL, 0);
	put_kind(&f, HTTP_BODY_FD, offset, length);
	frame_put_fd(&f, fd);
	response_send(r, &f);
}

void respond_bytes(struct request *r, int status, const char *content_type, const void *data,
		   size_t len, const struct response_header *headers)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	AUTO_FD int fd = -1;

	response_begin(&f, r, status, content_type, headers);
	if (len <= INLINE_MAX) {
		frame_put_bytes(&f, data, len);
		put_kind(&f, HTTP_BODY_INLINE, 0, (int64_t)len);
	} else if (memfd_from("threads-answer", data, len, &fd, &err) == 0) {
		frame_put_bytes(&f, NULL, 0);
		put_kind(&f, HTTP_BODY_FD, 0, (int64_t)len);
		frame_put_fd(&f, fd);
	} else {
		respond_error(r, &err);
		return;
	}
	response_send(r, &f);
}

void respond_json(struct request *r, int status, json_t *json)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(JSON_MAX);
	CLEANUP(json_freep) json_t *own = json;
	struct threads_error err = { .code = THREADS_ENOMEM, .text = "out of memory" };

	if (!own || json_append(&text, own, &err) < 0) {
		respond_error(r, &err);
		return;
	}
	respond_bytes(r, status, "application/json", strbuf_str(&text), text.len, NULL);
}

void respond_empty(struct request *r, int status)
{
	respond_bytes(r, status, status == 204 ? "" : "application/json", "{}",
		      status == 204 ? 0 : 2, NULL);
}

void respond_problem(struct request *r, int status, const char *kind, const char *title,
		     const char *detail)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(4096);
	CLEANUP(json_freep)
	json_t *json = json_pack("{s:s+, s:s, s:i, s:s*}", "type", "/problems/", kind, "title",
				 title, "status", status, "detail", detail);
	struct threads_error err;

	if (!json || json_append(&text, json, &err) < 0) {
		strbuf_reset(&text);
		strbuf_add_str(&text, "{\"type\":\"/problems/internal\",\"status\":500}");
		status = 500;
	}
	respond_bytes(r, status, "application/problem+json", strbuf_str(&text), text.len, NULL);
}

void respond_not_found(struct request *r)
{
	/* http answers unknown paths with these very bytes. */
	static const char body[] =
		"{\"type\":\"/problems/not-found\",\"title\":\"Not found.\",\"status\":404}";

	respond_bytes(r, 404, "application/problem+json", body, sizeof(body) - 1, NULL);
}

void respond_error(struct request *r, const struct threads_error *err)
{
	switch (err->code) {
	case THREADS_EINVAL:
		respond_problem(r, 400, "bad-request", err->text, NULL);
		return;
	case THREADS_EDENIED:
		respond_problem(r, 403, "denied", err->text, NULL);
		return;
	case THREADS_ENOENT:
		respond_not_found(r);
		return;
	case THREADS_ELIMIT:
		respond_problem(r, 413, "too-large", err->text, NULL);
		return;
	case THREADS_EAGAIN:
		respond_problem(r, 503, "unavailable", "The hub is busy. Try again in a moment.",
				err->text);
		return;
	case THREADS_ENOMEM:
	case THREADS_EIO:
	case THREADS_EBUG:
		break;
	}
	log_error("request: %s", err->text);
	respond_problem(r, 500, "internal", "Something went wrong in the hub.",
			"The log of the hub says what.");
}

void respond_upload(struct request *r, int fd, int64_t offset, int64_t length, upload_done_fn *done)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	r->upload_done = done;
	response_begin(&f, r, 200, "", NULL);
	frame_put_bytes(&f, NULL, 0);
	put_kind(&f, HTTP_BODY_UPLOAD, offset, length);
	frame_put_fd(&f, fd);
	send_frame(r, &f); /* the request lives on */
}

int request_on_upload_done(struct api *api, struct frame *f, struct threads_error *err)
{
	const int64_t written = frame_get_int(f);
	struct request *r;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	LIST_FOREACH(r, &api->requests, link)
	if (r->id == f->id && r->upload_done)
		break;
	if (!r)
		return threads_error_set(err, THREADS_EINVAL, "an upload nobody knows");
	if (written < 0)
		request_free(r); /* the browser went away: no answer is expected */
	else
		r->upload_done(r, written);
	return 0;
}
