/* SPDX-License-Identifier: Apache-2.0 */
/* Names of system calls for src/<role>/rules.c, and groups that several roles need. */
#ifndef THREADS_IPC_CALLS_H
#define THREADS_IPC_CALLS_H

/* First: linux/audit.h, which seccomp.h brings, claims a name of it. */
#include "threads/protocol.h"

#include <seccomp.h>

/* What a thread of its own needs; for lists of calls. */
#define SANDBOX_THREAD_CALLS                                                                       \
	SCMP_SYS(clone), SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(rt_sigaction),        \
		SCMP_SYS(exit)

/* What SQLite does to a database in WAL mode besides locking (fcntl) and reading it. */
#define SANDBOX_SQLITE_WRITE_CALLS                                                                 \
	SCMP_SYS(pwrite64), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(unlink),            \
		SCMP_SYS(statfs) /* room for the copy of a backup */

/*
 * And when something is amiss: it waits for a lock, finds a journal, makes its
 * companions anew with the owner of the database, which it first asks for.
 */
#define SANDBOX_SQLITE_RARE                                                                        \
	SCMP_SYS(openat), SCMP_SYS(clock_nanosleep), SCMP_SYS(access), SCMP_SYS(lseek),            \
		SCMP_SYS(geteuid), SCMP_SYS(readlink), SCMP_SYS(lstat)
#define SANDBOX_SQLITE_WRITE_RARE SANDBOX_SQLITE_RARE, SCMP_SYS(fsync), SCMP_SYS(fchmod)

#endif
