/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gateway.h"

#include "core/clock.h"
#include "core/log.h"
#include "http/fields.h"
#include "http/gateway_internal.h"
#include "ipc/role.h"
#include "ipc/role_name.h"

enum { TICK_MS = 250 };

static const char path_auth[] = "/api/v1/auth/";
static const char path_open[] = "/api/v1/openapi.json";

const struct gateway_limits gateway_defaults = {
	.wait_ms = 5000,
	.answer_ms = 60000,
	.beat_ms = 20000,
	.ticket_ms = 45000,
};

static void refuse_away(struct exchange *ex)
{
	exchange_step_to(ex, STEP_DONE);
	ex->peer = NULL; /* a late answer finds nobody */
	http_request_refuse(ex->req, 503, "unavailable",
			    "A part of the hub is not there right now. Try again in a moment.");
}

void exchange_step_to(struct exchange *ex, enum exchange_step step)
{
	const bool waited = ex->step == STEP_WANT_TICKET || ex->step == STEP_WANT_ANSWER;
	const bool waits = step == STEP_WANT_TICKET || step == STEP_WANT_ANSWER;

	/* One wait for both roles, or a request could wait twice as long. */
	if (!(waited && waits))
		ex->since_ms = clock_monotonic_ms();
	ex->step = step;
}

static size_t peer_load(const struct gateway *gateway, const struct peer *peer)
{
	const struct exchange *ex;
	size_t load = 0;

	LIST_FOREACH(ex, &gateway->exchanges, link)
		if (ex->peer == peer && ex->step == STEP_ASKED)
			load++;
	return load;
}

/* The least busy process of a role; NULL if none is there. */
static struct peer *pick(const struct gateway *gateway, enum role role)
{
	const struct upstream *up;
	struct peer *best = NULL;
	size_t best_load = 0;

	LIST_FOREACH(up, &gateway->upstreams, link) {
		size_t load;

		if (peer_role(up->peer) != role)
			continue;
		load = peer_load(gateway, up->peer);
		if (!best || load < best_load) {
			best = up->peer;
			best_load = load;
		}
	}
	return best;
}

static void sent(struct exchange *ex, int rc, enum exchange_step step,
		 const struct threads_error *err)
{
	if (rc == 0) {
		exchange_step_to(ex, step);
		return;
	}
	log_warning("request=%s not passed on: %s", http_request_id(ex->req), err->text);
	ex->peer = NULL;
	if (rc != THREADS_EIO) /* EIO: the peer's end is about to be noticed, then we wait */
		refuse_away(ex);
}

void exchange_advance(struct exchange *ex)
{
	struct threads_error err = { 0 };
	struct peer *peer;

	if (ex->step == STEP_WANT_TICKET) {
		peer = pick(ex->gateway, ROLE_AUTH);
		if (peer)
			sent(ex, ask_ticket(ex, peer, false, &err), STEP_ASKED_TICKET, &err);
	} else if (ex->step == STEP_WANT_ANSWER) {
		peer = pick(ex->gateway, ex->target);
		if (peer)
			sent(ex, ask_request(ex, peer, &err), STEP_ASKED, &err);
	}
}

/* ---- time ---- */

static void stream_tick(struct exchange *ex, int64_t now_ms)
{
	const struct gateway_limits *limits = &ex->gateway->limits;
	struct threads_error err;
	struct peer *auth;

	if (now_ms - ex->beat_ms >= limits->beat_ms) {
		ex->beat_ms = now_ms;
		http_request_write(ex->req, ":\n\n", 3);
	}
	if (ex->renewer || now_ms - ex->ticket_ms < limits->ticket_ms)
		return;
	auth = pick(ex->gateway, ROLE_AUTH);
	if (auth && ask_ticket(ex, auth, true, &err) < 0)
		ex->renewer = NULL;
}

