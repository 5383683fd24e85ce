/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/log.h"
#include "ipc/role_name.h"
#include "supervisor/spawn.h"
#include "supervisor/tell.h"

enum {
	READY_WITHIN_MS = 30 * 1000,
	LEAVE_WITHIN_MS = 10 * 1000,
	DELAY_FIRST_MS = 1000,
	DELAY_LAST_MS = 60 * 1000,
	CRASH_WINDOW_MS = 60 * 1000,
	STOP_WITHIN_MS = 10 * 1000,
	WATCHDOG_MS = 30 * 1000, /* asked; after another one without an answer it is killed */
};

static void on_timer(void *arg);

int child_add(struct supervisor *s, enum role role, int64_t instance, bool permanent,
	      struct child **ret_child, struct threads_error *err)
{
	struct child *child = calloc(1, sizeof(*child));
	int rc;

	if (!child)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	child->supervisor = s;
	child->role = role;
	child->instance = instance;
	child->permanent = permanent;
	child->state = CHILD_DOWN;
	child->said = (struct journal_pipe){
		.journal = &s->journal, .role = role, .instance = instance, .fd = -1
	};
	rc = loop_timer_add(s->loop, on_timer, child, &child->timer, err);
	if (rc < 0) {
		free(child);
		return rc;
	}
	LIST_INSERT_HEAD(&s->children, child, link);
	*ret_child = child;
	return 0;
}

struct child *child_find(struct supervisor *s, enum role role, int64_t instance)
{
	struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (child->role == role && child->instance == instance)
			return child;
	return NULL;
}

struct child *child_by_pid(struct supervisor *s, pid_t pid)
{
	struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (child->pid == pid)
			return child;
	return NULL;
}

int64_t child_delay_after(struct child *child, int64_t now_ms)
{
	const int64_t third = child->crashes_ms[CHILD_CRASHES_KEPT - 2];
	const bool crowded = third != 0 && now_ms - third < CRASH_WINDOW_MS;

	for (int i = CHILD_CRASHES_KEPT - 1; i > 0; i--)
		child->crashes_ms[i] = child->crashes_ms[i - 1];
	child->crashes_ms[0] = now_ms;
	if (child->was_ready && !crowded) {
		child->delay_ms = 0;
		return 0;
	}
	child->delay_ms = child->delay_ms ? child->delay_ms * 2 : DELAY_FIRST_MS;
	if (child->delay_ms > DELAY_LAST_MS)
		child->delay_ms = DELAY_LAST_MS;
	return child->delay_ms;
}

/* The line that an administrator finds: who, how it ended, how often, what follows. */
static void report_end(struct child *child, pid_t pid, int64_t wait_ms)
{
	char line[JOURNAL_LINE_BYTES], next[80] = "";

	if (wait_ms >= 0)
		snprintf(next, sizeof(next), "restarts=%d next_ms=%lld ", child->restarts,
			 (long long)wait_ms);
	snprintf(line, sizeof(line), "role=%s instance=%lld pid=%d %s%s", role_name(child->role),
		 (long long)child->instance, (int)pid, next, child->last_error);
	log_warning("%s", line);
	journal_keep(&child->supervisor->journal, LOG_LEVEL_WARNING, child->role, child->instance,
		     child->last_error);
}

static void plan_restart(struct child *child, pid_t pid)
{
	const int64_t wait_ms = child_delay_after(child, clock_monotonic_ms());

	child->state = CHILD_WAITING;
	child->was_ready = false;
	child->restarts++;
	child->next_ms = clock_now_ms(NULL) + wait_ms;
	loop_timer_set(child->timer, wait_ms);
	report_end(child, pid, wait_ms);
}

void child_start(struct child *child)
{
	struct supervisor *s = child->supervisor;
	struct threads_error err;

	child->state = CHILD_STARTING;
	child->started_ms = clock_now_ms(NULL);
	child->next_ms = child->rss_bytes = child->pss_bytes = 0;
	s->starts[child->role]++;
	child->stopping = false;
	child->alive_asked = false;
	child->leaving = false;
	child->killed_for = NULL;
	loop_timer_set(child->timer, READY_WITHIN_MS);
	if (spawn_role(child, &err) == 0)
		return;
	snprintf(child->last_error, sizeof(child->last_error), "%s", err.text);
	if (child->pid > 0) {
		log_error("role=%s instance=%lld %s", role_name(child->role),
			  (long long)child->instance, err.text);
		child_kill(child, CAUSE_SPAWN, "it could not be given its settings");
		return;
	}
	child->ended_ms = child->started_ms;
	s->ends[child->role][CAUSE_SPAWN]++;
	plan_restart(child, 0);
}

