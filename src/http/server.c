/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <stdint.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/server_internal.h"

enum {
	IDLE_TIMEOUT_S = 60,    /* MHD's own: moved by every byte, so only a second net */
	SPARE_CONNECTIONS = 64, /* beyond the limit, for the moment until MHD has closed others */
	BODY_GRACE_MS = 2000,   /* before that no body and no reader is cut */
};

static void server_run(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	MHD_run(server->daemon);
	/* Without a free descriptor MHD stops to accept until a connection ends, and then looks
	 * at the listening socket only in its next turn: nothing else might bring that. */
	if (server->conn_ended) {
		server->conn_ended = false;
		MHD_run(server->daemon);
	}
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		loop_timer_set(server->run_timer, wait_ms > 60000 ? 60000 : (int64_t)wait_ms);
	else
		loop_timer_set(server->run_timer, -1);
}

static void on_epoll(int fd, uint32_t events, void *arg)
{
	(void)fd;
	(void)events;
	server_run(arg);
}

static void on_run_timer(void *arg)
{
	server_run(arg);
}

/* MHD sees the end of the stream and closes. */
static void conn_cut(struct http_conn *conn)
{
	conn->deadline_ms = 0;
	shutdown(conn->fd, SHUT_RDWR);
}

static void on_tick(void *arg)
{
	struct http_server *server = arg;
	const int64_t now_ms = clock_monotonic_ms();
	struct http_conn *conn;

	LIST_FOREACH(conn, &server->conns, link)
		if (conn->deadline_ms != 0 && conn->deadline_ms <= now_ms)
			conn_cut(conn);
	if (!LIST_EMPTY(&server->conns))
		loop_timer_set(server->tick_timer, SERVER_TICK_MS);
}

static bool conn_in_head(const struct http_conn *conn)
{
	return !conn->req || conn->req->stage == STAGE_HEAD;
}

/*
 * When connections become short, the one that has kept us waiting longest gives
 * way to the newest: first those between requests or inside a head, then slow
 * bodies and slow readers. Holding connections open so locks nobody out.
 */
static void make_room(struct http_server *server)
{
	const int64_t young_ms = clock_monotonic_ms() - BODY_GRACE_MS;
	struct http_conn *conn, *head = NULL, *other = NULL;

	if (server->conn_count < server->limits.connections)
		return;
	LIST_FOREACH(conn, &server->conns, link) {
		if (conn->deadline_ms == 0)
			continue;
		if (conn_in_head(conn)) {
			if (!head || conn->since_ms <= head->since_ms)
				head = conn;
		} else if (conn->since_ms < young_ms &&
			   (!other || conn->since_ms <= other->since_ms)) {
			other = conn;
		}
	}
	if (head || other)
		conn_cut(head ? head : other);
}

static void conn_begin(struct http_server *server, struct MHD_Connection *mhd, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return; /* served without a deadline of its own; MHD's still holds */
	conn->fd = info ? info->connect_fd : -1;
	make_room(server);
	LIST_INSERT_HEAD(&server->conns, conn, link);
	server->conn_count++;
	server_deadline(server, conn, server->limits.head_ms);
	*context = conn;
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = arg;
	struct http_conn *conn = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_begin(server, mhd, context);
	} else if (conn) {
		server->conn_ended = true;
		LIST_REMOVE(conn, link);
		server->conn_count--;
		*context = NULL;
		free(conn);
	}
}

static void *on_request_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct http_server *server = arg;

	return request_new(server, mhd, target ? target : "");
}

/* The parameters are those of MHD_AccessHandlerCallback. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_access(void *arg, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *size, void **context)
{
	struct http_request *req = *context;

	(void)arg;
	(void)mhd;
	(void)url; /* target.c reads the raw one */
	return req ? request_step(req, method, version, data, size) : MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct http_server *server = arg;
	struct http_request *req = *context;

	(void)mhd;
	(void)code;
	if (!req)
		return;
	*context = NULL;
	/* The next request of a kept connection has as long as the first one had. */
	server_deadline(server, req->conn, server->limits.head_ms);
	request_free(req);
}

/* MHD would decode "%00" in place and cut the string; target.c decodes. */
static size_t keep_escaped(void *arg, struct MHD_Connection *mhd, char *text)
{
	(void)arg;
	(void)mhd;
	return strlen(text);
}

static int daemon_start(struct http_server *server, int listen_fd, struct threads_error *err)
{
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		server->limits.connections + SPARE_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MHD_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped,
		NULL, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, server, MHD_OPTION_END);
	if (!server->daemon)
		return threads_error_set(err, THREADS_EIO, "libmicrohttpd does not start: %m");
	return 0;
}

static int loop_attach(struct http_server *server, struct threads_error *err)
{
	const union MHD_DaemonInfo *info;
	int rc = loop_timer_add(server->loop, on_run_timer, server, &server->run_timer, err);

	if (rc == 0)
		rc = loop_timer_add(server->loop, on_tick, server, &server->tick_timer, err);
	if (rc < 0)
		return rc;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return threads_error_set(err, THREADS_EIO, "libmicrohttpd has no epoll descriptor");
	rc = loop_watch_add(server->loop, info->epoll_fd, EPOLLIN, on_epoll, server, &server->watch,
			    err);
	if (rc == 0)
		server_kick(server); /* MHD adds the listening socket at its first run */
	return rc;
}

int http_server_new(struct loop *loop, int listen_fd, const struct http_limits *limits,
		    const struct http_handler *handler, struct http_server **ret_server,
		    struct threads_error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int rc;

	if (!server)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*server = (struct http_server){ .loop = loop, .limits = *limits, .handler = *handler };
	LIST_INIT(&server->conns);
	rc = daemon_start(server, listen_fd, err);
	if (rc == 0)
		rc = loop_attach(server, err);
	if (rc < 0) {
		http_server_free(server);
		return rc;
	}
	*ret_server = server;
	return 0;
}

void http_server_set_sizes(struct http_server *server, uint64_t upload_max, size_t body_max)
{
	server->limits.upload_max = upload_max;
	server->limits.body_max = body_max;
}

void http_server_quiesce(struct http_server *server)
{
	MHD_quiesce_daemon(server->daemon);
}

size_t http_server_busy(const struct http_server *server)
{
	return server->busy;
}

/* MHD panics when it is stopped with suspended connections. */
static void resume_all(struct http_server *server)
{
	struct http_conn *conn;

	LIST_FOREACH(conn, &server->conns, link)
		if (conn->req)
			request_resume(conn->req);
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	server->closing = true;
	server->watch = loop_watch_remove(server->watch);
	if (server->daemon) {
		/* The listening socket is the role's: taken back before MHD would close it. */
		MHD_quiesce_daemon(server->daemon);
		resume_all(server);
		MHD_stop_daemon(server->daemon);
	}
	server->run_timer = loop_timer_remove(server->run_timer);
	server->tick_timer = loop_timer_remove(server->tick_timer);
	free(server);
	return NULL;
}
