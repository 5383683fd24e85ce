/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a role's process: start, ready, end, back-off, watchdog. */
#ifndef THREADS_SUPERVISOR_CHILD_H
#define THREADS_SUPERVISOR_CHILD_H

#include "supervisor/supervisor.h"

/* A child that is not running yet. Errors: THREADS_ENOMEM. */
int child_add(struct supervisor *s, enum role role, int64_t instance, bool permanent,
	      struct child **ret_child, struct threads_error *err) MUST_CHECK;

struct child *child_find(struct supervisor *s, enum role role, int64_t instance);
struct child *child_by_pid(struct supervisor *s, pid_t pid);

/* Forks and executes the role and sends its configuration. A failure counts as a crash and is retried. */
void child_start(struct child *child);

/* Starts it now, or when what it needs is ready. */
void child_start_allowed(struct child *child);

enum { CHILD_BUSY_MAX_MS = 24 * 60 * 60 * 1000 };

/* The role answered the watchdog; it is asked again after busy_ms at the earliest. */
void child_alive(struct child *child, int64_t busy_ms);

/* The role said CTL_READY. */
void child_ready(struct child *child, bool confined);

/* Asks it to end; SIGKILL follows if it does not. */
void child_stop(struct child *child);
/* It closed its control connection; SIGKILL follows if it does not end. */
void child_leaves(struct child *child);
/* SIGKILL; why is a literal that is told with its end, NULL when that is nobody's trouble. */
void child_kill(struct child *child, enum cause as, const char *why);

/* The kernel reported its end: restarts permanent ones, forgets the others (child is then freed). */
void child_ended(struct child *child, int wait_status);

/* Milliseconds to wait before the next start, by what happened before. Pure, for tests. */
int64_t child_delay_after(struct child *child, int64_t now_ms);

/* Stops without mercy and frees. */
void child_free(struct child *child);

#endif
