/* SPDX-License-Identifier: Apache-2.0 */
/* One request from its request line to its last byte. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/fields.h"
#include "http/server_internal.h"
#include "http/target.h"
#include "ipc/metric.h"

enum {
	ANSWER_BASE_MS = 60 * 1000,
	ANSWER_BYTES_PER_MS = 8,  /* a reader slower than 8 kB/s is cut off */
	UPLOAD_BYTES_PER_MS = 16, /* a sender slower than 16 kB/s is cut off */
};

struct http_request *request_new(struct http_server *server, struct MHD_Connection *mhd,
				 const char *target)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	*req = (struct http_request){
		.server = server,
		.mhd = mhd,
		.conn = info ? info->socket_context : NULL,
		.target = strdup(target),
		.target_end = (uintptr_t)target + strlen(target),
		.query = "",
		.path = STRBUF_INIT(GUARD_TARGET_MAX),
		.body = STRBUF_INIT(server->limits.body_max),
		.client = STRBUF_INIT(128),
		.out = STRBUF_INIT(HTTP_STREAM_BUFFER_MAX),
		.sink = { .fd = -1 },
		.start_ms = clock_monotonic_ms(),
	};
	if (!req->target) {
		free(req);
		return NULL;
	}
	public_id_make(req->id);
	if (req->conn)
		req->conn->req = req;
	server->busy++;
	return req;
}

/* The kind of address: a word of a short list, whatever was asked for. */
static enum metric_route route_of(const struct http_request *req)
{
	const char *path = strbuf_str(&req->path);

	if (strncmp(path, "/api/v1/auth/", 13) == 0)
		return ROUTE_AUTH;
	if (strncmp(path, "/api/", 5) == 0)
		return ROUTE_API;
	return strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 ? ROUTE_HEALTH
									     : ROUTE_FILE;
}

void request_free(struct http_request *req)
{
	struct http_server *server = req->server;

	if (server->handler.on_gone && req->checked)
		server->handler.on_gone(req, server->handler.arg);
	/* The path stands last: it may hold blanks. */
	log_info("request=%s method=%s status=%u ms=%lld bytes=%llu user=%s path=%s", req->id,
		 req->method, req->status, (long long)http_request_age_ms(req),
		 (unsigned long long)req->answer_length, *req->person ? req->person : "-",
		 req->path.len ? strbuf_str(&req->path) : "-");
	metric_add(METRIC_HTTP_REQUESTS, metric_http_which(route_of(req), req->status), 1);
	if (req->conn && req->conn->req == req)
		req->conn->req = NULL;
	if (req->response)
		MHD_destroy_response(req->response);
	if (req->sink.fd >= 0)
		close(req->sink.fd);
	free(req->target);
	strbuf_release(&req->path);
	strbuf_release(&req->body);
	strbuf_release(&req->client);
	strbuf_release(&req->out);
	server->busy--;
	free(req);
}

/* ---- the head ---- */

struct field_list {
	struct guard_field fields[GUARD_FIELDS_MAX + 1];
	size_t count;
	const char *forwarded; /* last X-Forwarded-For: the nearest proxy's */
	uintptr_t at;          /* end of what was looked at */
	bool torn;             /* there are bytes in the head that MHD does not show */
};

/* A line end, of which MHD makes NULs: CR LF or a bare LF. */
static bool is_line_end(uintptr_t from, uintptr_t to)
{
	return to - from == 1 || to - from == 2;
}

/*
 * MHD parses the head in place, so name, ":", value and line end must follow
 * each other without a gap. Where they do not, MHD hides something: a NUL that
 * cuts a value, a folded line (MHD 0.9.75 appends it to the *name*, so that
 * "Transfer-Encoding:" with "chunked" on the next line vanishes), or a line
 * with an empty name (which ends the head: the rest would be a request of its own).
 */
static void follow_field(struct field_list *list, const struct guard_field *field)
{
	const uintptr_t name = (uintptr_t)field->name, value = (uintptr_t)field->value;
	const uintptr_t colon = name + field->name_len;

	if (!is_line_end(list->at, name) || value <= colon || value - colon > MHD_MEMORY_BYTES) {
		list->torn = true;
		return;
	}
	for (const char *p = field->name + field->name_len + 1; p < field->value; p++)
		if (*p != ' ' && *p != '\t')
			list->torn = true;
	list->at = value + field->value_len;
}

static enum MHD_Result on_field(void *arg, enum MHD_ValueKind kind, const char *name,
				size_t name_len, const char *value, size_t value_len)
{
	struct field_list *list = arg;

	(void)kind;
	if (list->count == ARRAY_SIZE(list->fields))
		return MHD_NO;
	if (!name || !value) {
		list->torn = true;
		return MHD_YES;
	}
	list->fields[list->count] = (struct guard_field){ name, value, name_len, value_len };
	follow_field(list, &list->fields[list->count++]);
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		list->forwarded = value;
	return MHD_YES;
}

/* Whether the fields and the empty line are all there is between the request line and the body. */
static bool head_is_whole(const struct http_request *req, const char *method,
			  const struct field_list *list)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const uintptr_t end = info ? (uintptr_t)method + info->header_size : 0;

	return !list->torn && end - list->at >= 2 && end - list->at <= 4;
}

static void peer_address(struct http_request *req)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char text[INET6_ADDRSTRLEN] = "";

	if (info && info->client_addr && info->client_addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, info->client_addr, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
	} else if (info && info->client_addr && info->client_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, info->client_addr, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
	}
	strbuf_add_str(&req->client, text);
}

