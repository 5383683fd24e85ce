/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the roles tell the supervisor (script.h): LINK is a role's name, "exit
 * ROLE" its end, "exit ROLE 9" that by a signal. No process is started and none
 * is killed: spawn_role() and kill() are the test's. Whatever the roles say, only
 * index starts others, and only imap and parse.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/log.h"
#include "ipc/role_name.h"
#include "script.h"
#include "supervisor/bus.h"
#include "supervisor/child.h"
#include "supervisor/spawn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_spawn_role(struct child *child, struct threads_error *err);
int __wrap_kill(pid_t pid, int sig);

enum { SPAWNED_MAX = 64, FIRST_PID = 1 << 28, TURNS = 4 };

static struct world {
	struct supervisor s;
	struct {
		pid_t pid;
		enum role role;
		int fd; /* the role's end; -1: it ended */
		bool killed;
	} spawned[SPAWNED_MAX];
	size_t count;
} world;

static const enum role permanent[] = { ROLE_HTTP,  ROLE_API,  ROLE_AUTH,
				       ROLE_VAULT, ROLE_DIAL, ROLE_INDEX };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

int __wrap_spawn_role(struct child *child, struct threads_error *err)
{
	int pair[2], rc;

	if (world.count == SPAWNED_MAX)
		return threads_error_set(err, THREADS_EAGAIN, "no more processes");
	must(child->host[0] == '\0' || child->role == ROLE_IMAP || child->role == ROLE_PARSE,
	     "a host is given to imap alone");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0,
	     "socketpair");
	rc = child->supervisor->above->attach(child, pair[0], err);
	if (rc < 0) {
		close(pair[1]);
		return rc;
	}
	child->pid = FIRST_PID + (pid_t)world.count;
	world.spawned[world.count].pid = child->pid;
	world.spawned[world.count].role = child->role;
	world.spawned[world.count].killed = false;
	world.spawned[world.count++].fd = pair[1];
	return 0;
}

int __wrap_kill(pid_t pid, int sig)
{
	must(pid >= FIRST_PID && (size_t)(pid - FIRST_PID) < world.count, "kills its own only");
	if (sig == SIGKILL)
		world.spawned[pid - FIRST_PID].killed = true;
	return 0;
}

static void end_role(size_t i, int status)
{
	struct child *child = child_by_pid(&world.s, world.spawned[i].pid);

	if (world.spawned[i].fd >= 0)
		close(world.spawned[i].fd);
	world.spawned[i].fd = -1;
	world.spawned[i].killed = false;
	if (child)
		child_ended(child, status);
}

static void turn(void)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	for (int i = 0; i < TURNS; i++)
		must(loop_turn(world.s.loop, 0, &err) >= 0, "loop");
	for (size_t i = 0; i < world.count; i++) {
		while (world.spawned[i].fd >= 0 && frame_recv(world.spawned[i].fd, &f, NULL) == 1)
			must(f.type != CTL_PEER || f.fd_count == 1, "a link is a socket");
		if (world.spawned[i].killed)
			end_role(i, SIGKILL);
	}
}

static void open_world(void)
{
	struct threads_error err;
	struct child *child;

	world = (struct world){ .s = { .http_fd = -1, .control_fd = -1, .lock_fd = -1 } };
	LIST_INIT(&world.s.children);
	must(loop_new(&world.s.loop, &err) == 0, "loop");
	must(bus_open(&world.s, &err) == 0, "bus");
	for (size_t i = 0; i < ARRAY_SIZE(permanent); i++) {
		must(child_add(&world.s, permanent[i], 0, true, &child, &err) == 0, "child");
		child_start(child);
	}
}

static void close_world(void)
{
	struct child *child;

	while ((child = LIST_FIRST(&world.s.children)))
		child_free(child);
	for (size_t i = 0; i < world.count; i++)
		if (world.spawned[i].fd >= 0)
			close(world.spawned[i].fd);
	loop_timer_remove(world.s.roles_timer);
	loop_free(world.s.loop);
}

/* The process of a role that was started last, or -1. */
static int find_role(const char *name)
{
	for (size_t i = world.count; i-- > 0;)
		if (world.spawned[i].fd >= 0 && strcmp(role_name(world.spawned[i].role), name) == 0)
			return (int)i;
	return -1;
}

static void play(const struct script_line *line)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const bool ends = strcmp(line->link, "exit") == 0;
	const int i = find_role(ends ? line->type : line->link);
	struct threads_error err;

	if (i < 0)
		return;
	if (ends)
		end_role((size_t)i, (int)(line->id & 0x7f));
	else if (script_frame(line, NULL, &f))
		(void)!frame_send(world.spawned[i].fd, &f, &err);
}

static void check(void)
{
	const struct child *child;

	LIST_FOREACH(child, &world.s.children, link) {
		bool known = child->role == ROLE_IMAP || child->role == ROLE_PARSE;

		for (size_t i = 0; i < ARRAY_SIZE(permanent); i++)
			known = known || child->role == permanent[i];
		must(known, "only imap and parse come besides the permanent ones");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script_line line;
	size_t at = 0;

	log_setup("fuzz", LOG_LEVEL_ERROR);
	open_world();
	for (int i = 0; i < SCRIPT_LINES_MAX && script_next(data, size, &at, &line); i++) {
		play(&line);
		turn();
		check();
	}
	close_world();
	return 0;
}
