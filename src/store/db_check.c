/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_check.h"

#include <stdio.h>

#include "store/db_sums.h"
#include "store/query.h"

static const char sql_integrity[] = "PRAGMA integrity_check(100)";
static const char sql_foreign_keys[] = "PRAGMA foreign_key_check";
static const char sql_schema[] = "SELECT user_version FROM pragma_user_version()";

void db_fault_add(json_t *faults, const char *about, const char *words)
{
	char line[512];

	if (json_array_size(faults) >= DB_FAULTS_MAX)
		return;
	snprintf(line, sizeof(line), "%s%s%s", about, *about ? ": " : "", words);
	json_array_append_new(faults, json_string(line));
}

static int check_pages(struct db *db, const char *about, json_t *faults, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_integrity);
	int rc;

	while ((rc = query_step(&q, err)) == 1)
		if (strcmp(query_text(&q, 0), "ok") != 0)
			db_fault_add(faults, about, query_text(&q, 0));
	return rc;
}

/* As they lie on the disk, also those that SQLite has in memory. */
static int check_sums(struct db *db, const char *about, json_t *faults, struct threads_error *err)
{
	uint32_t page = 0;
	int rc;

	while ((rc = db_sums_next_bad(db, &page, UINT32_MAX, err)) == 1) {
		char words[80];

		snprintf(words, sizeof(words), "page %u is not as it was written", page);
		db_fault_add(faults, about, words);
	}
	return rc;
}

static int check_references(struct db *db, const char *about, json_t *faults,
			    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_foreign_keys);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		char words[200];

		snprintf(words, sizeof(words), "row %lld of %.60s refers to nothing in %.60s",
			 (long long)query_int(&q, 1), query_text(&q, 0), query_text(&q, 2));
		db_fault_add(faults, about, words);
	}
	return rc;
}

int db_check(struct db *db, const char *about, json_t *faults, struct threads_error *err)
{
	int (*const checks[])(struct db *, const char *, json_t *,
			      struct threads_error *) = { check_sums, check_pages,
							  check_references };

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct threads_error why = { 0 };
		const int rc = checks[i](db, about, faults, &why);

		if (rc == THREADS_EIO)
			db_fault_add(faults, about, why.text);
		else if (rc < 0)
			return threads_error_set(err, rc, "%s", why.text);
	}
	return 0;
}

int db_schema(struct db *db, int64_t *ret_version, struct threads_error *err)
{
	return query_number(db, sql_schema, ret_version, err);
}
