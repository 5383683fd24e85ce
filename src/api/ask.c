/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ask.h"

#include "core/log.h"
#include "ipc/role_name.h"

enum { ASK_WITHIN_MS = 120 * 1000 };

struct ask {
	struct api *api;
	struct peer *peer; /* NULL: it could not be sent; the timer tells */
	uint32_t id;
	ask_fn *fn; /* NULL: cancelled */
	void *arg;
	struct threads_error why;
	struct loop_timer *timer;
	LIST_ENTRY(ask) link;
};

static void finish(struct ask *a, struct frame *answer)
{
	ask_fn *fn = a->fn;
	void *arg = a->arg;
	const struct threads_error why = a->why;

	LIST_REMOVE(a, link);
	a->timer = loop_timer_remove(a->timer);
	free(a);
	if (fn)
		fn(answer, &why, arg);
}

static void on_timer(void *arg)
{
	finish(arg, NULL);
}

static struct peer *peer_of(const struct api *api, enum role who)
{
	switch ((int)who) {
	case ROLE_INDEX:
		return api->index;
	case ROLE_AUTH:
		return api->auth;
	case ROLE_VAULT:
		return api->vault;
	default:
		return NULL;
	}
}

void ask(struct api *api, enum role who, struct frame *f, ask_fn *fn, void *arg)
{
	struct threads_error err = { .code = THREADS_ENOMEM, .text = "out of memory" };
	struct peer *peer = peer_of(api, who);
	struct ask *a = calloc(1, sizeof(*a));

	if (!a || loop_timer_add(api->role->loop, on_timer, a, &a->timer, &err) < 0) {
		free(a);
		fn(NULL, &err, arg);
		return;
	}
	a->api = api;
	a->fn = fn;
	a->arg = arg;
	LIST_INSERT_HEAD(&api->asks, a, link);
	threads_error_set(&a->why, THREADS_EAGAIN, "%s does not answer", role_name(who));
	if (!peer) {
		loop_timer_set(a->timer, 0);
		return;
	}
	f->id = a->id = peer_next_id(peer);
	a->peer = peer;
	if (peer_send(peer, f, &err) < 0) {
		a->peer = NULL;
		a->why = err;
		if (err.code == THREADS_EIO)
			a->why.code = THREADS_EAGAIN;
		loop_timer_set(a->timer, 0);
		return;
	}
	loop_timer_set(a->timer, ASK_WITHIN_MS);
}

void ask_cancel(struct api *api, const void *arg)
{
	struct ask *a;

	LIST_FOREACH(a, &api->asks, link)
	if (a->arg == arg)
		a->fn = NULL;
}

int ask_on_answer(struct api *api, struct peer *peer, struct frame *f, struct threads_error *err)
{
	struct ask *a;
	int64_t code;

	LIST_FOREACH(a, &api->asks, link)
	if (a->peer == peer && a->id == f->id)
		break;
	if (!a)
		return 0; /* too late, or cancelled */
	if (f->type != IPC_ERROR) {
		finish(a, f);
		return 0;
	}
	code = frame_get_int_in(f, THREADS_EBUG, THREADS_ENOMEM);
	threads_error_set(&a->why, (enum threads_code)code, "%s", frame_get_text(f));
	if (frame_get_end(f, err) < 0)
		return THREADS_EINVAL;
	finish(a, NULL);
	return 0;
}

void ask_peer_gone(struct api *api, const struct peer *peer)
{
	struct ask *a;

	/* Callbacks may ask again: fail them from the loop, one by one. */
	LIST_FOREACH(a, &api->asks, link)
	if (a->peer == peer) {
		a->peer = NULL;
		loop_timer_set(a->timer, 0);
	}
}

void ask_free_all(struct api *api)
{
	struct ask *a;

	while ((a = LIST_FIRST(&api->asks))) {
		a->fn = NULL;
		finish(a, NULL);
	}
}

int ask_expect(struct frame *answer, uint16_t type, struct threads_error *err)
{
	if (answer->type == type)
		return 0;
	return threads_error_set(err, THREADS_EBUG, "an answer of type %u instead of %u",
				 answer->type, type);
}