static void find_client(struct http_request *req, const char *forwarded)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (req->server->limits.trusted_proxy && forwarded) {
		field_forwarded(forwarded, &req->client);
		if (inet_pton(AF_INET, strbuf_str(&req->client), address) == 1 ||
		    inet_pton(AF_INET6, strbuf_str(&req->client), address) == 1)
			return;
		strbuf_reset(&req->client);
	}
	peer_address(req);
}

/* True if the request may be served; else it has its answer. */
static bool request_check(struct http_request *req, const char *method, const char *version)
{
	struct field_list list = { .at = (uintptr_t)version + strlen(version) };
	const struct guard_head head = { method, version, list.fields, 0 };
	struct guard_head full = head;
	const char *words = "";
	struct threads_error err;
	int status;

	MHD_get_connection_values_n(req->mhd, MHD_HEADER_KIND, on_field, &list);
	full.field_count = list.count;
	snprintf(req->method, sizeof(req->method), "%s", method);
	status = guard_check(&full, &req->framing, &words);
	if ((uintptr_t)version - req->target_end != 1)
		list.torn = true; /* a NUL in the request line */
	if (status == 0 && !head_is_whole(req, method, &list)) {
		words = "The head of the request is malformed.";
		status = 400;
	}
	if (status) {
		http_request_refuse(req, (unsigned)status, "bad-request", words);
		return false;
	}
	if (strlen(req->target) > GUARD_TARGET_MAX) {
		http_request_refuse(req, 414, "bad-request", "The address is too long.");
		return false;
	}
	if (target_parse(req->target, http_request_field(req, "Host"), &req->path, &req->query,
			 &err) < 0) {
		strbuf_reset(&req->path);
		http_request_refuse(req, 400, "bad-request", "The address is malformed.");
		return false;
	}
	find_client(req, list.forwarded);
	return true;
}

/* ---- the body ---- */

static void sink_write(struct request_sink *sink, const char *data, size_t size)
{
	size_t len = size < sink->left ? size : (size_t)sink->left;

	while (len > 0 && !sink->failed) {
		const ssize_t n =
			pwrite(sink->fd, data, len, (off_t)(sink->offset + sink->written));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			sink->failed = true;
			return;
		}
		data += n;
		len -= (size_t)n;
		sink->written += (size_t)n;
		sink->left -= (size_t)n;
	}
}

/* False when the sender must be cut off. */
static bool take_body(struct http_request *req, const char *data, size_t size)
{
	if (req->response || req->overflow) {
		req->discarded += size;
		return req->discarded <= req->server->limits.upload_max;
	}
	if (req->take == TAKE_UPLOAD) {
		sink_write(&req->sink, data, size);
		return true;
	}
	strbuf_add(&req->body, data, size);
	if (req->body.failed)
		req->overflow = true;
	return true;
}

static enum MHD_Result answer(struct http_request *req)
{
	const enum MHD_Result ok = MHD_queue_response(req->mhd, req->status, req->response);

	MHD_destroy_response(TAKE_PTR(req->response));
	req->stage = STAGE_ANSWERED;
	server_deadline(req->server, req->conn,
			ANSWER_BASE_MS + (int64_t)(req->answer_length / ANSWER_BYTES_PER_MS));
	return ok;
}

static int64_t body_deadline_ms(const struct http_request *req)
{
	return req->server->limits.body_ms + (int64_t)(req->framing.length / UPLOAD_BYTES_PER_MS);
}

static enum MHD_Result step_head(struct http_request *req, const char *method, const char *version)
{
	const struct http_handler *handler = &req->server->handler;

	if (!req->checked) {
		req->checked = true;
		req->malformed = !request_check(req, method, version);
		if (!req->malformed)
			handler->on_head(req, handler->arg);
		if (!req->response && req->take == TAKE_UPLOAD)
			handler->on_upload(req, handler->arg);
	}
	/* Answering before the body was read closes the connection. Only so if the
	 * framing cannot be trusted or the body is large: a browser would report a
	 * reset connection instead of our words. */
	if (req->response &&
	    (req->malformed || req->framing.length > req->server->limits.upload_max))
		return answer(req);
	if (!req->response && req->take == TAKE_UPLOAD && req->sink.fd < 0) {
		request_suspend(req);
		return MHD_YES;
	}
	req->stage = STAGE_BODY;
	server_deadline(req->server, req->conn, body_deadline_ms(req));
	return MHD_YES;
}

static enum MHD_Result step_ready(struct http_request *req)
{
	const struct http_handler *handler = &req->server->handler;

	if (req->stage == STAGE_BODY) {
		req->stage = STAGE_READY;
		if (req->overflow)
			http_request_refuse(req, 413, "too-large", "The request is too large.");
		if (!req->response)
			handler->on_ready(req, handler->arg);
	}
	if (req->response)
		return answer(req);
	request_suspend(req);
	return MHD_YES;
}

enum MHD_Result request_step(struct http_request *req, const char *method, const char *version,
			     const char *data, size_t *size)
{
	if (req->server->closing || req->stage == STAGE_ANSWERED)
		return MHD_NO;
	if (req->stage == STAGE_HEAD)
		return step_head(req, method, version);
	if (*size > 0) {
		const bool go_on = take_body(req, data, *size);

		*size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	return step_ready(req);
}

void http_request_take_upload(struct http_request *req)
{
	req->take = TAKE_UPLOAD;
}

void http_request_upload_to(struct http_request *req, int fd, uint64_t offset, uint64_t length)
{
	if (req->response || req->sink.fd >= 0) {
		close(fd);
		return;
	}
	req->sink = (struct request_sink){ .fd = fd, .offset = offset, .left = length };
	request_resume(req);
}

int64_t http_request_uploaded(const struct http_request *req)
{
	return req->sink.failed ? -1 : (int64_t)req->sink.written;
}
