/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules of src/store know about a connection; nothing outside includes this. */
#ifndef THREADS_STORE_DB_INTERNAL_H
#define THREADS_STORE_DB_INTERNAL_H

#include <sqlite3.h>

#include "store/db.h"

enum { DB_STATEMENTS_MAX = 512 }; /* a power of two; at most three quarters are used */
enum { DB_BUSY_TIMEOUT_MS = 5000, DB_PATH_BYTES = 4096 };

struct db_statement {
	const char *sql; /* compared by address: SQL texts are static */
	sqlite3_stmt *stmt;
	bool in_use;
};

struct db {
	sqlite3 *handle;
	struct db_statement statements[DB_STATEMENTS_MAX]; /* open addressing by address */
	int statement_count;
	const char *touch;
	struct threads_error warning; /* code 0: none */
	bool damaged;                 /* a page did not fit its sum */
	bool shaken;                  /* memory or the disk failed since the last db_begin() */
};

/* Of a file; with a slash at its end, or ".". */
void db_folder(const char *path, char out[DB_PATH_BYTES]);

/* Whether path's disk has room for so many copies of the database beside it (THREADS_EFULL). */
int db_room_check(struct db *db, const char *path, int copies,
		  struct threads_error *err) MUST_CHECK;

/* THREADS_EIO, for a page that does not fit its sum; 0: the last one that was wanted. */
int db_page_error(struct db *db, uint32_t page, struct threads_error *err);

/* Translates an SQLite result into our error codes and text. */
int db_error(struct db *db, int rc, struct threads_error *err);

#endif