static void exchange_tick(struct exchange *ex, int64_t now_ms)
{
	const struct gateway_limits *limits = &ex->gateway->limits;
	const int64_t age_ms = now_ms - ex->since_ms;

	switch (ex->step) {
	case STEP_WANT_TICKET:
	case STEP_WANT_ANSWER:
		if (age_ms >= limits->wait_ms)
			refuse_away(ex);
		else
			exchange_advance(ex);
		break;
	case STEP_ASKED_TICKET:
	case STEP_ASKED:
		if (age_ms >= limits->answer_ms)
			refuse_away(ex);
		break;
	case STEP_STREAMING:
		stream_tick(ex, now_ms);
		break;
	case STEP_UPLOADING: /* the server's deadline */
	case STEP_DONE:
		break;
	}
}

static void on_tick(void *arg)
{
	struct gateway *gateway = arg;
	const int64_t now_ms = clock_monotonic_ms();
	struct exchange *ex;

	LIST_FOREACH(ex, &gateway->exchanges, link)
		exchange_tick(ex, now_ms);
	if (!LIST_EMPTY(&gateway->exchanges))
		loop_timer_set(gateway->tick, TICK_MS);
}

/* ---- peers ---- */

static void exchange_lost_peer(struct exchange *ex)
{
	ex->peer = NULL;
	if (ex->step == STEP_ASKED_TICKET) {
		exchange_step_to(ex, STEP_WANT_TICKET);
	} else if (ex->step == STEP_STREAMING) {
		exchange_step_to(ex, STEP_DONE);
		http_request_write_end(ex->req);
	} else if (ex->step == STEP_ASKED && http_request_is_get(ex->req) && !ex->repeated) {
		ex->repeated = true;
		exchange_step_to(ex, STEP_WANT_ANSWER);
	} else if (ex->step == STEP_ASKED || ex->step == STEP_UPLOADING) {
		refuse_away(ex);
	}
	exchange_advance(ex);
}

static void on_peer_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct gateway *gateway = arg;
	struct upstream *up;
	struct exchange *ex;

	if (why)
		log_warning("peer=%s %s", role_name(peer_role(peer)), why->text);
	LIST_FOREACH(up, &gateway->upstreams, link)
		if (up->peer == peer)
			break;
	if (up) {
		LIST_REMOVE(up, link);
		free(up);
	}
	role_link_lost(gateway->supervisor, peer);
	LIST_FOREACH(ex, &gateway->exchanges, link) {
		if (ex->renewer == peer)
			ex->renewer = NULL;
		if (ex->peer == peer)
			exchange_lost_peer(ex);
	}
}

int gateway_add_peer(struct gateway *gateway, enum role role, int64_t instance, int fd,
		     struct threads_error *err)
{
	const struct peer_handler handler = { reply_on_frame, on_peer_closed, gateway };
	struct upstream *up = calloc(1, sizeof(*up));
	struct exchange *ex;
	int rc;

	if (!up) {
		close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	rc = peer_new(gateway->loop, fd, role, instance, &handler, &up->peer, err);
	if (rc < 0) {
		free(up);
		return rc;
	}
	LIST_INSERT_HEAD(&gateway->upstreams, up, link);
	LIST_FOREACH(ex, &gateway->exchanges, link)
		exchange_advance(ex);
	return 0;
}

/* ---- requests ---- */

static struct exchange *exchange_new(struct gateway *gateway, struct http_request *req)
{
	struct exchange *ex = calloc(1, sizeof(*ex));
	const char *path = http_request_path(req);
	const char *cookies = http_request_field(req, "Cookie");

