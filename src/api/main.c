/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-api: everything under /api/v1 and the control socket.
 *
 * Threat: it reads hub.db, so it can see everything that is indexed; it holds no
 * key (blobs come from index, already bound to what it asked for), no network and
 * no write access. Requests reach it as typed fields from http, each with a
 * ticket of auth, without which nothing is answered.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "api/ask.h"
#include "api/control.h"
#include "api/request.h"
#include "api/roles.h"
#include "api/stream.h"
#include "core/log.h"
#include "ipc/role_name.h"

static int api_rules(const struct role_context *role, struct sandbox_rules *rules,
		     struct threads_error *err)
{
	static char hub[4096];
	static const struct sandbox_folder folders[] = { { hub, SANDBOX_READ }, { NULL, 0 } };

	(void)err;
	snprintf(hub, sizeof(hub), "%s/hub", role->data_dir);
	rules->folders = folders;
	rules->accepts = true;
	return 0;
}

int api_reader(struct api *api, struct reader **ret_reader, struct threads_error *err)
{
	int rc = 0;

	if (!api->reader)
		rc = reader_open(api->db_path, &api->reader, err);
	if (rc == 0)
		*ret_reader = api->reader;
	return rc;
}

static int api_open(struct role_context *role, struct threads_error *err)
{
	struct api *api = calloc(1, sizeof(*api));
	struct stat st;

	if (!api)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	api->role = role;
	role->state = api;
	snprintf(api->db_path, sizeof(api->db_path), "%s/hub/hub.db", role->data_dir);
	if (stat(role->data_dir, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", role->data_dir);
	api->data_owner = st.st_uid;
	return loop_timer_add(role->loop, stream_tick, api, &api->stream_timer, err);
}

static int api_start(struct role_context *role, struct threads_error *err)
{
	return control_listen(role->state, err);
}

static int on_http(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct api *api = arg;

	(void)peer;
	switch (f->type) {
	case HTTP_REQUEST:
		return request_begin(api, f, err);
	case HTTP_UPLOAD_DONE:
		return request_on_upload_done(api, f, err);
	case HTTP_STREAM_TICKET:
		return stream_on_ticket(api, f, err);
	case HTTP_STREAM_END:
		stream_on_end(api, f->id);
		return 0;
	default:
		return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u from http",
					 f->type);
	}
}

static int on_answer(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	return ask_on_answer(arg, peer, f, err);
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct api *api = arg;
	struct peer **const slots[] = { &api->http, &api->index, &api->auth, &api->vault };

	if (why)
		log_warning("%s: %s", role_name(peer_role(peer)), why->text);
	if (peer == api->http) {
		request_drop_all(api);
		stream_drop_all(api);
	}
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		if (*slots[i] == peer)
			*slots[i] = NULL;
	ask_peer_gone(api, peer);
}

static int api_on_peer(struct role_context *role, enum role who, int64_t instance, const char *host,
		       int port, int fd, struct threads_error *err)
{
	struct api *api = role->state;
	const struct peer_handler handler = { who == ROLE_HTTP ? on_http : on_answer, on_closed,
					      api };
	struct peer **slot = who == ROLE_HTTP    ? &api->http
			     : who == ROLE_INDEX ? &api->index
			     : who == ROLE_AUTH  ? &api->auth
			     : who == ROLE_VAULT ? &api->vault
						 : NULL;
	struct peer *old;

	(void)host;
	(void)port;
	if (!slot) {
		close(fd);
		return threads_error_set(err, THREADS_EINVAL, "no link with %s", role_name(who));
	}
	old = *slot;
	if (old)
		on_closed(old, NULL, api);
	*slot = peer_free(old);
	return peer_new(role->loop, fd, who, instance, &handler, slot, err);
}

static int api_on_control(struct role_context *role, struct frame *f, struct threads_error *err)
{
	struct api *api = role->state;
	enum bell bell;
	int rc;

	if (f->type == CTL_ROLES) {
		rc = roles_take(api, f, err);
		stream_changed(api, BELL_STATUS);
		return rc;
	}
	if (f->type != CTL_BELL)
		return 0;
	bell = (enum bell)frame_get_int_in(f, 1, BELL_COUNT - 1);
	(void)frame_get_int(f);
	rc = frame_get_end(f, err);
	if (rc == 0)
		stream_changed(api, bell);
	return rc;
}

static void api_close(struct role_context *role)
{
	struct api *api = role->state;

	if (!api)
		return;
	request_drop_all(api);
	stream_drop_all(api);
	control_free_all(api);
	ask_free_all(api);
	api->http = peer_free(api->http);
	api->index = peer_free(api->index);
	api->auth = peer_free(api->auth);
	api->vault = peer_free(api->vault);
	api->reader = reader_close(api->reader);
	free(api->roles);
	free(api);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_API,
		.rules = api_rules,
		.open = api_open,
		.start = api_start,
		.on_peer = api_on_peer,
		.on_control = api_on_control,
		.close = api_close,
	};

	return role_main(&program);
}
