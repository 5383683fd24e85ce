/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/peer.h"

#include <fcntl.h>
#include <sys/queue.h>

#include "ipc/metric.h"

/* Frames read in one turn of the loop before others get theirs. */
enum { PEER_BURST = 32 };

struct queued {
	struct frame frame;
	STAILQ_ENTRY(queued) link;
};

STAILQ_HEAD(queued_list, queued);

struct peer {
	struct loop *loop;
	struct loop_watch *watch;
	struct loop_timer *retry; /* for a send that failed without the socket being full */
	int fd;
	enum role role;
	int64_t instance;
	struct peer_handler handler;
	struct frame in;
	struct queued_list out;
	size_t backlog;
	uint32_t last_id;
	bool paused;
	bool overflown; /* it does not read: closed as soon as nobody is busy with it */
	bool busy;      /* inside a callback: freeing waits for its end */
	bool dead;
};

static void peer_destroy(struct peer *peer)
{
	struct queued *q;

	peer->watch = loop_watch_remove(peer->watch);
	peer->retry = loop_timer_remove(peer->retry);
	while ((q = STAILQ_FIRST(&peer->out))) {
		STAILQ_REMOVE_HEAD(&peer->out, link);
		frame_release(&q->frame);
		free(q);
	}
	frame_release(&peer->in);
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer);
}

struct peer *peer_free(struct peer *peer)
{
	if (!peer)
		return NULL;
	peer->dead = true;
	peer->watch = loop_watch_remove(peer->watch);
	if (!peer->busy)
		peer_destroy(peer);
	return NULL;
}

/* The connection is gone: tells the owner once, then frees. */
static void peer_lost(struct peer *peer, const struct threads_error *why)
{
	if (peer->dead)
		return;
	peer->dead = true;
	peer->busy = true;
	if (peer->handler.on_closed)
		peer->handler.on_closed(peer, why, peer->handler.arg);
	peer->busy = false;
	peer_destroy(peer);
}

static uint32_t wanted_events(const struct peer *peer)
{
	return (peer->paused ? 0U : (uint32_t)EPOLLIN) | (peer->backlog ? (uint32_t)EPOLLOUT : 0U);
}

static int flush(struct peer *peer, struct threads_error *err)
{
	struct queued *q;

	while ((q = STAILQ_FIRST(&peer->out))) {
		const int rc = frame_send(peer->fd, &q->frame, err);

		if (rc == THREADS_EAGAIN) {
			/* ETOOMANYREFS does not wake epoll: look again soon. */
			loop_timer_set(peer->retry, 20);
			return 0;
		}
		if (rc < 0)
			return rc;
		STAILQ_REMOVE_HEAD(&peer->out, link);
		peer->backlog--;
		frame_release(&q->frame);
		free(q);
	}
	if (peer->watch)
		loop_watch_change(peer->watch, wanted_events(peer));
	return 0;
}

static void on_retry(void *arg)
{
	struct peer *peer = arg;
	struct threads_error err;

	if (peer->dead)
		return;
	if (peer->overflown) {
		(void)threads_error_set(&err, THREADS_ELIMIT, "the peer does not read its frames");
		peer_lost(peer, &err);
	} else if (flush(peer, &err) < 0) {
		peer_lost(peer, &err);
	}
}

/* One frame to the owner. Returns 1, 0 when nothing is left to read, < 0 when the peer must go. */
static int read_one(struct peer *peer, bool *at_end, struct threads_error *err)
{
	int rc = frame_recv(peer->fd, &peer->in, err);

	if (rc == THREADS_EAGAIN)
		return 0;
	if (rc == 0)
		*at_end = true;
	if (rc <= 0)
		return rc;
	peer->busy = true;
	rc = peer->handler.on_frame(peer, &peer->in, peer->handler.arg, err);
	peer->busy = false;
	frame_begin(&peer->in, 0, 0); /* closes descriptors that were not taken */
	return rc < 0 ? rc : 1;
}

