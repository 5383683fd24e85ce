/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands between the program under test and the kernel: the calls of our code
 * and of SQLite that change or read files come here first, because a
 * definition in the program goes before that of libc. Each kind can be told to
 * fail once, at its n-th call. Allocations and sqlite3_step() of our own code
 * come by the linker (--wrap), those of SQLite by its own hook.
 */
#ifndef THREADS_TESTS_FAULTS_SHIM_H
#define THREADS_TESTS_FAULTS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_kind {
	SHIM_ALLOC,      /* malloc, calloc, realloc, strdup of our code */
	SHIM_SQLITE_MEM, /* SQLite's allocations */
	SHIM_STEP,       /* sqlite3_step, sqlite3_exec; error is SQLite's code */
	SHIM_READ,
	SHIM_WRITE,
	SHIM_SYNC,
	SHIM_OPEN,
	SHIM_RENAME,
	SHIM_TRUNCATE,
	SHIM_UNLINK,
	SHIM_MAP, /* mmap, memfd_create */
	SHIM_KINDS,
};

enum { SHIM_SHORT = -1 }; /* as error of reads and writes: half of the bytes */

const char *shim_kind_name(enum shim_kind kind);

/* The n-th call from now on (1: the next) fails once with error. */
void shim_arm(enum shim_kind kind, int n, int error);

/* Calls of a kind since shim_count_anew(). */
void shim_count_anew(void);
int shim_calls(enum shim_kind kind);

/* What failed was the sync of a folder: SQLite does not ask how that ended. */
bool shim_met_folder(void);

/* Nothing fails any more. Whether the call that was to fail happened. */
bool shim_disarm(void);

/* Before SQLite is used for the first time. */
void shim_sqlite(void);

/* What happened to files, for those who keep a record; NULL ends it. path is
 * where the descriptor leads now; data and offset are those of writes. */
enum shim_event_kind {
	EVENT_CREATE,
	EVENT_WRITE,
	EVENT_TRUNCATE, /* offset: the new length */
	EVENT_SYNC,     /* of a file or a folder */
	EVENT_UNLINK,
	EVENT_RENAME, /* data: the new path, size with its NUL */
};
struct shim_event {
	enum shim_event_kind kind;
	const char *path;
	const void *data;
	size_t size;
	int64_t offset;
};
typedef void shim_event_fn(const struct shim_event *event, void *arg);
void shim_listen(shim_event_fn *fn, void *arg);

#endif
