/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: until when a connection may keep us waiting, and when MHD goes on. */
#include "core/clock.h"
#include "http/server_internal.h"

void server_kick(struct http_server *server)
{
	/* MHD_get_timeout() does not know of connections that were just resumed. */
	loop_timer_set(server->run_timer, 0);
}

void server_deadline(struct http_server *server, struct http_conn *conn, int64_t in_ms)
{
	if (!conn)
		return;
	conn->since_ms = clock_monotonic_ms();
	conn->deadline_ms = in_ms > 0 ? conn->since_ms + in_ms : 0;
	if (!loop_timer_is_set(server->tick_timer))
		loop_timer_set(server->tick_timer, SERVER_TICK_MS);
}

void request_suspend(struct http_request *req)
{
	if (req->suspended)
		return;
	/* Nobody but us can move it now; the gateway has timers of its own. */
	server_deadline(req->server, req->conn, 0);
	req->suspended = true;
	MHD_suspend_connection(req->mhd);
}

void request_resume(struct http_request *req)
{
	if (!req->suspended)
		return;
	req->suspended = false;
	MHD_resume_connection(req->mhd);
	server_kick(req->server);
}
