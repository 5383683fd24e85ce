/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/bus.h"

#include <stdio.h>
#include <sys/wait.h>

#include "core/log.h"
#include "ipc/role_name.h"
#include "supervisor/child.h"
#include "supervisor/figures.h"
#include "supervisor/links.h"
#include "supervisor/notify.h"
#include "supervisor/tell.h"

enum { ROLES_BUNDLE_MS = 20 };

/* Which doorbells a role may ring, and who hears them. */
static const struct {
	enum bell bell;
	enum role from;
	enum role to[3]; /* ends with ROLE_SUPERVISOR */
} bells[] = {
	{ BELL_MESSAGES, ROLE_INDEX, { ROLE_API } },
	{ BELL_ACCOUNTS, ROLE_INDEX, { ROLE_API } },
	{ BELL_IMPORTS, ROLE_INDEX, { ROLE_API } },
	{ BELL_USERS, ROLE_INDEX, { ROLE_API, ROLE_AUTH } },
	{ BELL_ACCESS, ROLE_INDEX, { ROLE_API } },
};

static void roles_changed(struct supervisor *s)
{
	if (!loop_timer_is_set(s->roles_timer))
		loop_timer_set(s->roles_timer, ROLES_BUNDLE_MS);
}

/* api reads hub.db only after index made or mended it; dial lives with imap. */
static bool may_start(struct child *child)
{
	struct child *index;

	if (child->role != ROLE_API)
		return true;
	index = child_find(child->supervisor, ROLE_INDEX, 0);
	return index && index->state == CHILD_READY;
}

static void start_allowed(struct child *child)
{
	if (child->pid == 0 && may_start(child))
		child_start(child);
	else if (child->pid == 0)
		child->state = CHILD_WAITING;
}

static void start_waiting_for(struct child *ready)
{
	struct child *child;

	if (ready->role != ROLE_INDEX || ready->supervisor->stopping)
		return;
	LIST_FOREACH(child, &ready->supervisor->children, link)
		if (child->role == ROLE_API && child->pid == 0 && !loop_timer_is_set(child->timer))
			child_start(child);
}

/* Asks for its memory. A parser lives for one batch: nobody looks at it. */
static void ask_memory(struct child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (child->role == ROLE_PARSE || child->state != CHILD_READY)
		return;
	frame_begin(&f, CTL_MEMORY, 0);
	tell(child, &f);
}

static void on_ready(struct child *child)
{
	links_connect(child);
	start_waiting_for(child);
	ask_memory(child);
	roles_changed(child->supervisor);
}

static bool role_alive(struct supervisor *s, enum role role)
{
	struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (child->role == role && child->pid > 0)
			return true;
	return false;
}

static void on_ended(struct child *child, int status)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct supervisor *s = child->supervisor;
	struct child *index = child_find(s, ROLE_INDEX, 0);
	struct child *dial = child_find(s, ROLE_DIAL, 0);

	roles_changed(s);
	if (child->role == ROLE_IMAP && dial && !role_alive(s, ROLE_IMAP)) {
		dial->permanent = false; /* nobody needs it: it ends and is forgotten */
		child_stop(dial);
	}
	if (child->role != ROLE_IMAP && child->role != ROLE_PARSE)
		return;
	if (!index || index->state != CHILD_READY)
		return;
	frame_begin(&f, CTL_EXITED, 0);
	frame_put_int(&f, child->role);
	frame_put_int(&f, child->instance);
	frame_put_int(&f, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	frame_put_int(&f, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	tell(index, &f);
}

static void report_not_started(struct child *index, enum role which, int64_t instance)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_EXITED, 0);
	frame_put_int(&f, which);
	frame_put_int(&f, instance);
	frame_put_int(&f, 0);
	frame_put_int(&f, EXIT_FAILURE);
	tell(index, &f);
}

/* An idle dial that is on its way out counts as none: the next imap waits for its successor. */
static void need_dial(struct supervisor *s)
{
	struct child *dial = child_find(s, ROLE_DIAL, 0);
	struct threads_error err;

	if (dial) {
		dial->permanent = true;
		if (dial->pid == 0 && !loop_timer_is_set(dial->timer))
			child_start(dial);
		return;
	}
	if (child_add(s, ROLE_DIAL, 0, true, &dial, &err) == 0)
		child_start(dial);
	else
		log_error("dial: %s", err.text);
}

static int on_start(struct child *from, struct frame *f, struct threads_error *err)
{
	const enum role which = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	const int64_t instance = frame_get_int(f);
	const char *host = frame_get_text(f);
	const int port = (int)frame_get_int_in(f, 0, 65535);
	const bool private_network = frame_get_int_in(f, 0, 1) == 1;
	struct supervisor *s = from->supervisor;
	struct child *child;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (from->role != ROLE_INDEX || (which != ROLE_IMAP && which != ROLE_PARSE) ||
	    strlen(host) >= CHILD_HOST_MAX)
		return threads_error_set(err, THREADS_EINVAL, "may not start %s", role_name(which));
	if (s->stopping)
		return 0;
	if (child_find(s, which, instance))
		return 0; /* already there; index learns its end */
	rc = child_add(s, which, instance, false, &child, err);
	if (rc < 0) {
		report_not_started(from, which, instance);
		return 0;
	}
	snprintf(child->host, sizeof(child->host), "%s", host);
	child->port = port;
	child->private_network = private_network;
	if (which == ROLE_IMAP)
		need_dial(s);
	child_start(child);
	return 0;
}

