/* SPDX-License-Identifier: Apache-2.0 */
/* One request in flight, shared by gateway.c (steps), ask.c (frames out) and reply.c (frames in). */
#ifndef THREADS_HTTP_GATEWAY_INTERNAL_H
#define THREADS_HTTP_GATEWAY_INTERNAL_H

#include <sys/queue.h>

#include "http/gateway.h"

enum exchange_step {
	STEP_WANT_TICKET, /* no auth there yet */
	STEP_ASKED_TICKET,
	STEP_WANT_ANSWER, /* no auth or api there yet */
	STEP_ASKED,
	STEP_UPLOADING, /* the browser sends, we write */
	STEP_STREAMING,
	STEP_DONE, /* the answer is with the server */
};

enum { EXCHANGE_TICKET_MAX = 2048, EXCHANGE_COOKIE_MAX = 256 };

struct exchange {
	LIST_ENTRY(exchange) link;
	struct gateway *gateway;
	struct http_request *req;
	enum exchange_step step;
	enum role target;  /* ROLE_AUTH or ROLE_API */
	struct peer *peer; /* the one that was asked last */
	uint32_t id;
	struct peer *renewer; /* auth, asked for the next ticket of a stream */
	uint32_t renew_id;
	bool upload, repeated;
	int64_t since_ms; /* of this step, monotonic */
	int64_t beat_ms, ticket_ms;
	struct strbuf session, pending, ticket;
};

LIST_HEAD(exchange_list, exchange);

struct upstream {
	LIST_ENTRY(upstream) link;
	struct peer *peer;
};

LIST_HEAD(upstream_list, upstream);

struct gateway {
	struct loop *loop;
	struct peer *supervisor; /* borrowed, may be NULL */
	struct loop_timer *tick;
	struct gateway_limits limits;
	char *origin;
	struct exchange_list exchanges;
	struct upstream_list upstreams;
};

void exchange_step_to(struct exchange *ex, enum exchange_step step);

/* Does what can be done now: asks for the ticket, then for the answer. */
void exchange_advance(struct exchange *ex);

/* Sends the question for a ticket to auth. renew: for a stream that is open. */
int ask_ticket(struct exchange *ex, struct peer *auth, bool renew, struct threads_error *err);
/* Sends the request itself. */
int ask_request(struct exchange *ex, struct peer *peer, struct threads_error *err);
/* Tells api how an upload ended: bytes written, or -1. */
int ask_upload_done(struct exchange *ex, int64_t bytes, struct threads_error *err);
/* HTTP_STREAM_TICKET with data, or HTTP_STREAM_END without. */
int ask_stream(struct exchange *ex, uint16_t type, const void *data, size_t len,
	       struct threads_error *err);

/* A frame from auth or api. */
int reply_on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err);

#endif
