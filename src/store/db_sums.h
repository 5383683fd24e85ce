/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a database's pages (sum_vfs.h): how they come into a file, and which do not fit. */
#ifndef THREADS_STORE_DB_SUMS_H
#define THREADS_STORE_DB_SUMS_H

#include "store/db.h"

/* Of a file that is still empty: its pages will have sums, and db_shrink() can cut it. Before
 * anything is written. */
int db_sums_prepare(struct db *db, struct threads_error *err) MUST_CHECK;

/*
 * Gives the same to a database that an older program made: writes it anew in one
 * transaction, which needs twice its size on the disk for a moment. Without room, or if it
 * fails otherwise, db_warning() says so, and the database goes on as it is until the next start.
 * Errors: THREADS_ENOMEM.
 */
int db_sums_add(struct db *db, const char *path, struct threads_error *err) MUST_CHECK;

/*
 * The bytes of a file whose pages have no sums, thus what db_sums_add() has to do, or 0. Before
 * the process opens the database: that it is closed here would end the locks of SQLite.
 */
int64_t db_sums_lacking(const char *path);

/* Whether its pages have sums. */
bool db_sums_has(struct db *db);

/*
 * The next page behind *page, up to last, that does not fit as it lies in the file: 1 and
 * its number, or 0. One of which a newer copy stands in the write-ahead log is written anew first.
 */
int db_sums_next_bad(struct db *db, uint32_t *page, uint32_t last,
		     struct threads_error *err) MUST_CHECK;

#endif