void child_start_allowed(struct child *child)
{
	child->supervisor->above->start(child);
}

void child_ready(struct child *child, bool confined)
{
	child->state = CHILD_READY;
	child->was_ready = true;
	child->confined = confined;
	loop_timer_set(child->timer, child->permanent ? WATCHDOG_MS : -1);
	log_info("role=%s instance=%lld pid=%d ready", role_name(child->role),
		 (long long)child->instance, (int)child->pid);
	child->supervisor->above->ready(child);
}

void child_alive(struct child *child, int64_t busy_ms)
{
	const bool up = child->state == CHILD_READY || child->state == CHILD_STARTING;

	child->alive_asked = false;
	if (child->permanent && up && !child->stopping)
		loop_timer_set(child->timer, busy_ms > WATCHDOG_MS ? busy_ms : WATCHDOG_MS);
}

/* The timer means what the state says. */
static void on_timer(void *arg)
{
	struct child *child = arg;

	if (child->state == CHILD_WAITING && !child->supervisor->stopping) {
		child_start_allowed(child);
		return;
	}
	if (child->state == CHILD_STARTING && !child->leaving) {
		child_kill(child, CAUSE_WATCHDOG, "not ready in time");
		return;
	}
	if (child->stopping || child->leaving || child->alive_asked) {
		child_kill(child, CAUSE_WATCHDOG,
			   child->stopping || child->leaving ? "it did not end"
							     : "it did not answer the watchdog");
		return;
	}
	if (child->state == CHILD_READY && tell_ask_alive(child)) {
		child->alive_asked = true;
		loop_timer_set(child->timer, WATCHDOG_MS);
	}
}

void child_stop(struct child *child)
{
	if (child->pid == 0 || child->stopping)
		return;
	child->stopping = true;
	tell_stop(child);
	loop_timer_set(child->timer, STOP_WITHIN_MS);
}

void child_leaves(struct child *child)
{
	child->leaving = true;
	loop_timer_set(child->timer, LEAVE_WITHIN_MS);
}

void child_kill(struct child *child, enum cause as, const char *why)
{
	if (child->pid <= 0)
		return;
	if (!child->killed_for) {
		child->killed_for = why ? why : "";
		child->killed_as = as;
	}
	kill(child->pid, SIGKILL);
}

/* Whether somebody has to know: it ended badly and nobody had asked for it. */
static bool ended_badly(const struct child *child, int status)
{
	const bool asked = child->stopping || child->supervisor->stopping ||
			   (child->killed_for && !*child->killed_for);

	return !asked && (child->permanent || status != 0);
}

static void describe_end(struct child *child, int status)
{
	struct supervisor *s = child->supervisor;
	const int64_t kills = cause_memory_kills();
	const struct cause_end end = {
		.wait_status = status,
		.killed_as = child->killed_as,
		.killed_for = child->killed_for,
		.memory_short = kills > s->memory_kills,
		.last_line = child->said.last,
	};
	const enum cause cause = cause_describe(&end, child->last_error, sizeof(child->last_error));

	s->memory_kills = kills;
	s->ends[child->role][cause]++;
	child->ended_ms = clock_now_ms(NULL);
}

void child_ended(struct child *child, int status)
{
	struct supervisor *s = child->supervisor;
	const bool badly = ended_badly(child, status);
	const pid_t pid = child->pid;

	journal_close(&child->said);
	if (badly)
		describe_end(child, status);
	if (badly && !child->permanent)
		report_end(child, pid, -1);
	child->pid = 0;
	child->control = peer_free(child->control);
	s->above->ended(child, status);
	if (child->permanent && !s->stopping) {
		plan_restart(child, pid);
		return;
	}
	if (child->permanent) {
		child->state = CHILD_DOWN;
		return;
	}
	child_free(child);
}

void child_free(struct child *child)
{
	child_kill(child, CAUSE_KILLED, NULL);
	journal_close(&child->said);
	child->control = peer_free(child->control);
	child->timer = loop_timer_remove(child->timer);
	LIST_REMOVE(child, link);
	free(child);
}
