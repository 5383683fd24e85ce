/* SPDX-License-Identifier: Apache-2.0 */
/* Are the pages, indexes, rows and references of a database whole? */
#ifndef THREADS_STORE_DB_CHECK_H
#define THREADS_STORE_DB_CHECK_H

#include <jansson.h>

#include "store/db.h"

enum { DB_FAULTS_MAX = 150 }; /* so that all of them fit into a frame */

/* Adds "about: words" to faults, up to DB_FAULTS_MAX; about may be "". */
void db_fault_add(json_t *faults, const char *about, const char *words);

/*
 * The sums of the pages, SQLite's integrity check and that of foreign keys; each fault is a sentence
 * that begins with about ("auth.db"). A database that cannot be read is a fault.
 * Errors: THREADS_EAGAIN, THREADS_ENOMEM, THREADS_EBUG.
 */
int db_check(struct db *db, const char *about, json_t *faults,
	     struct threads_error *err) MUST_CHECK;

/* The number that the last migration left there. */
int db_schema(struct db *db, int64_t *ret_version, struct threads_error *err) MUST_CHECK;

#endif
