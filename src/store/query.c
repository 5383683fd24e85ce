/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include "store/db_internal.h"

/* The slot of sql, or the free one where it belongs. */
static struct db_statement *slot_find(struct db *db, const char *sql)
{
	uintptr_t hash = (uintptr_t)sql * 0x9E3779B97F4A7C15u;
	size_t i = (size_t)(hash >> 40) & (DB_STATEMENTS_MAX - 1);

	while (db->statements[i].sql && db->statements[i].sql != sql)
		i = (i + 1) & (DB_STATEMENTS_MAX - 1);
	return &db->statements[i];
}

struct query query_begin(struct db *db, const char *sql)
{
	struct query q = { .db = db };
	struct db_statement *slot = slot_find(db, sql);

	if (slot->in_use || (!slot->sql && db->statement_count >= DB_STATEMENTS_MAX / 4 * 3)) {
		q.rc = SQLITE_MISUSE; /* the same text nested, or too many texts */
		return q;
	}
	if (!slot->sql) {
		q.rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
					  &slot->stmt, NULL);
		if (q.rc != SQLITE_OK)
			return q;
		slot->sql = sql;
		db->statement_count++;
	}
	q.stmt = slot->stmt;
	q.in_use = &slot->in_use;
	*q.in_use = true;
	return q;
}

void query_end(struct query *q)
{
	if (!q->stmt)
		return;
	sqlite3_reset(q->stmt);
	sqlite3_clear_bindings(q->stmt);
	*q->in_use = false;
	q->stmt = NULL;
}

void query_again(struct query *q)
{
	if (q->stmt)
		sqlite3_reset(q->stmt);
}

/* Index of a named parameter; a misspelt name becomes SQLITE_RANGE. */
static int parameter(struct query *q, const char *name)
{
	int index = q->rc == SQLITE_OK ? sqlite3_bind_parameter_index(q->stmt, name) : 0;

	if (index == 0 && q->rc == SQLITE_OK)
		q->rc = SQLITE_RANGE;
	return index;
}

void query_bind_text(struct query *q, const char *name, const char *text)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_text(q->stmt, index, text, -1, SQLITE_STATIC);
}

void query_bind_text_len(struct query *q, const char *name, const char *text, size_t len)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_text64(q->stmt, index, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

void query_bind_blob(struct query *q, const char *name, const void *data, size_t len)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_blob64(q->stmt, index, data, len, SQLITE_STATIC);
}

void query_bind_int(struct query *q, const char *name, int64_t value)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_int64(q->stmt, index, value);
}

void query_bind_null(struct query *q, const char *name)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_null(q->stmt, index);
}

void query_bind_id(struct query *q, const char *name, int64_t id)
{
	if (id)
		query_bind_int(q, name, id);
	else
		query_bind_null(q, name);
}

void query_bind_pointer(struct query *q, const char *name, void *pointer, const char *type)
{
	int index = parameter(q, name);

	if (index > 0)
		q->rc = sqlite3_bind_pointer(q->stmt, index, pointer, type, NULL);
}

/* SQLite may want memory to end a text with a zero: here, where it can still be told. */
static int settle_row(struct query *q)
{
	const int count = sqlite3_data_count(q->stmt);

	for (int i = 0; i < count; i++)
		if (sqlite3_column_type(q->stmt, i) == SQLITE_TEXT &&
		    !sqlite3_column_text(q->stmt, i))
			return SQLITE_NOMEM;
	return SQLITE_ROW;
}

int query_step(struct query *q, struct threads_error *err)
{
	int rc = q->rc;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		rc = settle_row(q);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	q->rc = rc;
	return db_error(q->db, rc, err);
}

int query_run(struct query *q, struct threads_error *err)
{
	int rc;

	while ((rc = query_step(q, err)) == 1)
		;
	return rc;
}

int query_number(struct db *db, const char *sql, int64_t *ret_value, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_value = query_int(&q, 0);
	return 0;
}

const char *query_text(const struct query *q, int column)
{
	if (sqlite3_column_type(q->stmt, column) != SQLITE_TEXT)
		return "";
	return (const char *)sqlite3_column_text(q->stmt, column);
}

int64_t query_int(const struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const void *query_blob(const struct query *q, int column, size_t *ret_len)
{
	const void *data = sqlite3_column_blob(q->stmt, column);

	*ret_len = (size_t)sqlite3_column_bytes(q->stmt, column);
	return data ? data : "";
}

bool query_is_null(const struct query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

double query_real(const struct query *q, int column)
{
	return sqlite3_column_double(q->stmt, column);
}
