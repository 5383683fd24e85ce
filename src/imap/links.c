/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/links.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "core/clock.h"
#include "core/log.h"

enum { TELL_WAIT_MS = 30 * 1000, WAIT_MAX_MS = 3600 * 1000 };

enum link_slot { LINK_INDEX, LINK_VAULT, LINK_DIAL, LINK_COUNT };

struct links {
	int fds[LINK_COUNT]; /* the worker's */
	uint32_t last_id;
	links_frame_fn *on_index;
	void *on_index_arg;

	pthread_mutex_t lock;
	int offered[LINK_COUNT]; /* guarded by lock; -1 = none */
	int news_fd;             /* eventfd: something was offered */
	int stop_fd;             /* eventfd, never read: the worker is to end */
	atomic_bool stopping;
};

static int slot_of(enum role role)
{
	if (role == ROLE_INDEX)
		return LINK_INDEX;
	if (role == ROLE_VAULT)
		return LINK_VAULT;
	return role == ROLE_DIAL ? LINK_DIAL : -1;
}

static void close_slot(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int links_new(struct links **ret_links, struct threads_error *err)
{
	struct links *links = calloc(1, sizeof(*links));

	if (!links)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (int i = 0; i < LINK_COUNT; i++) {
		links->fds[i] = -1;
		links->offered[i] = -1;
	}
	pthread_mutex_init(&links->lock, NULL);
	links->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	links->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (links->news_fd < 0 || links->stop_fd < 0) {
		links_free(links);
		return threads_error_set(err, THREADS_EIO, "eventfd: %m");
	}
	*ret_links = links;
	return 0;
}

struct links *links_free(struct links *links)
{
	if (!links)
		return NULL;
	for (int i = 0; i < LINK_COUNT; i++) {
		close_slot(&links->fds[i]);
		close_slot(&links->offered[i]);
	}
	close_slot(&links->news_fd);
	close_slot(&links->stop_fd);
	pthread_mutex_destroy(&links->lock);
	free(links);
	return NULL;
}

static void ring(int event_fd)
{
	const uint64_t one = 1;

	/* Fails only when the counter is full: then it is readable anyway. */
	if (write(event_fd, &one, sizeof(one)) < 0)
		return;
}

int links_offer(struct links *links, enum role role, int fd, struct threads_error *err)
{
	const int slot = slot_of(role);

	if (slot < 0) {
		close(fd);
		return threads_error_set(err, THREADS_EINVAL, "imap has no link to that role");
	}
	pthread_mutex_lock(&links->lock);
	close_slot(&links->offered[slot]);
	links->offered[slot] = fd;
	ring(links->news_fd);
	pthread_mutex_unlock(&links->lock);
	return 0;
}

void links_stop(struct links *links)
{
	atomic_store(&links->stopping, true);
	ring(links->stop_fd);
}

bool links_stopping(const struct links *links)
{
	return atomic_load(&links->stopping);
}

int links_stop_fd(const struct links *links)
{
	return links->stop_fd;
}

void links_on_index(struct links *links, links_frame_fn *fn, void *arg)
{
	links->on_index = fn;
	links->on_index_arg = arg;
}

bool links_refresh(struct links *links, bool index_too)
{
	uint64_t count;
	bool index_is_new = false;

	pthread_mutex_lock(&links->lock);
	/* Rings again by itself while an offer stays where it is. */
	if (index_too || links->offered[LINK_INDEX] < 0)
		(void)!read(links->news_fd, &count, sizeof(count));
	for (int i = 0; i < LINK_COUNT; i++) {
		if (links->offered[i] < 0 || (i == LINK_INDEX && !index_too))
			continue;
		close_slot(&links->fds[i]);
		links->fds[i] = links->offered[i];
		links->offered[i] = -1;
		index_is_new = index_is_new || i == LINK_INDEX;
	}
	pthread_mutex_unlock(&links->lock);
	return index_is_new;
}

bool links_up(const struct links *links, enum role role)
{
	return links->fds[slot_of(role)] >= 0;
}

void links_drop(struct links *links, enum role role)
{
	close_slot(&links->fds[slot_of(role)]);
}

uint32_t links_next_id(struct links *links)
{
	if (++links->last_id == 0)
		links->last_id = 1;
	return links->last_id;
}

/* Waits for events on a link. Returns 1; 2: look again; 0 at the deadline, or when we are to end. */
static int wait_link(struct links *links, int slot, short events, int64_t deadline_ms)
{
	struct pollfd fds[] = {
		{ .fd = links->fds[slot], .events = events },
		{ .fd = links->stop_fd, .events = POLLIN },
	};
	const int64_t left = deadline_ms - clock_monotonic_ms();
	int ready;

	if (links->fds[slot] < 0 || left <= 0)
		return 0;
	ready = poll(fds, ARRAY_SIZE(fds), left > 60000 ? 60000 : (int)left);
	if (ready <= 0)
		return ready < 0 && errno != EINTR ? 0 : 2;
	return fds[0].revents ? 1 : 0;
}

static int gone(struct links *links, int slot, struct threads_error *err)
{
	close_slot(&links->fds[slot]);
	return threads_error_set(err, THREADS_EAGAIN, "another part of the hub is away");
}

static int send_on(struct links *links, int slot, const struct frame *f, struct threads_error *err)
{
	const int64_t deadline = clock_monotonic_ms() + TELL_WAIT_MS;
	int rc;

	for (;;) {
		if (links->fds[slot] < 0)
			return gone(links, slot, err);
		rc = frame_send(links->fds[slot], f, err);
		if (rc != THREADS_EAGAIN)
			break;
		if (wait_link(links, slot, POLLOUT, deadline) == 0)
			return gone(links, slot, err);
	}
	if (rc == THREADS_ELIMIT)
		return rc;
	return rc < 0 ? gone(links, slot, err) : 0;
}

int links_tell(struct links *links, enum role role, const struct frame *f,
	       struct threads_error *err)
{
	return send_on(links, slot_of(role), f, err);
}

/* Receives one frame that is there. Returns 1, or 0 if the link is gone (closed then). */
static int receive(struct links *links, int slot, struct frame *f)
{
	struct threads_error err = { 0 };
	const int rc = frame_recv(links->fds[slot], f, &err);

	if (rc == 1)
		return 1;
	if (rc < 0)
		log_warning("link closed: %s", err.text);
	close_slot(&links->fds[slot]);
	return 0;
}

static void give_index(struct links *links, struct frame *f)
{
	struct threads_error err = { 0 };

	if (links->on_index && links->on_index(f, links->on_index_arg, &err) == 0)
		return;
	log_warning("index sent a frame that cannot be used: %s", err.text);
	close_slot(&links->fds[LINK_INDEX]);
}

int links_ask(struct links *links, enum role role, struct frame *question, struct frame *answer,
	      int64_t wait_ms, struct threads_error *err)
{
	const int64_t deadline = clock_monotonic_ms() + wait_ms;
	const int slot = slot_of(role);
	int rc;

	question->id = links_next_id(links);
	rc = send_on(links, slot, question, err);
	if (rc < 0)
		return rc;
	for (;;) {
		const int ready = wait_link(links, slot, POLLIN, deadline);

		if (ready == 0)
			return gone(links, slot, err);
		if (ready == 2)
			continue;
		if (!receive(links, slot, answer))
			return gone(links, slot, err);
		if (answer->id == question->id)
			return 0;
		if (slot == LINK_INDEX)
			give_index(links, answer);
	}
}

void links_take(struct links *links, int64_t wait_ms)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int64_t deadline = clock_monotonic_ms() + (wait_ms > 0 ? wait_ms : 1);

	while (links->fds[LINK_INDEX] >= 0) {
		struct pollfd now = { .fd = links->fds[LINK_INDEX], .events = POLLIN };

		if (poll(&now, 1, 0) <= 0) {
			if (wait_ms <= 0)
				return;
			if (wait_link(links, LINK_INDEX, POLLIN, deadline) != 1)
				return;
		}
		wait_ms = 0; /* one was awaited, the rest is taken if it is there */
		if (!receive(links, LINK_INDEX, &f))
			return;
		give_index(links, &f);
	}
}

bool links_wait(struct links *links, int fd, int64_t wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = links->stop_fd, .events = POLLIN },
		{ .fd = links->news_fd, .events = POLLIN },
		{ .fd = links->fds[LINK_INDEX], .events = POLLIN },
	};
	const int wait = wait_ms < 0 ? -1 : wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int)wait_ms;

	return poll(fds, ARRAY_SIZE(fds), wait) > 0 && fds[0].revents != 0;
}
