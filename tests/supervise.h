/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's part, for tests that start the program of one role. */
#ifndef THREADS_TESTS_SUPERVISE_H
#define THREADS_TESTS_SUPERVISE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "ipc/frame.h"
#include "threads/protocol.h"

enum { SUPERVISE_CONTROL_FD = 3 };

struct supervise_config {
	enum role role;
	int64_t instance;
	const char *folder, *config;
	bool insecure;
	const void *key, *ticket_key; /* NULL: none */
	int listen_fd;                /* 0: none */
};

static inline void supervise_put_config(struct frame *f, const struct supervise_config *config)
{
	frame_begin(f, CTL_CONFIG, 0);
	frame_put_int(f, config->role);
	frame_put_int(f, config->instance);
	frame_put_text(f, config->folder ? config->folder : "/nonexistent");
	frame_put_text(f, config->config ? config->config : "");
	frame_put_int(f, config->insecure);
	frame_put_bytes(f, config->key, config->key ? 32 : 0);
	frame_put_bytes(f, config->ticket_key, config->ticket_key ? 32 : 0);
	frame_put_int(f, config->listen_fd > 0);
	if (config->listen_fd > 0)
		frame_put_fd(f, config->listen_fd);
}

/* A link to another role, without a target. */
static inline void supervise_put_peer(struct frame *f, enum role role, int64_t instance, int fd)
{
	frame_begin(f, CTL_PEER, 0);
	frame_put_int(f, role);
	frame_put_int(f, instance);
	frame_put_text(f, "");
	frame_put_int(f, 0);
	frame_put_int(f, 0);
	frame_put_fd(f, fd);
}

/* For fork() in a test: the child becomes program, below the build folder's libexec. */
static inline void supervise_become(const char *program, int control_fd)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/libexec/%s", THREADS_BINARY_DIR, program);
	/* The leak check at exit needs ptrace, which confinement forbids. */
	setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
	if (control_fd == SUPERVISE_CONTROL_FD)
		fcntl(control_fd, F_SETFD, 0);
	else
		dup2(control_fd, SUPERVISE_CONTROL_FD);
	execl(path, program, (char *)NULL);
	_exit(127);
}

#endif
