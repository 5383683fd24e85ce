/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests under /api/v1 on their way to auth and api and back: a ticket from
 * auth for each, uploads into a descriptor that api hands out, event streams.
 * When api died, a GET is repeated once; when a role is away, requests wait for
 * it GATEWAY_WAIT_MS.
 */
#ifndef THREADS_HTTP_GATEWAY_H
#define THREADS_HTTP_GATEWAY_H

#include "http/server.h"
#include "ipc/peer.h"

struct gateway;

struct gateway_limits {
	int64_t wait_ms;   /* for a role that is away */
	int64_t answer_ms; /* for an answer of a role that is there */
	int64_t beat_ms;   /* between two signs of life on a stream */
	int64_t ticket_ms; /* between two tickets of a stream */
};

extern const struct gateway_limits gateway_defaults;

enum {
	GATEWAY_STREAMS_PER_SESSION = 4,     /* the oldest ends when a fifth opens */
	GATEWAY_INLINE_BODY_MAX = 96 * 1024, /* larger bodies travel as a sealed memfd */
};

/* origin ("http://localhost:8420") is copied. Errors: THREADS_ENOMEM. */
int gateway_new(struct loop *loop, const char *origin, const struct gateway_limits *limits,
		struct gateway **ret_gateway, struct threads_error *err) MUST_CHECK;
struct gateway *gateway_free(struct gateway *gateway); /* accepts NULL, returns NULL */

/* Who makes lost links anew; borrowed. Without (in tests) nobody does. */
void gateway_set_supervisor(struct gateway *gateway, struct peer *supervisor);

/* A connection to auth or api; takes over fd. */
int gateway_add_peer(struct gateway *gateway, enum role role, int64_t instance, int fd,
		     struct threads_error *err) MUST_CHECK;

/* A complete request (handler's on_ready), also after an upload. */
void gateway_serve(struct gateway *gateway, struct http_request *req);
/* The head of an upload (handler's on_upload). */
void gateway_begin_upload(struct gateway *gateway, struct http_request *req);
/* The request is over (handler's on_gone). */
void gateway_forget(struct gateway *gateway, struct http_request *req);

/* Ends all streams and refuses what waits: the process is stopping. */
void gateway_drain(struct gateway *gateway);

#endif
