/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of every role: epoll, timers, a signalfd for TERM and INT.
 * Callbacks may add and remove watches and timers, their own included.
 */
#ifndef THREADS_IPC_LOOP_H
#define THREADS_IPC_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "threads/error.h"

struct loop;
struct loop_watch;
struct loop_timer;

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll reports them. */
typedef void loop_watch_fn(int fd, uint32_t events, void *arg);
typedef void loop_timer_fn(void *arg);

int loop_new(struct loop **ret_loop, struct threads_error *err) MUST_CHECK;
struct loop *loop_free(struct loop *loop);
void loop_freep(struct loop **loop);

/* fd stays the caller's and must outlive the watch. Errors: THREADS_ENOMEM, THREADS_EIO. */
int loop_watch_add(struct loop *loop, int fd, uint32_t events, loop_watch_fn *fn, void *arg,
		   struct loop_watch **ret_watch, struct threads_error *err) MUST_CHECK;
int loop_watch_change(struct loop_watch *watch, uint32_t events);
struct loop_watch *loop_watch_remove(struct loop_watch *watch); /* accepts NULL, returns NULL */

/* A timer, at first not set. Errors: THREADS_ENOMEM. */
int loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *arg, struct loop_timer **ret_timer,
		   struct threads_error *err) MUST_CHECK;
void loop_timer_set(struct loop_timer *timer, int64_t in_ms); /* once, from now; < 0 unsets */
bool loop_timer_is_set(const struct loop_timer *timer);
struct loop_timer *loop_timer_remove(struct loop_timer *timer);

/* Ends loop_run() after the callbacks in progress. */
void loop_stop(struct loop *loop);

/* Lets the loop turn again after it was stopped: a shutdown still needs its events. */
void loop_resume(struct loop *loop);

/* SIGHUP calls fn from here on, instead of ending loop_run(). */
void loop_on_hangup(struct loop *loop, loop_timer_fn *fn, void *arg);

/* Runs until loop_stop(), SIGTERM, SIGINT or SIGHUP. */
int loop_run(struct loop *loop, struct threads_error *err) MUST_CHECK;

/* One turn, at most wait_ms; for programs with a loop of their own. Returns 1, or 0 when stopping. */
int loop_turn(struct loop *loop, int wait_ms, struct threads_error *err) MUST_CHECK;

#endif
