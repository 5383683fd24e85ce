/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every SQL text of src/store is prepared against a migrated database, and its
 * plan may not walk a large table from end to end. The texts are read out of the
 * sources ("static const char sql_...[] = ..."), so that none can be forgotten.
 */
#include "fixture.h"

#include <ctype.h>
#include <dirent.h>

#include "store/db_internal.h"

/* Tables that grow with the mail. */
static const char *const large[] = {
	"message",      "message_body", "participant",     "message_attachment", "sighting",
	"sighting_bcc", "blob",         "conversation",    "conversation_key",   "channel",
	"ledger",       "audit",        "audience_member", "sighting_label",
};

/* Those that are meant to see everything: verify, jobs over all, counts for the status page. */
static const char *const may_scan[] = {
	"verify.c:",
	"verify_blobs.c:",
	"pack_list.c:",
	"audit.c:sql_rows",
	"reader_figures.c:sql_counts",
};

enum { SOURCE_MAX = 1 << 20 };

struct source {
	char name[64];
	struct strbuf text;
	int statements, walks;
	struct db *db;
};

static void source_read(struct source *s, const char *path)
{
	FILE *file = fopen(path, "re");
	char piece[4096];
	size_t got;

	assert_non_null(file);
	strbuf_reset(&s->text);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		strbuf_add(&s->text, piece, got);
	fclose(file);
}

/* Appends the string literal at p ("..."), returns what is behind it. */
static const char *literal_append(struct strbuf *out, const char *p)
{
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\') {
			p++;
			strbuf_add_char(out, *p == 'n' ? '\n' : *p);
		} else {
			strbuf_add_char(out, *p);
		}
	}
	return *p ? p + 1 : p;
}

static void macro_append(const struct source *s, struct strbuf *out, const char *name, size_t len);

/* Appends literals and macros from p to the end of the expression. */
static void expression_append(const struct source *s, struct strbuf *out, const char *p, char end)
{
	while (*p && *p != end) {
		if (*p == '"') {
			p = literal_append(out, p);
		} else if (p[0] == '/' && p[1] == '*') {
			p = strstr(p, "*/") + 2;
		} else if (p[0] == '\\' && p[1] == '\n') {
			p += 2;
		} else if (isupper((unsigned char)*p)) {
			const size_t len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

			macro_append(s, out, p, len);
			p += len;
		} else {
			p++;
		}
	}
}

static void macro_append(const struct source *s, struct strbuf *out, const char *name, size_t len)
{
	char define[96];
	const char *found;

	snprintf(define, sizeof(define), "#define %.*s", (int)len, name);
	found = strstr(strbuf_str(&s->text), define);
	if (!found || isalnum((unsigned char)found[strlen(define)]))
		fail_msg("%s: no macro %.*s", s->name, (int)len, name);
	expression_append(s, out, found + strlen(define), '\n');
}

static bool scans_large(const char *detail, const char **ret_table)
{
	static const char scan[] = "SCAN ";
	size_t len;

	if (strncmp(detail, scan, sizeof(scan) - 1) != 0)
		return false;
	len = strcspn(detail + sizeof(scan) - 1, " ");
	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		*ret_table = large[i];
		if (strlen(large[i]) == len &&
		    strncmp(detail + sizeof(scan) - 1, large[i], len) == 0)
			return true;
	}
	return false;
}

/* SCAN names the alias; the table behind a one-letter alias stands in the text. */
static bool alias_is_large(const char *sql, const char *detail)
{
	char alias[32];
	const char *table;

	if (scans_large(detail, &table))
		return true;
	if (sscanf(detail, "SCAN %31s", alias) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		char pattern[96];
		const char *found;

		snprintf(pattern, sizeof(pattern), " %s %s", large[i], alias);
		found = strstr(sql, pattern);
		if (found && !isalnum((unsigned char)found[strlen(pattern)]))
			return true;
	}
	return false;
}

static bool scan_allowed(const struct source *s, const char *statement)
{
	char where[160];

	snprintf(where, sizeof(where), "%s:%s", s->name, statement);
	for (size_t i = 0; i < ARRAY_SIZE(may_scan); i++)
		if (strncmp(where, may_scan[i], strlen(may_scan[i])) == 0)
			return true;
	return false;
}

