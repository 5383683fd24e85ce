/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/loop.h"

#include <signal.h>
#include <sys/queue.h>
#include <sys/signalfd.h>

#include "core/clock.h"

enum { LOOP_EVENTS = 64 };

struct loop_watch {
	struct loop *loop;
	int fd;
	loop_watch_fn *fn;
	void *arg;
	bool removed; /* freed at the end of the turn: epoll may still name it */
	LIST_ENTRY(loop_watch) link;
};

struct loop_timer {
	struct loop *loop;
	int64_t due_ms; /* monotonic; < 0 not set */
	loop_timer_fn *fn;
	void *arg;
	bool removed;
	LIST_ENTRY(loop_timer) link;
};

LIST_HEAD(watch_list, loop_watch);
LIST_HEAD(timer_list, loop_timer);

struct loop {
	int epoll_fd;
	int signal_fd;
	struct loop_watch *signal_watch;
	struct watch_list watches;
	struct timer_list timers;
	loop_timer_fn *hangup_fn; /* NULL: SIGHUP ends the loop */
	void *hangup_arg;
	bool stopping;
	bool garbage; /* something removed waits to be freed */
};

static void on_signal(int fd, uint32_t events, void *arg)
{
	struct signalfd_siginfo info;
	struct loop *loop = arg;

	(void)events;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && loop->hangup_fn)
		loop->hangup_fn(loop->hangup_arg);
	else
		loop_stop(loop);
}

static int signals_open(struct loop *loop, struct threads_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP); /* a terminal that closes; "nohup" still ignores it */
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (errno)
		return threads_error_set(err, THREADS_EIO, "pthread_sigmask: %m");
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return threads_error_set(err, THREADS_EIO, "signalfd: %m");
	return loop_watch_add(loop, loop->signal_fd, EPOLLIN, on_signal, loop, &loop->signal_watch,
			      err);
}

int loop_new(struct loop **ret_loop, struct threads_error *err)
{
	CLEANUP(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));
	int rc;

	if (!loop)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return threads_error_set(err, THREADS_EIO, "epoll_create1: %m");
	rc = signals_open(loop, err);
	if (rc < 0)
		return rc;
	*ret_loop = TAKE_PTR(loop);
	return 0;
}

/* Frees what was removed during the turn; with all = true everything. */
static void sweep(struct loop *loop, bool all)
{
	struct loop_watch *watch = LIST_FIRST(&loop->watches);
	struct loop_timer *timer = LIST_FIRST(&loop->timers);

	while (watch) {
		struct loop_watch *next = LIST_NEXT(watch, link);

		if (all || watch->removed) {
			LIST_REMOVE(watch, link);
			free(watch);
		}
		watch = next;
	}
	while (timer) {
		struct loop_timer *next = LIST_NEXT(timer, link);

		if (all || timer->removed) {
			LIST_REMOVE(timer, link);
			free(timer);
		}
		timer = next;
	}
	loop->garbage = false;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	sweep(loop, true);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
	return NULL;
}

void loop_freep(struct loop **loop)
{
	*loop = loop_free(*loop);
}

int loop_watch_add(struct loop *loop, int fd, uint32_t events, loop_watch_fn *fn, void *arg,
		   struct loop_watch **ret_watch, struct threads_error *err)
{
	AUTO_FREE struct loop_watch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = { .events = events };

	if (!watch)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*watch = (struct loop_watch){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	event.data.ptr = watch;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return threads_error_set(err, THREADS_EIO, "epoll_ctl: %m");
	LIST_INSERT_HEAD(&loop->watches, watch, link);
	*ret_watch = TAKE_PTR(watch);
	return 0;
}

int loop_watch_change(struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

struct loop_watch *loop_watch_remove(struct loop_watch *watch)
{
	if (!watch || watch->removed)
		return NULL;
	epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->removed = true;
	watch->loop->garbage = true;
	return NULL;
}

int loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *arg, struct loop_timer **ret_timer,
		   struct threads_error *err)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*timer = (struct loop_timer){ .loop = loop, .due_ms = -1, .fn = fn, .arg = arg };
	LIST_INSERT_HEAD(&loop->timers, timer, link);
	*ret_timer = timer;
	return 0;
}

void loop_timer_set(struct loop_timer *timer, int64_t in_ms)
{
	timer->due_ms = in_ms < 0 ? -1 : clock_monotonic_ms() + in_ms;
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->due_ms >= 0;
}

struct loop_timer *loop_timer_remove(struct loop_timer *timer)
{
	if (!timer || timer->removed)
		return NULL;
	timer->removed = true;
	timer->due_ms = -1;
	timer->loop->garbage = true;
	return NULL;
}

void loop_on_hangup(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	loop->hangup_fn = fn;
	loop->hangup_arg = arg;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

void loop_resume(struct loop *loop)
{
	loop->stopping = false;
}

/* How long epoll may sleep: to the first timer, at most wait_ms (-1 = for ever). */
static int sleep_ms(const struct loop *loop, int wait_ms)
{
	const int64_t now = clock_monotonic_ms();
	const struct loop_timer *timer;
	int64_t left = wait_ms < 0 ? INT64_MAX : wait_ms;

	LIST_FOREACH(timer, &loop->timers, link)
		if (timer->due_ms >= 0 && timer->due_ms - now < left)
			left = timer->due_ms > now ? timer->due_ms - now : 0;
	if (left == INT64_MAX)
		return -1;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void run_timers(struct loop *loop)
{
	const int64_t now = clock_monotonic_ms();
	struct loop_timer *timer = LIST_FIRST(&loop->timers);

	/* Removal only marks, so that next stays valid; new ones go to the head. */
	for (; timer; timer = LIST_NEXT(timer, link)) {
		if (timer->due_ms < 0 || timer->due_ms > now)
			continue;
		timer->due_ms = -1;
		timer->fn(timer->arg);
	}
}

int loop_turn(struct loop *loop, int wait_ms, struct threads_error *err)
{
	struct epoll_event events[LOOP_EVENTS];
	int count;

	if (loop->stopping)
		return 0;
	count = epoll_wait(loop->epoll_fd, events, LOOP_EVENTS, sleep_ms(loop, wait_ms));
	if (count < 0 && errno != EINTR)
		return threads_error_set(err, THREADS_EIO, "epoll_wait: %m");
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = events[i].data.ptr;

		if (!watch->removed)
			watch->fn(watch->fd, events[i].events, watch->arg);
	}
	run_timers(loop);
	if (loop->garbage)
		sweep(loop, false);
	return loop->stopping ? 0 : 1;
}

int loop_run(struct loop *loop, struct threads_error *err)
{
	int rc;

	do {
		rc = loop_turn(loop, -1, err);
	} while (rc == 1);
	return rc;
}
