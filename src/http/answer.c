/* SPDX-License-Identifier: Apache-2.0 */
/* The making of answers: bodies from memory, from a descriptor, as a stream; the headers of all. */
#include <sys/socket.h>

#include "core/log.h"
#include "http/policy.h"
#include "http/problem.h"
#include "http/server_internal.h"

enum { READ_BLOCK = 32 * 1024 };

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return;
	if (reply->header_count < HTTP_HEADERS_MAX)
		reply->headers[reply->header_count++] = (struct http_header){ name, value };
}

/* A body read from a descriptor. */
struct fd_body {
	int fd;
	uint64_t offset;
};

static ssize_t fd_read(void *arg, uint64_t pos, char *buf, size_t max)
{
	const struct fd_body *body = arg;
	ssize_t n;

	do
		n = pread(body->fd, buf, max, (off_t)(body->offset + pos));
	while (n < 0 && errno == EINTR);
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void fd_free(void *arg)
{
	struct fd_body *body = arg;

	close(body->fd);
	free(body);
}

static struct MHD_Response *fd_response(const struct http_reply *reply)
{
	struct fd_body *body = calloc(1, sizeof(*body));
	struct MHD_Response *response;

	if (!body) {
		close(reply->fd);
		return NULL;
	}
	*body = (struct fd_body){ reply->fd, reply->offset };
	response = MHD_create_response_from_callback(reply->length, READ_BLOCK, fd_read, body,
						     fd_free);
	if (!response)
		fd_free(body);
	return response;
}

static ssize_t stream_read(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct http_request *req = arg;
	const size_t len = req->out.len < max ? req->out.len : max;

	(void)pos;
	if (req->stream_cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (len > 0) {
		memcpy(buf, req->out.data, len);
		memmove(req->out.data, req->out.data + len, req->out.len - len);
		req->out.len -= len;
		return (ssize_t)len;
	}
	if (req->stream_ended || req->server->closing)
		return MHD_CONTENT_READER_END_OF_STREAM;
	/* Returning 0 without this would be a busy loop. */
	request_suspend(req);
	return 0;
}

static struct MHD_Response *body_response(struct http_request *req, const struct http_reply *reply)
{
	union {
		const void *in;
		void *out;
	} body = { .in = reply->body_len ? reply->body : "" };

	if (reply->stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, req,
							 NULL);
	if (reply->has_fd)
		return fd_response(reply);
	return MHD_create_response_from_buffer(reply->body_len, body.out,
					       reply->body_static ? MHD_RESPMEM_PERSISTENT
								  : MHD_RESPMEM_MUST_COPY);
}

static void add_headers(const struct http_request *req, struct MHD_Response *response,
			const struct http_reply *reply)
{
	size_t count;
	const struct policy_header *fixed = policy_fixed_headers(&count);

	for (size_t i = 0; i < count; i++)
		MHD_add_response_header(response, fixed[i].name, fixed[i].value);
	if (req->server->limits.hsts)
		MHD_add_response_header(response, "Strict-Transport-Security",
					req->server->limits.hsts);
	MHD_add_response_header(response, "X-Request-Id", req->id);
	MHD_add_response_header(response, "Content-Security-Policy",
				reply->csp ? reply->csp : policy_csp_data);
	MHD_add_response_header(response, "Cache-Control",
				reply->cache ? reply->cache : "no-store");
	if (reply->content_type)
		MHD_add_response_header(response, "Content-Type", reply->content_type);
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
}

void http_request_reply(struct http_request *req, struct http_reply *reply)
{
	if (http_request_replied(req)) {
		if (reply->has_fd)
			close(reply->fd);
		return;
	}
	req->response = body_response(req, reply);
	if (!req->response) {
		log_error("request=%s no memory for the answer", req->id);
		if (req->conn)
			shutdown(req->conn->fd, SHUT_RDWR);
		return;
	}
	req->status = reply->status;
	req->answer_length = reply->has_fd ? reply->length : reply->body_len;
	add_headers(req, req->response, reply);
	request_resume(req);
}

void http_request_refuse(struct http_request *req, unsigned status, const char *kind,
			 const char *title)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT(PROBLEM_MAX);
	const struct problem problem = { status, kind, title, NULL };
	struct http_reply reply = { .status = status, .content_type = problem_media_type };

	problem_append(&body, &problem);
	reply.body = strbuf_str(&body);
	reply.body_len = body.len;
	if (status == 405)
		http_reply_header(&reply, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
	if (status == 503)
		http_reply_header(&reply, "Retry-After", "2");
	http_request_reply(req, &reply);
}

bool http_request_replied(const struct http_request *req)
{
	return req->response || req->stage == STAGE_ANSWERED;
}

void http_request_write(struct http_request *req, const void *data, size_t len)
{
	strbuf_add(&req->out, data, len);
	if (req->out.failed)
		req->stream_cut = true;
	if (req->stage == STAGE_ANSWERED)
		request_resume(req);
}

void http_request_write_end(struct http_request *req)
{
	req->stream_ended = true;
	if (req->stage == STAGE_ANSWERED)
		request_resume(req);
}