static int on_kill(struct child *from, struct frame *f, struct threads_error *err)
{
	const enum role which = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	const int64_t instance = frame_get_int(f);
	struct child *child;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (from->role != ROLE_INDEX || (which != ROLE_IMAP && which != ROLE_PARSE))
		return threads_error_set(err, THREADS_EINVAL, "may not end %s", role_name(which));
	child = child_find(from->supervisor, which, instance);
	if (child)
		child_kill(child, CAUSE_KILLED, NULL);
	return 0;
}

static int on_bell(struct child *from, struct frame *f, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	const enum bell bell = (enum bell)frame_get_int_in(f, 1, BELL_COUNT - 1);
	const int64_t id = frame_get_int(f);
	struct child *child;
	size_t i = 0;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	while (i < ARRAY_SIZE(bells) && !(bells[i].bell == bell && bells[i].from == from->role))
		i++;
	if (i == ARRAY_SIZE(bells))
		return threads_error_set(err, THREADS_EINVAL, "may not ring bell %d", (int)bell);
	frame_begin(&out, CTL_BELL, 0);
	frame_put_int(&out, bell);
	frame_put_int(&out, id);
	LIST_FOREACH(child, &from->supervisor->children, link)
		for (const enum role *to = bells[i].to; *to != ROLE_SUPERVISOR; to++)
			if (child->role == *to && child->state == CHILD_READY)
				tell(child, &out);
	return 0;
}

/* The answer to the watchdog, or a role's word that it will be busy for a while. */
static int on_alive(struct child *child, struct frame *f, struct threads_error *err)
{
	const int64_t busy_ms = frame_at_end(f) ? 0 : frame_get_int_in(f, 0, CHILD_BUSY_MAX_MS);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	child_alive(child, busy_ms);
	return 0;
}

static int on_memory(struct child *child, struct frame *f, struct threads_error *err)
{
	child->rss_bytes = frame_get_int_in(f, 0, INT64_MAX);
	child->pss_bytes = frame_get_int_in(f, 0, INT64_MAX);
	return frame_get_end(f, err);
}

/* Tells what is known, and asks the roles for the next time. */
static int on_figures(const struct child *from, const struct frame *f, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct child *child;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (from->role != ROLE_API)
		return threads_error_set(err, THREADS_EINVAL, "may not ask for figures");
	frame_begin(&answer, CTL_FIGURES, f->id);
	figures_put(from->supervisor, &answer);
	LIST_FOREACH(child, &from->supervisor->children, link) {
		ask_memory(child);
	}
	return from->control ? peer_send(from->control, &answer, err) : 0;
}

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct child *child = arg;
	int64_t abi;

	(void)peer;
	switch (f->type) {
	case CTL_READY:
		abi = frame_get_int(f);
		if (frame_get_end(f, err) < 0)
			return THREADS_EINVAL;
		if (child->state == CHILD_STARTING)
			child_ready(child, abi > 0);
		return 0;
	case CTL_START:
		return on_start(child, f, err);
	case CTL_KILL:
		return on_kill(child, f, err);
	case CTL_BELL:
		return on_bell(child, f, err);
	case CTL_ALIVE:
		return on_alive(child, f, err);
	case CTL_MEMORY:
		return on_memory(child, f, err);
	case CTL_FIGURES:
		return on_figures(child, f, err);
	case CTL_LINK_LOST:
		return links_lost(child, f, err);
	default:
		return threads_error_set(err, THREADS_EINVAL, "unknown frame %u", f->type);
	}
}

/* Without its control connection a role is of no use: it ends itself, or is ended. */
static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct child *child = arg;

	(void)peer;
	if (why && !child->stopping)
		log_warning("role=%s instance=%lld %s", role_name(child->role),
			    (long long)child->instance, why->text);
	child->control = NULL;
	child->state = child->state == CHILD_READY ? CHILD_DOWN : child->state;
	if (why && why->code == THREADS_ELIMIT)
		child_kill(child, CAUSE_WATCHDOG, "it does not read what it is sent");
	else if (why && why->code != THREADS_EIO)
		child_kill(child, CAUSE_PROTOCOL, "it sent what it may not send");
	else if (!child->stopping)
		child_leaves(child);
}

static int attach(struct child *child, int fd, struct threads_error *err)
{
	const struct peer_handler handler = { on_frame, on_closed, child };

	return peer_new(child->supervisor->loop, fd, child->role, child->instance, &handler,
			&child->control, err);
}

static void send_roles(void *arg)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct supervisor *s = arg;
	struct child *child;
	int count = 0;

	notify_roles(s);
	LIST_FOREACH(child, &s->children, link)
		count++;
	frame_begin(&f, CTL_ROLES, 0);
	frame_put_int(&f, s->insecure);
	frame_put_int(&f, count);
	LIST_FOREACH(child, &s->children, link) {
		frame_put_int(&f, child->role);
		frame_put_int(&f, child->instance);
		frame_put_int(&f, child->pid);
		frame_put_text(&f, tell_state_word(child));
		frame_put_int(&f, child->restarts);
		frame_put_int(&f, child->confined);
	}
	LIST_FOREACH(child, &s->children, link)
		if ((child->role == ROLE_HTTP || child->role == ROLE_API) &&
		    child->state == CHILD_READY)
			tell(child, &f);
}

int bus_open(struct supervisor *s, struct threads_error *err)
{
	static const struct child_above above = {
		.attach = attach,
		.start = start_allowed,
		.ready = on_ready,
		.ended = on_ended,
	};

	s->above = &above;
	return loop_timer_add(s->loop, send_roles, s, &s->roles_timer, err);
}