/* A walk along an index in its order ends at LIMIT; one without LIMIT is a scan. */
static bool walk_is_bounded(const char *sql, const char *detail)
{
	return strstr(sql, "LIMIT") && !strstr(detail, "TEMP B-TREE");
}

static void plan_check(struct source *s, const char *statement, const char *sql)
{
	CLEANUP(strbuf_release) struct strbuf explain = STRBUF_INIT(SOURCE_MAX);
	sqlite3_stmt *stmt = NULL;

	strbuf_addf(&explain, "EXPLAIN QUERY PLAN %s", sql);
	if (sqlite3_prepare_v2(s->db->handle, strbuf_str(&explain), -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s: %s", s->name, statement, sqlite3_errmsg(s->db->handle));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(stmt, 3);

		if (alias_is_large(sql, detail) && !walk_is_bounded(sql, detail) &&
		    !scan_allowed(s, statement)) {
			print_error("%s: %s walks a large table: %s\n", s->name, statement, detail);
			s->walks++;
		}
	}
	sqlite3_finalize(stmt);
}

static void statement_check(struct source *s, const char *statement, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest = NULL;

	if (sqlite3_prepare_v2(s->db->handle, sql, -1, &stmt, &rest) != SQLITE_OK)
		fail_msg("%s: %s: %s", s->name, statement, sqlite3_errmsg(s->db->handle));
	sqlite3_finalize(stmt);
	s->statements++;
	if (rest && *rest) /* several statements: connection set-up */
		return;
	if (strncmp(sql, "PRAGMA", 6) != 0)
		plan_check(s, statement, sql);
}

static void source_check(struct source *s)
{
	static const char mark[] = "static const char sql_";
	const char *p = strbuf_str(&s->text);

	while ((p = strstr(p, mark))) {
		CLEANUP(strbuf_release) struct strbuf sql = STRBUF_INIT(SOURCE_MAX);
		const char *name = p + sizeof("static const char ") - 1;
		const size_t len = strcspn(name, "[");
		const char *value = strchr(p, '=');
		char statement[64];

		p = name;
		if (strncmp(name + len, "[]", 2) != 0 || !value || value > strchr(name, '\n') + 1)
			continue;
		snprintf(statement, sizeof(statement), "%.*s", (int)len, name);
		expression_append(s, &sql, value + 1, ';');
		statement_check(s, statement, strbuf_str(&sql));
	}
}

static int sql_sources(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".c") == 0 && strncmp(entry->d_name, "auth_", 5) != 0 &&
	       strncmp(entry->d_name, "vault_", 6) != 0;
}

static void test_every_statement_prepares_and_uses_an_index(void **state)
{
	struct fixture *f = *state;
	struct source s = { .text.max = SOURCE_MAX, .db = store_db(f->store) };
	struct dirent **files;
	int count = scandir(THREADS_SOURCE_DIR "/src/store", &files, sql_sources, alphasort);

	assert_true(count > 20);
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(s.name, sizeof(s.name), "%.63s", files[i]->d_name);
		snprintf(path, sizeof(path), THREADS_SOURCE_DIR "/src/store/%.255s",
			 files[i]->d_name);
		free(files[i]);
		source_read(&s, path);
		source_check(&s);
	}
	free(files);
	strbuf_release(&s.text);
	print_message("%d statements\n", s.statements);
	assert_int_equal(s.walks, 0);
	assert_true(s.statements > 150);
}

/* The check itself must be able to fail. */
static void test_a_walk_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct source s = { .text.max = SOURCE_MAX, .db = store_db(f->store) };

	(void)s;
	assert_true(alias_is_large("SELECT * FROM message m WHERE preview = ''", "SCAN m"));
	assert_true(alias_is_large("SELECT * FROM sighting", "SCAN sighting"));
	assert_false(alias_is_large("SELECT * FROM setting", "SCAN setting"));
	assert_false(alias_is_large("SELECT * FROM message m", "SEARCH m USING INDEX x"));
	assert_false(walk_is_bounded("SELECT * FROM message", "SCAN message"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_statement_prepares_and_uses_an_index,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_walk_is_noticed, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests_name("store/sql", tests, NULL, NULL);
}
