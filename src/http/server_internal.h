/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that know MHD share: server.c (daemon, loop) stands on request.c
 * (one request), which stands on answer.c and request_facts.c, and all on turn.c.
 */
#ifndef THREADS_HTTP_SERVER_INTERNAL_H
#define THREADS_HTTP_SERVER_INTERNAL_H

#include <microhttpd.h>
#include <sys/queue.h>

#include "core/random_id.h"
#include "http/guard.h"
#include "http/server.h"

enum { MHD_MEMORY_BYTES = 32 * 1024 }; /* of one connection: request line and header fields */
enum { SERVER_TICK_MS = 500 };

/* One TCP connection. Its deadline is absolute: trickling bytes do not move it. */
struct http_conn {
	LIST_ENTRY(http_conn) link;
	int fd;
	int64_t since_ms;    /* when this deadline was set, monotonic */
	int64_t deadline_ms; /* 0 = none: nobody waits for the browser */
	struct http_request *req;
};

LIST_HEAD(http_conn_list, http_conn);

struct http_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct loop_timer *run_timer;  /* when MHD wants to run without an event */
	struct loop_timer *tick_timer; /* looks at deadlines while there are connections */
	struct http_limits limits;
	struct http_handler handler;
	struct http_conn_list conns;
	size_t conn_count;
	bool conn_ended; /* in the turn of MHD that runs */
	size_t busy;
	bool closing;
};

enum request_stage {
	STAGE_HEAD,     /* until the handler decided about the body */
	STAGE_BODY,     /* the body comes in */
	STAGE_READY,    /* the handler has it all */
	STAGE_ANSWERED, /* MHD sends */
};

enum request_take { TAKE_COLLECT, TAKE_UPLOAD };

/* Where an upload goes. */
struct request_sink {
	int fd; /* -1 until known */
	uint64_t offset, left, written;
	bool failed;
};

struct http_request {
	struct http_server *server;
	struct http_conn *conn;
	struct MHD_Connection *mhd;
	char *target;
	uintptr_t target_end; /* in MHD's buffer */
	char id[PUBLIC_ID_SIZE];
	char person[PUBLIC_ID_SIZE]; /* who is signed in, for the log; "": not known */
	char method[8];
	const char *query;
	struct strbuf path, body, client;
	struct strbuf out; /* of a stream */
	struct guard_framing framing;
	struct request_sink sink;
	uint64_t discarded;
	enum request_stage stage;
	enum request_take take;
	bool checked, malformed, suspended, stream_ended, stream_cut, overflow;
	struct MHD_Response *response;
	unsigned status;
	uint64_t answer_length;
	int64_t start_ms;
	void *user;
};

/* Made when the request line is there; NULL without memory. */
struct http_request *request_new(struct http_server *server, struct MHD_Connection *mhd,
				 const char *target);
void request_free(struct http_request *req);

/* MHD's access handler for one request. */
enum MHD_Result request_step(struct http_request *req, const char *method, const char *version,
			     const char *data, size_t *size);

/* MHD leaves it alone until request_resume(). */
void request_suspend(struct http_request *req);
void request_resume(struct http_request *req);

/* Has MHD run as soon as the loop turns. */
void server_kick(struct http_server *server);

/* Sets the connection's absolute deadline, counted from now; 0 for none. */
void server_deadline(struct http_server *server, struct http_conn *conn, int64_t in_ms);

#endif
