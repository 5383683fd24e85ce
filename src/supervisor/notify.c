/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/number.h"
#include "core/strbuf.h"
#include "ipc/role_name.h"
#include "supervisor/options.h"

enum { READY_AT_LAST_MS = 30 * 1000, STATUS_MAX = 512 };

/* A lost datagram costs at worst one turn of the watchdog. */
static void say(const struct supervisor *s, const char *text)
{
	if (s->notify_fd >= 0 && send(s->notify_fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_debug("systemd: %m");
}

/* "/run/..." or "@abstract" */
static int connect_notify(const char *path, int *ret_fd, struct threads_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t len = strlen(path);
	AUTO_FD int fd = -1;

	if (len < 2 || len >= sizeof(address.sun_path))
		return threads_error_set(err, THREADS_EIO, "NOTIFY_SOCKET is no path");
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return threads_error_set(err, THREADS_EIO, "connect to NOTIFY_SOCKET: %m");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* How often to say that the loop turns; 0: nobody asked. */
static int64_t watchdog_ms(void)
{
	const char *pid_text = options_env("WATCHDOG_PID"), *text = options_env("WATCHDOG_USEC");
	int64_t pid = getpid(), usec = 0;

	if (!text || parse_int(text, 1, INT64_MAX, &usec, NULL) < 0 ||
	    (pid_text && parse_int(pid_text, 1, INT32_MAX, &pid, NULL) < 0) || pid != getpid())
		return 0;
	return usec / 1000 / 3 + 1;
}

static void on_watchdog(void *arg)
{
	struct supervisor *s = arg;

	say(s, "WATCHDOG=1");
	loop_timer_set(s->watchdog_timer, s->watchdog_ms);
}

static void say_ready(struct supervisor *s)
{
	if (!s->said_ready)
		say(s, "READY=1");
	s->said_ready = true;
	loop_timer_set(s->ready_timer, -1);
}

static void on_ready_late(void *arg)
{
	say_ready(arg);
}

int notify_open(struct supervisor *s, struct threads_error *err)
{
	const char *path = options_env("NOTIFY_SOCKET");
	int rc = loop_timer_add(s->loop, on_watchdog, s, &s->watchdog_timer, err);

	if (rc == 0)
		rc = loop_timer_add(s->loop, on_ready_late, s, &s->ready_timer, err);
	if (rc < 0 || !path)
		return rc;
	rc = connect_notify(path, &s->notify_fd, err);
	if (rc < 0)
		return rc;
	loop_timer_set(s->ready_timer, READY_AT_LAST_MS);
	s->watchdog_ms = watchdog_ms();
	if (s->watchdog_ms > 0)
		loop_timer_set(s->watchdog_timer, 0);
	return 0;
}

void notify_roles(struct supervisor *s)
{
	CLEANUP(strbuf_release) struct strbuf missing = STRBUF_INIT(STATUS_MAX);
	char line[STATUS_MAX + 64];
	const struct child *child;
	int all = 0, ready = 0;

	LIST_FOREACH(child, &s->children, link) {
		if (!child->permanent)
			continue;
		all++;
		ready += child->state == CHILD_READY;
		if (child->state != CHILD_READY)
			strbuf_addf(&missing, "%s%s%s%s", missing.len ? ", " : "",
				    role_name(child->role), child->last_error[0] ? ": " : "",
				    child->last_error);
	}
	snprintf(line, sizeof(line), "STATUS=%d of %d roles ready%s%s", ready, all,
		 missing.len ? "; waiting for " : "", strbuf_str(&missing));
	say(s, line);
	if (ready == all)
		say_ready(s);
}

void notify_reloading(const struct supervisor *s)
{
	char line[96];

	snprintf(line, sizeof(line), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)clock_monotonic_ms() * 1000);
	say(s, line);
}

void notify_reloaded(struct supervisor *s)
{
	say(s, "READY=1");
	notify_roles(s);
}

void notify_stopping(const struct supervisor *s)
{
	say(s, "STOPPING=1\nSTATUS=ending");
}

void notify_close(struct supervisor *s)
{
	if (s->notify_fd >= 0)
		close(s->notify_fd);
	s->notify_fd = -1;
}
