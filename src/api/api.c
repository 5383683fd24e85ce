/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include "api/control.h"
#include "api/events.h"
#include "api/exchange.h"
#include "api/metrics_socket.h"
#include "api/question.h"
#include "api/request.h"
#include "core/log.h"
#include "ipc/role.h"

enum { TICK_MS = 500 };

static void tick(void *arg)
{
	struct api *api = arg;

	question_tick(api);
	events_tick(api);
	loop_timer_set(api->tick, TICK_MS);
}

int api_open(const struct api_options *options, struct api **ret_api, struct threads_error *err)
{
	static const enum role roles[API_LINKS] = { ROLE_INDEX, ROLE_VAULT, ROLE_AUTH,
						    ROLE_SUPERVISOR };
	struct api *api = calloc(1, sizeof(*api));
	int rc;

	if (!api)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	TAILQ_INIT(&api->questions);
	api->loop = options->loop;
	api->clock = options->clock;
	api->hub_dir_fd = options->hub_dir_fd;
	api->owner_uid = options->owner_uid;
	memcpy(api->ticket_key, options->ticket_key, TICKET_KEY_LEN);
	for (size_t i = 0; i < API_LINKS; i++)
		api->links[i] = (struct api_link){ .api = api, .role = roles[i] };
	api_link_of(api, ROLE_SUPERVISOR)->peer = options->supervisor;
	api->config = options->config;
	rc = loop_timer_add(api->loop, tick, api, &api->tick, err);
	if (rc == 0)
		rc = loop_timer_add(api->loop, events_flush, api, &api->bell_timer, err);
	if (rc < 0) {
		api_close(api);
		return rc;
	}
	loop_timer_set(api->tick, TICK_MS);
	api->reader = options->reader;
	*ret_api = api;
	return 0;
}

struct api *api_close(struct api *api)
{
	struct api_front *front;

	if (!api)
		return NULL;
	control_free_all(api);
	metrics_close_all(api);
	events_free_all(api);
	while (!LIST_EMPTY(&api->exchanges))
		exchange_free(LIST_FIRST(&api->exchanges));
	question_free_all(api);
	for (size_t i = 0; i < API_LINKS; i++)
		if (api->links[i].role != ROLE_SUPERVISOR) /* it is not ours */
			peer_free(api->links[i].peer);
	while ((front = LIST_FIRST(&api->fronts))) {
		LIST_REMOVE(front, link);
		peer_free(front->peer);
		free(front);
	}
	loop_watch_remove(api->listen_watch);
	loop_timer_remove(api->tick);
	loop_timer_remove(api->bell_timer);
	figures_free(api->figures);
	zone_free(api->zone);
	free(api->zone_name);
	reader_close(api->reader);
	explicit_bzero(api->ticket_key, sizeof(api->ticket_key));
	free(api);
	return NULL;
}

/* ---- http ------------------------------------------------------------------------------- */

static int front_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct api_front *front = arg;

	switch (f->type) {
	case HTTP_REQUEST:
		return request_open(front->api, peer, f, err);
	case HTTP_UPLOAD_DONE:
		return request_upload_done(front->api, peer, f, err);
	case HTTP_STREAM_TICKET:
	case HTTP_STREAM_END:
		return events_frame(front->api, peer, f, err);
	default:
		return threads_error_set(err, THREADS_EINVAL, "frame %u is not for api", f->type);
	}
}

static void front_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct api_front *front = arg;

	if (why)
		log_warning("link to http: %s", why->text);
	exchange_peer_gone(front->api, peer);
	events_peer_gone(front->api, peer);
	LIST_REMOVE(front, link);
	free(front);
}

static int front_add(struct api *api, int fd, struct threads_error *err)
{
	struct api_front *front = calloc(1, sizeof(*front));
	const struct peer_handler handler = { front_frame, front_closed, front };
	int rc;

	if (!front) {
		close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	front->api = api;
	rc = peer_new(api->loop, fd, ROLE_HTTP, 0, &handler, &front->peer, err);
	if (rc < 0) {
		free(front);
		return rc;
	}
	LIST_INSERT_HEAD(&api->fronts, front, link);
	return 0;
}

/* ---- index, vault, auth ------------------------------------------------------------------ */

static void vault_key_is(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct api *api = arg;
	const unsigned char *key;
	const char *fingerprint;
	size_t len;

	(void)err;
	if (rc < 0)
		return;
	key = frame_get_bytes(f, &len);
	fingerprint = frame_get_text(f);
	if (!key || len != API_VAULT_KEY_LEN ||
	    strlen(fingerprint) >= sizeof(api->vault_fingerprint))
		return;
	memcpy(api->vault_key, key, len);
	memcpy(api->vault_fingerprint, fingerprint, strlen(fingerprint) + 1);
}

static void vault_key_ask(struct api *api)
{
	const struct question_order order = {
		ROLE_VAULT, QUESTION_REPEAT, QUESTION_WAIT_MS, vault_key_is, api,
	};
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, VAULT_PUBLIC_KEY, 0);
	if (question_ask(api, &order, &f, NULL, &err) < 0)
		log_warning("vault's key: %s", err.text);
}

static int link_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct api_link *link = arg;

	(void)peer;
	return question_answered(link->api, link->role, f, err);
}

static void link_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct api_link *link = arg;

	if (why)
		log_warning("link: %s", why->text);
	link->peer = NULL;
	role_link_lost(api_link_of(link->api, ROLE_SUPERVISOR)->peer, peer);
	question_role_gone(link->api, link->role);
}

static int link_add(struct api_link *link, int fd, struct threads_error *err)
{
	const struct peer_handler handler = { link_frame, link_closed, link };
	int rc;

	if (link->peer) {
		link->peer = peer_free(link->peer);
		question_role_gone(link->api, link->role);
	}
	rc = peer_new(link->api->loop, fd, link->role, 0, &handler, &link->peer, err);
	if (rc < 0)
		return rc;
	if (link->role == ROLE_VAULT)
		vault_key_ask(link->api);
	question_role_up(link->api, link->role);
	return 0;
}

int api_add_peer(struct api *api, enum role who, int fd, struct threads_error *err)
{
	struct api_link *link = api_link_of(api, who);

	if (who == ROLE_HTTP)
		return front_add(api, fd, err);
	if (link && who != ROLE_SUPERVISOR)
		return link_add(link, fd, err);
	close(fd);
	return threads_error_set(err, THREADS_EINVAL, "api has no link to role %d", (int)who);
}

/* ---- the supervisor ----------------------------------------------------------------------- */

int api_on_control(struct api *api, struct frame *f, struct threads_error *err)
{
	int64_t bell;
	int rc;

	if (f->type == CTL_FIGURES)
		return question_answered(api, ROLE_SUPERVISOR, f, err);
	if (f->type == CTL_ROLES) { /* who looks asks for figures */
		events_ring(api, BELL_STATUS);
		return 0;
	}
	if (f->type != CTL_BELL)
		return 0;
	bell = frame_get_int_in(f, 0, BELL_COUNT - 1);
	frame_get_int(f); /* whose: everybody looks himself */
	rc = frame_get_end(f, err);
	if (rc == 0 && bell > 0)
		events_ring(api, (enum bell)bell);
	return rc;
}
