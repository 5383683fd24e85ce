/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/log.h"
#include "ipc/role_name.h"
#include "supervisor/figures.h"
#include "supervisor/notify.h"

enum { ROLES_BUNDLE_MS = 20, LINK_BUFFER_BYTES = 1024 * 1024 };

/* The links of protocol.h. */
static const struct {
	enum role a, b;
} links[] = {
	{ ROLE_HTTP, ROLE_AUTH },   { ROLE_HTTP, ROLE_API },    { ROLE_API, ROLE_AUTH },
	{ ROLE_API, ROLE_VAULT },   { ROLE_API, ROLE_INDEX },   { ROLE_AUTH, ROLE_INDEX },
	{ ROLE_INDEX, ROLE_VAULT }, { ROLE_INDEX, ROLE_PARSE }, { ROLE_INDEX, ROLE_IMAP },
	{ ROLE_IMAP, ROLE_VAULT },  { ROLE_IMAP, ROLE_DIAL },
};

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

bool bus_linked(enum role a, enum role b)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if ((links[i].a == a && links[i].b == b) || (links[i].a == b && links[i].b == a))
			return true;
	return false;
}

static void send_to(struct child *child, const struct frame *f)
{
	struct threads_error err;

	if (child->control && peer_send(child->control, f, &err) < 0)
		log_warning("role=%s instance=%lld %s", role_name(child->role),
			    (long long)child->instance, err.text);
}

/* Tells `to` that fd leads to `about`. */
static void send_peer(struct child *to, const struct child *about, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_PEER, 0);
	frame_put_int(&f, about->role);
	frame_put_int(&f, about->instance);
	frame_put_text(&f, about->host);
	frame_put_int(&f, about->port);
	frame_put_int(&f, about->private_network);
	frame_put_fd(&f, fd);
	send_to(to, &f);
}

static void link_children(struct child *a, struct child *b)
{
	const int size = LINK_BUFFER_BYTES;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("socketpair: %m");
		return;
	}
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	send_peer(a, b, pair[0]);
	send_peer(b, a, pair[1]);
	close(pair[0]);
	close(pair[1]);
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

void bus_start_allowed(struct child *child)
{
	if (child->pid == 0 && may_start(child))
		child_start(child);
	else if (child->pid == 0)
		child->state = CHILD_WAITING;
}

static void start_waiting_for(struct child *ready)
{
	struct child *child;

	if (ready->role != ROLE_INDEX)
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
	send_to(child, &f);
}

void bus_child_ready(struct child *child)
{
	struct child *other;

	LIST_FOREACH(other, &child->supervisor->children, link)
		if (other != child && other->state == CHILD_READY &&
		    bus_linked(child->role, other->role))
			link_children(child, other);
	start_waiting_for(child);
	ask_memory(child);
	bus_roles_changed(child->supervisor);
}

static bool role_alive(struct supervisor *s, enum role role)
{
	struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (child->role == role && child->pid > 0)
			return true;
	return false;
}

void bus_child_ended(struct child *child, int status)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct supervisor *s = child->supervisor;
	struct child *index = child_find(s, ROLE_INDEX, 0);
	struct child *dial = child_find(s, ROLE_DIAL, 0);

	bus_roles_changed(s);
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
	send_to(index, &f);
}

static void report_not_started(struct child *index, enum role which, int64_t instance)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_EXITED, 0);
	frame_put_int(&f, which);
	frame_put_int(&f, instance);
	frame_put_int(&f, 0);
	frame_put_int(&f, EXIT_FAILURE);
	send_to(index, &f);
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
				send_to(child, &out);
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

/* Whether it ended and we were only not told yet. */
static bool has_ended(const struct child *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* The first of the two in the table of links asks, so that one loss makes one link. */
static int on_link_lost(struct child *from, struct frame *f, struct threads_error *err)
{
	const enum role which = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	const int64_t instance = frame_get_int(f);
	struct child *other;
	size_t i = 0;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	while (i < ARRAY_SIZE(links) && !(links[i].a == from->role && links[i].b == which))
		i++;
	if (i == ARRAY_SIZE(links))
		return threads_error_set(err, THREADS_EINVAL, "does not ask for a link to %s",
					 role_name(which));
	other = child_find(from->supervisor, which, instance);
	if (!other || other->state != CHILD_READY || other->stopping || other->leaving ||
	    !other->permanent || from->state != CHILD_READY || has_ended(other))
		return 0;
	log_notice("role=%s instance=%lld its link to %s is made anew", role_name(from->role),
		   (long long)from->instance, role_name(which));
	link_children(from, other);
	return 0;
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
		return on_link_lost(child, f, err);
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

int bus_attach(struct child *child, int fd, struct threads_error *err)
{
	const struct peer_handler handler = { on_frame, on_closed, child };

	return peer_new(child->supervisor->loop, fd, child->role, child->instance, &handler,
			&child->control, err);
}

bool bus_ask_alive(struct child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (!child->control)
		return false;
	frame_begin(&f, CTL_ALIVE, 1);
	send_to(child, &f);
	return true;
}

void bus_say_stop(struct child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_STOP, 0);
	send_to(child, &f);
}

void bus_send_settings(struct supervisor *s)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct child *child;

	frame_begin(&f, CTL_SETTINGS, 0);
	frame_put_text(&f, s->config_text);
	LIST_FOREACH(child, &s->children, link)
		send_to(child, &f);
}

void bus_roles_changed(struct supervisor *s)
{
	if (!loop_timer_is_set(s->roles_timer))
		loop_timer_set(s->roles_timer, ROLES_BUNDLE_MS);
}

const char *bus_state_word(const struct child *child)
{
	static const char *const words[] = {
		[CHILD_STARTING] = "starting",
		[CHILD_READY] = "ready",
		[CHILD_WAITING] = "waiting",
		[CHILD_DOWN] = "down",
	};

	return words[child->state];
}

void bus_send_roles(void *arg)
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
		frame_put_text(&f, bus_state_word(child));
		frame_put_int(&f, child->restarts);
		frame_put_int(&f, child->confined);
		frame_put_text(&f, child->last_error);
	}
	LIST_FOREACH(child, &s->children, link)
		if ((child->role == ROLE_HTTP || child->role == ROLE_API) &&
		    child->state == CHILD_READY)
			send_to(child, &f);
}
