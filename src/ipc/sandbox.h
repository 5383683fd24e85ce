/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement of a role: no_new_privs, not dumpable, no core, Landlock by
 * folder, a seccomp allow-list. Entered once, before the first byte from
 * outside; it cannot be left.
 */
#ifndef THREADS_IPC_SANDBOX_H
#define THREADS_IPC_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

enum sandbox_access {
	SANDBOX_READ,  /* read files and list the folder and all below */
	SANDBOX_WRITE, /* the same, and create, write, remove */
};

enum { SANDBOX_FOLDERS_MAX = 4, SANDBOX_PATH_BYTES = 4096 };

struct sandbox_folder {
	char path[SANDBOX_PATH_BYTES];
	enum sandbox_access access;
};

/* What the role's main.c declares at its top. */
struct sandbox_rules {
	struct sandbox_folder folders[SANDBOX_FOLDERS_MAX]; /* by sandbox_add_folder() */
	size_t folder_count;                                /* 0: no file at all */
	const int *syscalls;  /* beyond the common ones below; -1 ends the list. May be NULL */
	bool sockets_inet;    /* socket(AF_INET/AF_INET6) and connect(): dial only */
	bool accepts;         /* accept4() on an inherited listening socket */
	bool threads;         /* clone() of threads, futex is common */
	bool no_memory_files; /* no memfd_create(): memory_max does not count them */
	uint64_t memory_max;  /* RLIMIT_AS in bytes, 0 = none; ignored under sanitizers */
	uint64_t file_max;    /* RLIMIT_FSIZE in bytes, 0 = none */
};

/*
 * Lets the role into the folder and all below it; it must exist by sandbox_enter().
 * The path is copied. Errors: THREADS_ELIMIT (too long, or one folder too many).
 */
int sandbox_add_folder(struct sandbox_rules *rules, const char *path, enum sandbox_access access,
		       struct threads_error *err) MUST_CHECK;

/*
 * Common to all roles: memory, read/write on what is open, epoll, timers,
 * sendmsg/recvmsg, clocks, getrandom, exit, signals of our own, memfd_create.
 * Anything else gives EPERM; exec, ptrace, process_vm_*, kill, pidfd_getfd,
 * mount, io_uring and truncate end the process.
 *
 * insecure	go on without Landlock where the kernel has none (start option).
 * Errors: THREADS_EDENIED when the kernel lacks Landlock and !insecure; THREADS_EIO.
 */
int sandbox_enter(const struct sandbox_rules *rules, bool insecure,
		  struct threads_error *err) MUST_CHECK;

/* Landlock ABI version of this kernel, 0 if it has none. */
int sandbox_landlock_abi(void);

#endif