static void on_ready(int fd, uint32_t events, void *arg)
{
	struct peer *peer = arg;
	struct threads_error err = { 0 };
	bool at_end = false;
	int rc = 1;

	(void)fd;
	if (events & EPOLLOUT)
		rc = flush(peer, &err) < 0 ? -1 : 1;
	for (int i = 0; rc > 0 && i < PEER_BURST && !peer->paused && !peer->dead; i++)
		rc = read_one(peer, &at_end, &err);
	if (peer->dead) {
		peer_destroy(peer);
		return;
	}
	/* A paused peer is told of a hang-up too, or the loop would spin on it. */
	if (rc > 0 && peer->paused && (events & (EPOLLHUP | EPOLLERR)))
		at_end = true;
	if (rc < 0 || at_end)
		peer_lost(peer, rc < 0 ? &err : NULL);
}

int peer_new(struct loop *loop, int fd, enum role role, int64_t instance,
	     const struct peer_handler *handler, struct peer **ret_peer, struct threads_error *err)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int rc;

	if (!peer) {
		close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	*peer = (struct peer){
		.loop = loop, .fd = fd, .role = role, .instance = instance, .handler = *handler
	};
	STAILQ_INIT(&peer->out);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		rc = threads_error_set(err, THREADS_EIO, "fcntl: %m");
	else
		rc = loop_timer_add(loop, on_retry, peer, &peer->retry, err);
	if (rc == 0)
		rc = loop_watch_add(loop, fd, EPOLLIN, on_ready, peer, &peer->watch, err);
	if (rc < 0) {
		peer_destroy(peer);
		return rc;
	}
	*ret_peer = peer;
	return 0;
}

/* Copies f for the queue; descriptors are duplicated. */
static int enqueue(struct peer *peer, const struct frame *f, struct threads_error *err)
{
	struct queued *q;

	if (peer->backlog == PEER_QUEUE_MAX) {
		metric_add(METRIC_FRAMES_DROPPED, 0, 1);
		/* Not now: who sends goes on to use it. */
		peer->overflown = true;
		loop_timer_set(peer->retry, 0);
		return threads_error_set(err, THREADS_ELIMIT, "the peer does not read its frames");
	}
	q = calloc(1, sizeof(*q));
	if (!q)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	frame_begin(&q->frame, f->type, f->id);
	q->frame.data = malloc(f->len ? f->len : 1);
	q->frame.owns_fds = true;
	if (!q->frame.data) {
		free(q);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	memcpy(q->frame.data, f->data, f->len);
	q->frame.len = q->frame.cap = f->len;
	for (size_t i = 0; i < f->fd_count; i++) {
		const int copy = fcntl(f->fds[i], F_DUPFD_CLOEXEC, 3);

		if (copy < 0) {
			frame_release(&q->frame);
			free(q);
			return threads_error_set(err, THREADS_EIO, "dup: %m");
		}
		q->frame.fds[q->frame.fd_count++] = copy;
	}
	STAILQ_INSERT_TAIL(&peer->out, q, link);
	peer->backlog++;
	return 0;
}

int peer_send(struct peer *peer, const struct frame *f, struct threads_error *err)
{
	int rc = frame_check(f, err);

	if (rc < 0)
		return rc;
	if (peer->dead)
		return threads_error_set(err, THREADS_EIO, "the peer is gone");
	if (peer->backlog == 0) {
		rc = frame_send(peer->fd, f, err);
		if (rc != THREADS_EAGAIN)
			return rc;
	}
	rc = enqueue(peer, f, err);
	if (rc == 0) {
		loop_timer_set(peer->retry, 20);
		loop_watch_change(peer->watch, wanted_events(peer));
	}
	return rc;
}

size_t peer_backlog(const struct peer *peer)
{
	return peer->backlog;
}

enum role peer_role(const struct peer *peer)
{
	return peer->role;
}

int64_t peer_instance(const struct peer *peer)
{
	return peer->instance;
}

int peer_fd(const struct peer *peer)
{
	return peer->fd;
}

uint32_t peer_next_id(struct peer *peer)
{
	if (++peer->last_id == 0)
		peer->last_id = 1;
	return peer->last_id;
}

void peer_pause(struct peer *peer, bool paused)
{
	if (peer->paused == paused || peer->dead)
		return;
	peer->paused = paused;
	loop_watch_change(peer->watch, wanted_events(peer));
}
