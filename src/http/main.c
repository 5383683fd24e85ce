/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role http: hostile bytes in, clean request frames out.
 *
 * Holds: no database, no key, no file; the cookies and tickets of requests in
 * flight. Can: accept connections, talk to auth and api. Cannot: open a file,
 * connect anywhere, start a program. Whoever takes it over sees what passes
 * through it from then on, not the archive.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "core/log.h"
#include "http/policy.h"
#include "http/rules.h"
#include "http/site.h"

enum {
	HEAD_MS = 30 * 1000,
	BODY_MS = 30 * 1000,
	SPARE_FDS = 128, /* besides the connections */
	STOP_WAIT_MS = 3000,
	STOP_POLL_MS = 50,
};

struct http_role {
	struct gateway *gateway;
	struct site *site;
	struct http_server *server;
	struct loop_timer *stop_timer;
	int64_t stop_at_ms;
};

static void raise_fd_limit(int64_t connections)
{
	const rlim_t wanted = (rlim_t)connections + SPARE_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("descriptor limit: %m");
}

static int serve(struct http_role *state, const struct role_context *role,
		 struct threads_error *err)
{
	const struct config *config = role->config;
	const char *origin = config_text(config, "public_url");
	const struct site_setup setup = {
		.public_url = origin,
		.upload_max = (uint64_t)config_int(config, "upload_chunk_max"),
		.body_max = (size_t)config_int(config, "http_body_max"),
	};
	const struct http_limits limits = {
		.connections = (unsigned)config_int(config, "http_connections"),
		.body_max = setup.body_max,
		.upload_max = setup.upload_max,
		.head_ms = HEAD_MS,
		.body_ms = BODY_MS,
		.trusted_proxy = config_bool(config, "trusted_proxy"),
		.hsts = strncmp(origin, "https://", 8) == 0 ? policy_hsts : NULL,
	};
	struct http_handler handler;
	int rc = gateway_new(role->loop, origin, &gateway_defaults, &state->gateway, err);

	if (rc == 0)
		gateway_set_supervisor(state->gateway, role->supervisor);
	if (rc == 0)
		rc = site_new(&setup, state->gateway, &state->site, err);
	if (rc < 0)
		return rc;
	handler = site_handler(state->site);
	return http_server_new(role->loop, role->listen_fds[0], &limits, &handler, &state->server,
			       err);
}

static int open_role(struct role_context *role, struct threads_error *err)
{
	struct http_role *state = calloc(1, sizeof(*state));

	if (!state)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	role->state = state;
	if (role->listen_count < 1)
		return threads_error_set(err, THREADS_EINVAL, "no listening socket");
	signal(SIGPIPE, SIG_IGN);
	raise_fd_limit(config_int(role->config, "http_connections"));
	return serve(state, role, err);
}

static int on_peer(struct role_context *role, const struct role_peer *peer,
		   struct threads_error *err)
{
	struct http_role *state = role->state;

	if (peer->role != ROLE_AUTH && peer->role != ROLE_API) {
		close(peer->fd);
		return threads_error_set(err, THREADS_EINVAL, "http has no business with role %d",
					 (int)peer->role);
	}
	return gateway_add_peer(state->gateway, peer->role, peer->instance, peer->fd, err);
}

static int on_control(struct role_context *role, struct frame *f, struct threads_error *err)
{
	struct http_role *state = role->state;

	if (f->type == CTL_ROLES)
		return site_roles_changed(state->site, f, err);
	return 0; /* bells: browsers hear of changes from api */
}

static void on_settings(struct role_context *role)
{
	struct http_role *state = role->state;
	const uint64_t upload_max = (uint64_t)config_int(role->config, "upload_chunk_max");
	const size_t body_max = (size_t)config_int(role->config, "http_body_max");

	site_set_sizes(state->site, upload_max, body_max);
	http_server_set_sizes(state->server, upload_max, body_max);
}

static void stop_when_idle(void *arg)
{
	struct role_context *role = arg;
	struct http_role *state = role->state;

	if (http_server_busy(state->server) == 0 || clock_monotonic_ms() >= state->stop_at_ms)
		loop_stop(role->loop);
	else
		loop_timer_set(state->stop_timer, STOP_POLL_MS);
}

static void on_stop(struct role_context *role)
{
	struct http_role *state = role->state;
	struct threads_error err;

	if (state->stop_timer)
		return;
	http_server_quiesce(state->server);
	gateway_drain(state->gateway);
	state->stop_at_ms = clock_monotonic_ms() + STOP_WAIT_MS;
	if (loop_timer_add(role->loop, stop_when_idle, role, &state->stop_timer, &err) < 0)
		loop_stop(role->loop);
	else
		stop_when_idle(role);
}

static void close_role(struct role_context *role)
{
	struct http_role *state = role->state;

	if (!state)
		return;
	state->server = http_server_free(state->server); /* forgets its requests at the gateway */
	state->site = site_free(state->site);
	state->gateway = gateway_free(state->gateway);
	loop_timer_remove(state->stop_timer);
	free(state);
	role->state = NULL;
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_HTTP,
		.rules = http_rules,
		.open = open_role,
		.on_peer = on_peer,
		.on_control = on_control,
		.on_settings = on_settings,
		.on_stop = on_stop,
		.close = close_role,
	};

	return role_main(&program);
}
