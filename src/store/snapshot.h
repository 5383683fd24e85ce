/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A consistent copy of an open database, made in small steps on its own
 * connection. What that connection commits between two steps goes into the copy
 * too, so it never begins anew and shows the state of its last step. (Another
 * descriptor of the file would drop SQLite's POSIX locks when it is closed.)
 */
#ifndef THREADS_STORE_SNAPSHOT_H
#define THREADS_STORE_SNAPSHOT_H

#include "store/db.h"

struct db_snapshot;

/*
 * path: where the copy grows, a name of its own in the database's folder; what
 * an earlier process left there is removed. db must outlive the last step.
 * Errors: THREADS_EFULL (no room for it on the disk), THREADS_EIO, THREADS_ENOMEM.
 */
int db_snapshot_begin(struct db *db, const char *path, struct db_snapshot **ret_snapshot,
		      struct threads_error *err) MUST_CHECK;

/* Copies about 1 MB. Returns 1 (call it again; at once or later), 0 when the copy is whole. */
int db_snapshot_step(struct db_snapshot *snapshot, struct threads_error *err) MUST_CHECK;

/* A descriptor of the whole copy to read from, and its length; it works on after db_snapshot_free(). */
int db_snapshot_open(const struct db_snapshot *snapshot, int *ret_fd, int64_t *ret_bytes,
		     struct threads_error *err) MUST_CHECK;

const char *db_snapshot_path(const struct db_snapshot *snapshot);

/* Removes what a process that died left of a copy under that path: it holds what may be erased since. */
void db_snapshot_sweep(const char *path);

/* Removes the copy. Accepts NULL, returns NULL. */
struct db_snapshot *db_snapshot_free(struct db_snapshot *snapshot);
void db_snapshot_freep(struct db_snapshot **snapshot);

#endif
