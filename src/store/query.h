/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One execution of one static SQL text.
 *
 *	CLEANUP(query_end) struct query q = query_begin(db, sql_message_by_id);
 *	query_bind_text(&q, ":id", id);
 *	rc = query_step(&q, err);		1 row, 0 no (more) rows, < 0 error
 *
 * Prepare and bind errors are kept and come out of the first query_step(), so
 * the binds need no checks. Statements are prepared once per connection.
 * A statement with RETURNING must be stepped to 0, or COMMIT fails.
 */
#ifndef THREADS_STORE_QUERY_H
#define THREADS_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct query {
	struct db *db;
	struct sqlite3_stmt *stmt;
	bool *in_use; /* the cache slot that query_end() releases */
	int rc;       /* first SQLite error, SQLITE_OK so far */
};

/* sql must have static storage: it is the key of the statement cache. The same
 * text cannot be begun twice at once (THREADS_EBUG at the first step). */
struct query query_begin(struct db *db, const char *sql);
void query_end(struct query *q);

/* Rewinds for another execution; bindings stay until they are bound anew. */
void query_again(struct query *q);

/* Bound text and blobs are borrowed: they must live until the last query_step().
 * NULL text binds SQL NULL. */
void query_bind_text(struct query *q, const char *name, const char *text);
void query_bind_text_len(struct query *q, const char *name, const char *text, size_t len);
void query_bind_blob(struct query *q, const char *name, const void *data, size_t len);
void query_bind_int(struct query *q, const char *name, int64_t value);
void query_bind_id(struct query *q, const char *name, int64_t id); /* 0 binds NULL */
void query_bind_null(struct query *q, const char *name);
/* For SQL functions of ours that take a C object; type is a static string. */
void query_bind_pointer(struct query *q, const char *name, void *pointer, const char *type);

int query_step(struct query *q, struct threads_error *err) MUST_CHECK;

/* Steps a statement that gives no rows (or whose rows do not matter) to its end. */
int query_run(struct query *q, struct threads_error *err) MUST_CHECK;

/* The first column of the first row; 0 if there is none. */
int query_number(struct db *db, const char *sql, int64_t *ret_value,
		 struct threads_error *err) MUST_CHECK;

/* Column values of the current row; text and blobs are borrowed until the next
 * step. NULL comes as "", 0 and an empty blob. A text for which there is no memory
 * fails the step. query_text() of what is no text is "": a number would need memory, too. */
const char *query_text(const struct query *q, int column);
int64_t query_int(const struct query *q, int column);
double query_real(const struct query *q, int column);
const void *query_blob(const struct query *q, int column, size_t *ret_len);
bool query_is_null(const struct query *q, int column);

#endif
