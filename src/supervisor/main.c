/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threadsd, the supervisor: reads the configuration, opens the sockets, starts
 * one process per role and keeps them running.
 *
 * Threat: as root, or with CAP_SETUID, it can become any role's uid, and it reads the master key.
 * It has no network of its own, parses nothing that comes from outside, and
 * takes frames only from its children, each checked against the tables in bus.c and links.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/random_id.h"
#include "ipc/sandbox.h"
#include "supervisor/bus.h"
#include "supervisor/child.h"
#include "supervisor/figures.h"
#include "supervisor/key.h"
#include "supervisor/layout.h"
#include "supervisor/listeners.h"
#include "supervisor/notify.h"
#include "supervisor/options.h"
#include "supervisor/settings.h"
#include "supervisor/spawn.h"

enum { STOP_FIRST_MS = 5000, STOP_LAST_MS = 15000 };

/* Roles that end last: the others still write through them. */
static bool ends_last(enum role role)
{
	return role == ROLE_INDEX || role == ROLE_AUTH || role == ROLE_VAULT;
}

static int64_t milliseconds(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void on_child_signal(int fd, uint32_t events, void *arg)
{
	struct supervisor *s = arg;
	struct signalfd_siginfo info;
	struct rusage used;
	int status;
	pid_t pid;

	(void)events;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
		struct child *child = child_by_pid(s, pid);

		if (!child)
			continue;
		s->ended_cpu_ms[child->role] +=
			milliseconds(used.ru_utime) + milliseconds(used.ru_stime);
		child_ended(child, status);
	}
}

static int watch_children(struct supervisor *s, int *ret_fd, struct threads_error *err)
{
	struct loop_watch *watch;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_fd < 0)
		return threads_error_set(err, THREADS_EIO, "signalfd: %m");
	return loop_watch_add(s->loop, *ret_fd, EPOLLIN, on_child_signal, s, &watch, err);
}

static int start_roles(struct supervisor *s, struct threads_error *err)
{
	static const enum role order[] = { ROLE_INDEX, ROLE_AUTH, ROLE_VAULT, ROLE_HTTP };
	const int64_t apis = config_int(s->config, "api_processes");
	struct child *child;
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		rc = child_add(s, order[i], 0, true, &child, err);
		if (rc < 0)
			return rc;
		child_start_allowed(child);
	}
	for (int64_t i = 0; i < apis; i++) {
		rc = child_add(s, ROLE_API, i, true, &child, err);
		if (rc < 0)
			return rc;
		child_start_allowed(child);
	}
	return 0;
}

/*
 * A service reloads; a hub that was started at a terminal ends with it, because the
 * terminal sends the same signal when it closes.
 */
static void on_hangup(void *arg)
{
	struct supervisor *s = arg;

	notify_reloading(s);
	settings_reload(s);
	notify_reloaded(s);
}

static void watch_hangup(struct supervisor *s)
{
	AUTO_FD int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (terminal < 0)
		loop_on_hangup(s->loop, on_hangup, s);
}

static bool any_running(const struct supervisor *s, bool last)
{
	const struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (child->pid > 0 && (last || !ends_last(child->role)))
			return true;
	return false;
}

static void ask_to_stop(struct supervisor *s, bool last)
{
	struct child *child;

	LIST_FOREACH(child, &s->children, link)
		if (ends_last(child->role) == last)
			child_stop(child);
}

/*
 * Runs the loop until the processes are gone or the time is over. Being asked to end once
 * more (a second Ctrl-C) changes nothing.
 */
static void wait_for_end(struct supervisor *s, bool last, int64_t ms)
{
	const int64_t until = clock_monotonic_ms() + ms;
	struct threads_error err;

	while (any_running(s, last) && clock_monotonic_ms() < until) {
		loop_resume(s->loop);
		if (loop_turn(s->loop, 50, &err) < 0)
			return;
	}
}

static void stop_roles(struct supervisor *s)
{
	s->stopping = true;
	notify_stopping(s);
	ask_to_stop(s, false);
	wait_for_end(s, false, STOP_FIRST_MS);
	ask_to_stop(s, true);
	wait_for_end(s, true, STOP_LAST_MS);
}

static void close_all(struct supervisor *s)
{
	struct child *child;

	while ((child = LIST_FIRST(&s->children)))
		child_free(child);
	figures_close(s);
	s->loop = loop_free(s->loop);
	notify_close(s);
	s->config = config_free(s->config);
	free(s->config_text);
}

static int check_confinement(struct supervisor *s, struct threads_error *err)
{
	s->insecure = sandbox_landlock_abi() == 0;
	if (s->insecure && !config_bool(s->config, "insecure_no_landlock"))
		return threads_error_set(
			err, THREADS_EDENIED,
			"this kernel has no Landlock, or a container forbids it, so roles cannot "
			"be kept apart; --insecure-no-landlock starts the hub without");
	if (s->insecure)
		log_warning("this kernel has no Landlock: roles are not kept apart");
	s->role_uids = config_int(s->config, "role_uids");
	if (geteuid() == 0 && s->role_uids == 0)
		return threads_error_set(err, THREADS_EDENIED,
					 "as root, set role_uids (a free range of 16 uids) in the "
					 "configuration, or start the hub as an ordinary user");
	if (s->role_uids != 0 && !spawn_may_change_uid())
		return threads_error_set(err, THREADS_EDENIED,
					 "role_uids needs root, or CAP_SETUID, CAP_SETGID and "
					 "CAP_KILL as the unit threads.service has them");
	return 0;
}

static int prepare(struct supervisor *s, int *child_fd, struct threads_error *err)
{
	int rc = check_confinement(s, err);

	if (rc == 0)
		rc = layout_prepare(s, err);
	if (rc == 0)
		rc = key_prepare(s, err);
	if (rc == 0)
		rc = listeners_open(s, err);
	if (rc == 0)
		rc = settings_write(s, err);
	if (rc == 0)
		rc = figures_open(s, err);
	if (rc == 0)
		rc = loop_new(&s->loop, err);
	if (rc == 0)
		rc = notify_open(s, err);
	if (rc == 0)
		rc = bus_open(s, err);
	if (rc == 0)
		rc = watch_children(s, child_fd, err);
	if (rc == 0)
		watch_hangup(s);
	return rc < 0 ? rc : start_roles(s, err);
}

int main(int argc, char **argv)
{
	struct supervisor s = {
		.http_fd = -1, .control_fd = -1, .metrics_fd = -1, .lock_fd = -1, .notify_fd = -1
	};
	struct threads_error err = { 0 };
	AUTO_FD int child_fd = -1;
	int rc, exit_status;

	log_setup("threadsd", LOG_LEVEL_INFO);
	if (options_read(&s, argc, argv, &exit_status, &err) != 0) {
		close_all(&s);
		return exit_status;
	}
	log_setup("threadsd", (enum log_level)config_int(s.config, "log_level"));
	s.started_ms = clock_now_ms(NULL);
	s.memory_kills = cause_memory_kills();
	random_bytes(s.ticket_key, sizeof(s.ticket_key));
	rc = prepare(&s, &child_fd, &err);
	if (rc == 0) {
		log_info("started, version " THREADS_VERSION);
		rc = loop_run(s.loop, &err);
	}
	if (rc < 0)
		log_error("%s", err.text);
	if (s.loop)
		stop_roles(&s);
	close_all(&s);
	log_info("stopped");
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
