/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor knows: its settings, sockets and children. It never reads
 * a byte that comes from outside the hub; its children's frames are checked.
 */
#ifndef THREADS_SUPERVISOR_SUPERVISOR_H
#define THREADS_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/config.h"
#include "ipc/loop.h"
#include "ipc/peer.h"
#include "supervisor/cause.h"
#include "supervisor/journal.h"

enum child_state {
	CHILD_STARTING, /* executed, has not said ready */
	CHILD_READY,
	CHILD_WAITING, /* ended, starts again when its delay is over */
	CHILD_DOWN,    /* not wanted any more, or not yet */
};

enum { CHILD_CRASHES_KEPT = 3, CHILD_HOST_MAX = 256, CHILD_ERROR_MAX = 400 };

struct supervisor;

struct child {
	struct supervisor *supervisor;
	enum role role;
	int64_t instance;
	char host[CHILD_HOST_MAX]; /* imap: what dial may connect to */
	int port;
	bool private_network; /* imap: the server may stand in a network of our own */
	pid_t pid;            /* 0 when not running */
	enum child_state state;
	bool permanent; /* started again when it ends */
	bool confined;
	bool was_ready;
	bool stopping; /* asked to end */
	bool leaving;  /* closed its control connection: it ends, or dies just now */
	bool alive_asked;
	const char *killed_for; /* why we killed it; NULL: we did not */
	enum cause killed_as;
	int restarts;
	int64_t delay_ms;
	int64_t crashes_ms[CHILD_CRASHES_KEPT]; /* monotonic, newest first */
	char last_error[CHILD_ERROR_MAX];
	int64_t ended_ms, started_ms, next_ms; /* wall clock; 0: never, not planned */
	int64_t rss_bytes, pss_bytes;          /* as it says itself, 0: not yet */
	struct journal_pipe said;
	struct peer *control;
	struct loop_timer *timer; /* ready deadline, restart delay, or watchdog */
	LIST_ENTRY(child) link;
};

LIST_HEAD(child_list, child);

/* Who stands above the children: takes their control connections, and hears of them. */
struct child_above {
	int (*attach)(struct child *child, int fd, struct threads_error *err);
	void (*start)(struct child *child); /* now, or when what it needs is ready */
	void (*ready)(struct child *child);
	void (*ended)(struct child *child, int wait_status);
};

struct supervisor {
	struct config *config;
	char *config_text; /* as roles get it */
	char data_dir[2048];
	int programs[ROLE_COUNT]; /* open since the start, -1: none; see spawn.h */
	bool insecure;
	bool stopping;
	int64_t role_uids; /* first uid, 0 = all share ours */
	struct loop *loop;
	struct child_list children;
	const struct child_above *above;
	struct loop_timer *roles_timer; /* bundles changes of the role list */
	int http_fd, control_fd, metrics_fd, lock_fd;
	char origin[512]; /* how browsers reach the hub, without a slash at the end */
	char **argv;      /* read again at a reload */
	int argc;
	int notify_fd; /* -1: systemd did not start us */
	bool said_ready;
	int64_t watchdog_ms;
	struct loop_timer *watchdog_timer, *ready_timer;
	unsigned char ticket_key[32];
	struct {
		int fd;
		const int64_t *slots; /* NULL: none */
	} pages[ROLE_COUNT];          /* where each role counts, see ipc/metric.h */
	struct journal journal;
	int64_t started_ms;
	int64_t memory_kills;             /* the kernel's count when we looked last */
	int64_t ended_cpu_ms[ROLE_COUNT]; /* of processes that are no more */
	int64_t starts[ROLE_COUNT], ends[ROLE_COUNT][CAUSE_COUNT]; /* ends: those nobody wanted */
};

/* uid and gid of a role; our own when role_uids is not set. */
uid_t supervisor_uid(const struct supervisor *s, enum role role);

#endif