	if (!ex) {
		http_request_refuse(req, 503, "unavailable", "The hub is out of memory.");
		return NULL;
	}
	*ex = (struct exchange){
		.gateway = gateway,
		.req = req,
		.session = STRBUF_INIT(EXCHANGE_COOKIE_MAX),
		.pending = STRBUF_INIT(EXCHANGE_COOKIE_MAX),
		.ticket = STRBUF_INIT(EXCHANGE_TICKET_MAX),
		.target = strncmp(path, path_auth, strlen(path_auth)) == 0 ? ROLE_AUTH : ROLE_API,
		.since_ms = clock_monotonic_ms(),
	};
	field_cookie(cookies, "__Host-threads", &ex->session);
	field_cookie(cookies, "__Host-threads-pending", &ex->pending);
	http_request_set_user(req, ex);
	LIST_INSERT_HEAD(&gateway->exchanges, ex, link);
	if (!loop_timer_is_set(gateway->tick))
		loop_timer_set(gateway->tick, TICK_MS);
	return ex;
}

static void exchange_start(struct exchange *ex)
{
	if (ex->target == ROLE_AUTH || strcmp(http_request_path(ex->req), path_open) == 0) {
		exchange_step_to(ex, STEP_WANT_ANSWER);
	} else if (ex->session.len == 0) {
		exchange_step_to(ex, STEP_DONE);
		http_request_refuse(ex->req, 401, "sign-in-needed", "Sign in to go on.");
	} else {
		exchange_step_to(ex, STEP_WANT_TICKET);
	}
	exchange_advance(ex);
}

static void finish_upload(struct exchange *ex)
{
	const int64_t bytes = http_request_uploaded(ex->req);
	struct threads_error err;

	if (ex->step != STEP_UPLOADING)
		return;
	exchange_step_to(ex, STEP_ASKED);
	if (ask_upload_done(ex, bytes, &err) < 0)
		refuse_away(ex);
}

void gateway_serve(struct gateway *gateway, struct http_request *req)
{
	struct exchange *ex = http_request_user(req);

	if (ex) {
		finish_upload(ex);
		return;
	}
	ex = exchange_new(gateway, req);
	if (ex)
		exchange_start(ex);
}

void gateway_begin_upload(struct gateway *gateway, struct http_request *req)
{
	struct exchange *ex = exchange_new(gateway, req);

	if (!ex)
		return;
	ex->upload = true;
	exchange_start(ex);
}

void gateway_forget(struct gateway *gateway, struct http_request *req)
{
	struct exchange *ex = http_request_user(req);
	struct threads_error err;

	(void)gateway;
	if (!ex)
		return;
	if (ex->step == STEP_STREAMING && ex->peer &&
	    ask_stream(ex, HTTP_STREAM_END, NULL, 0, &err) < 0)
		log_debug("stream end not told: %s", err.text);
	if (ex->step == STEP_UPLOADING && ex->peer && ask_upload_done(ex, -1, &err) < 0)
		log_debug("upload end not told: %s", err.text);
	http_request_set_user(req, NULL);
	LIST_REMOVE(ex, link);
	strbuf_release(&ex->session);
	strbuf_release(&ex->pending);
	strbuf_release(&ex->ticket);
	free(ex);
}

void gateway_drain(struct gateway *gateway)
{
	struct exchange *ex;

	LIST_FOREACH(ex, &gateway->exchanges, link) {
		if (ex->step == STEP_STREAMING)
			http_request_write_end(ex->req);
		else if (ex->step == STEP_WANT_TICKET || ex->step == STEP_WANT_ANSWER)
			refuse_away(ex);
	}
}

int gateway_new(struct loop *loop, const char *origin, const struct gateway_limits *limits,
		struct gateway **ret_gateway, struct threads_error *err)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	int rc;

	if (!gateway)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*gateway = (struct gateway){ .loop = loop, .limits = *limits, .origin = strdup(origin) };
	LIST_INIT(&gateway->exchanges);
	LIST_INIT(&gateway->upstreams);
	if (!gateway->origin)
		rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	else
		rc = loop_timer_add(loop, on_tick, gateway, &gateway->tick, err);
	if (rc < 0) {
		gateway_free(gateway);
		return rc;
	}
	*ret_gateway = gateway;
	return 0;
}

void gateway_set_supervisor(struct gateway *gateway, struct peer *supervisor)
{
	gateway->supervisor = supervisor;
}

struct gateway *gateway_free(struct gateway *gateway)
{
	struct upstream *up;

	if (!gateway)
		return NULL;
	while ((up = LIST_FIRST(&gateway->upstreams))) {
		LIST_REMOVE(up, link);
		peer_free(up->peer);
		free(up);
	}
	loop_timer_remove(gateway->tick);
	free(gateway->origin);
	free(gateway);
	return NULL;
}
