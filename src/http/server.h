/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server as the rest of this role sees it. libmicrohttpd stands
 * behind it, driven by our own loop (external epoll: MHD's internal one stalls
 * when exactly 128 sockets are ready), and could be exchanged.
 *
 * Life of a request:
 *	on_head		the head passed the guard. Reply, or say what to do with the body.
 *	on_upload	only after http_request_take_upload(): time to find a descriptor;
 *			answer with http_request_upload_to() or a reply. May take long.
 *	on_ready	the body is complete. Reply now or later.
 *	on_gone		the request is over, answered or not. Free what belongs to it.
 */
#ifndef THREADS_HTTP_SERVER_H
#define THREADS_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"
#include "ipc/loop.h"

struct http_server;
struct http_request;

struct http_limits {
	unsigned connections;
	size_t body_max;     /* bytes of a collected body */
	uint64_t upload_max; /* bytes of an upload */
	int64_t head_ms;     /* from the first moment of a connection, or its last answer */
	int64_t body_ms;     /* for a collected body; an upload gets more by its length */
	bool trusted_proxy;  /* the client's address is in X-Forwarded-For */
	const char *hsts;    /* value of Strict-Transport-Security, or NULL */
};

struct http_handler {
	void (*on_head)(struct http_request *req, void *arg);
	void (*on_upload)(struct http_request *req, void *arg);
	void (*on_ready)(struct http_request *req, void *arg);
	void (*on_gone)(struct http_request *req, void *arg);
	void *arg;
};

enum { HTTP_HEADERS_MAX = 16, HTTP_STREAM_BUFFER_MAX = 256 * 1024 };

struct http_header {
	const char *name, *value;
};

/* Everything is copied except a static body and fd, which is taken over (also on failure). */
struct http_reply {
	unsigned status;
	const char *content_type; /* NULL: none */
	const char *csp;          /* NULL: policy_csp_data */
	const char *cache;        /* NULL: "no-store" */
	const void *body;
	size_t body_len;
	bool body_static; /* lives as long as the process: not copied */
	bool has_fd;      /* body = length bytes at offset of fd */
	int fd;
	uint64_t offset, length;
	bool stream; /* body comes by http_request_write() */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
};

/*
 * Serves listen_fd (stays the caller's) until http_server_free(). handler is
 * copied, limits too (hsts borrowed). Errors: THREADS_EIO, THREADS_ENOMEM.
 */
int http_server_new(struct loop *loop, int listen_fd, const struct http_limits *limits,
		    const struct http_handler *handler, struct http_server **ret_server,
		    struct threads_error *err) MUST_CHECK;

/* Sizes of bodies that begin from now on; the other limits stay. */
void http_server_set_sizes(struct http_server *server, uint64_t upload_max, size_t body_max);

/* Stops accepting; what is being served goes on. */
void http_server_quiesce(struct http_server *server);
/* Requests in progress (not idle connections). */
size_t http_server_busy(const struct http_server *server);
/* Ends everything at once. Accepts NULL, returns NULL. */
struct http_server *http_server_free(struct http_server *server);

/* Facts about a request; text is borrowed until on_gone() returned, "" where absent. */
const char *http_request_method(const struct http_request *req);
bool http_request_is_get(const struct http_request *req); /* GET or HEAD */
const char *http_request_path(const struct http_request *req);
const char *http_request_query(const struct http_request *req);
const char *http_request_field(const struct http_request *req, const char *name);
const char *http_request_client(const struct http_request *req);
const char *http_request_id(const struct http_request *req);
/* Who asks stands in the log with the request. What is no public id is left out. */
void http_request_set_person(struct http_request *req, const char *user_id);
bool http_request_has_body(const struct http_request *req);
/* Announced length of the body; -1 when it comes in chunks. */
int64_t http_request_length(const struct http_request *req);
/* The collected body, in on_ready(). */
const struct strbuf *http_request_body(const struct http_request *req);
int64_t http_request_age_ms(const struct http_request *req);

void http_request_set_user(struct http_request *req, void *user);
void *http_request_user(const struct http_request *req);

/* In on_head: the body shall go to a descriptor; on_upload is called next. */
void http_request_take_upload(struct http_request *req);
/* The descriptor is taken over. At most length bytes are written from offset on. */
void http_request_upload_to(struct http_request *req, int fd, uint64_t offset, uint64_t length);
/* Bytes written so far, or -1 if writing failed. */
int64_t http_request_uploaded(const struct http_request *req);

/* Answers once; later calls do nothing (but close the descriptor). */
void http_request_reply(struct http_request *req, struct http_reply *reply);
/* A problem+json answer with words of our own; title and detail as in problem.h. */
void http_request_refuse(struct http_request *req, unsigned status, const char *kind,
			 const char *title);
bool http_request_replied(const struct http_request *req);

/* A stream's next bytes. A browser that reads too slowly to keep within
 * HTTP_STREAM_BUFFER_MAX is cut off. */
void http_request_write(struct http_request *req, const void *data, size_t len);
void http_request_write_end(struct http_request *req);

/* Adds a header to reply; does nothing when it is full. Values with control bytes are dropped. */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

#endif
