/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that stands in a database, as text, for tests that compare. */
#ifndef THREADS_TESTS_STORE_DB_DUMP_H
#define THREADS_TESTS_STORE_DB_DUMP_H

#include "core/strbuf.h"
#include "store/db_internal.h"

enum { TABLES_MAX = 64 };

static inline sqlite3_stmt *prepare(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db->handle));
	return stmt;
}

static inline int64_t number(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt = prepare(db, sql);
	int64_t value;

	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* Statements that give the rows of each table of the first release as text, in the columns it
 * had then. Nobody had asked imports then whether a mail was read: that flag is new. */
static const char sql_tables[] =
	"SELECT 'SELECT ''' || t.name || ''', ' || (SELECT group_concat(iif(t.name = 'sighting' AND"
	" c.name = 'flags', 'flags & 15', 'quote(' || c.name || ')'), ' || '','' || ') FROM"
	" pragma_table_info(t.name) c) || ' FROM ' || t.name || ' ORDER BY 2' FROM sqlite_schema t"
	" WHERE t.type = 'table' AND t.name NOT GLOB 'message_fts*' AND t.name NOT GLOB 'sqlite*'"
	" ORDER BY t.name";

struct tables {
	char *sql[TABLES_MAX];
	size_t count;
};

static inline void tables_read(struct db *db, struct tables *tables)
{
	sqlite3_stmt *stmt = prepare(db, sql_tables);

	tables->count = 0;
	while (sqlite3_step(stmt) == SQLITE_ROW && tables->count < TABLES_MAX)
		tables->sql[tables->count++] = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	assert_true(tables->count > 0);
}

static inline void tables_release(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->sql[i]);
}

static inline void dump(struct db *db, const struct tables *tables, struct strbuf *out)
{
	for (size_t i = 0; i < tables->count; i++) {
		sqlite3_stmt *stmt = prepare(db, tables->sql[i]);

		while (sqlite3_step(stmt) == SQLITE_ROW)
			strbuf_addf(out, "%s %s\n", sqlite3_column_text(stmt, 0),
				    sqlite3_column_text(stmt, 1));
		sqlite3_finalize(stmt);
	}
	assert_int_equal(strbuf_check(out, NULL), 0);
}

#endif
