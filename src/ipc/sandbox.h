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

/*
 * What src/<role>/rules.c declares. The two lists hold all that the role may
 * call beyond sandbox_base_calls() and sandbox_base_rare(); -1 ends a list,
 * NULL is an empty one. tests/ipc/trace_syscalls checks `calls` against what
 * was seen; what stands in `rare` cannot be seen in a test and says why.
 */
struct sandbox_rules {
	struct sandbox_folder folders[SANDBOX_FOLDERS_MAX]; /* by sandbox_add_folder() */
	size_t folder_count;                                /* 0: no file at all */
	const int *calls, *rare;
	uint64_t memory_max; /* RLIMIT_AS in bytes, 0 = none; ignored under sanitizers */
	uint64_t file_max;   /* RLIMIT_FSIZE in bytes, 0 = none */
};

/* What every role may call; -1 ends the lists. Rare: when memory or the kernel asks for it. */
const int *sandbox_base_calls(void);
const int *sandbox_base_rare(void);

/*
 * Lets the role into the folder and all below it; it must exist by sandbox_enter().
 * The path is copied. Errors: THREADS_ELIMIT (too long, or one folder too many).
 */
int sandbox_add_folder(struct sandbox_rules *rules, const char *path, enum sandbox_access access,
		       struct threads_error *err) MUST_CHECK;

/*
 * What is not on a list ends the process with SIGSYS after a line in the log that
 * names the call; the few that libraries try and can do without give an error
 * (src/ipc/filter.c). Under sanitizers each refused call gives EPERM.
 *
 * insecure	go on without Landlock where the kernel has none (start option).
 * Errors: THREADS_EDENIED when the kernel lacks Landlock and !insecure; THREADS_EIO.
 */
int sandbox_enter(const struct sandbox_rules *rules, bool insecure,
		  struct threads_error *err) MUST_CHECK;

/* Landlock ABI version of this kernel, 0 if it has none. */
int sandbox_landlock_abi(void);

#endif
