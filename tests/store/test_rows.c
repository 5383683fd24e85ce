/* SPDX-License-Identifier: Apache-2.0 */
/* What a lying mail server can make an account keep: folders and the ledger have an end. */
#include "fixture.h"

#include <stdio.h>

#include "store/account.h"
#include "store/folder.h"
#include "store/job.h"
#include "store/ledger.h"
#include "store/people.h"
#include "store/store_internal.h"

enum { LISTED = 2000 };

static const char sql_folders[] = "SELECT count(*) FROM folder";
static const char sql_ledger[] = "SELECT count(*) FROM ledger";

static PRINTF_LIKE(2, 3) void sql(struct fixture *f, const char *format, ...)
{
	struct threads_error err = { .text = "" };
	char text[1000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	assert_rc(db_exec(f->store->db, text, &err), 0, &err);
}

/* count old generations of a folder "Many", each with a row of the ledger if noted. */
static void add_generations(struct fixture *f, int count, bool noted)
{
	sql(f,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO folder (account_id, name, generation, uidvalidity, state)"
	    " SELECT %lld, 'Many', i, i, 'old' FROM n",
	    count, (long long)f->closed);
	if (noted)
		sql(f, "INSERT INTO ledger (at_ms, account_id, folder_id, uid, header_id, reason,"
		       " detail) SELECT 1, account_id, id, 1, '', 'failed', 'x' FROM folder"
		       " WHERE name = 'Many'");
}

/* count rows of the ledger in a folder, with UIDs from first on. */
static void add_rows(struct fixture *f, int64_t folder, const char *reason, int first, int count)
{
	sql(f,
	    "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO ledger (at_ms, account_id, folder_id, uid, header_id, reason, detail)"
	    " SELECT 1, %lld, %lld, i, '', '%s', '' FROM n",
	    first, first + count - 1, (long long)f->closed, (long long)folder, reason);
}

static int list_names(struct fixture *f, const char *prefix, int count, int64_t now_ms,
		      struct threads_error *err)
{
	static struct folder_listed listed[LISTED];
	static char names[LISTED][32];

	for (int i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%d", prefix, i);
		listed[i] = (struct folder_listed){ names[i], names[i], "", true, true };
	}
	return folder_list(f->store, f->closed, listed, (size_t)count, now_ms, err);
}

static int open_many(struct fixture *f, int64_t uidvalidity, int64_t *ret_id,
		     struct threads_error *err)
{
	return folder_open(f->store, f->closed,
			   &(const struct folder_seen){ "Many", uidvalidity, 1 }, FIXTURE_NOW,
			   ret_id, err);
}

static void test_names_without_end(void **state)
{
	struct fixture *f = *state;
	struct fake mail = { .from = "a@x.test", .subject = "kept", .id = "1@x.test", .body = "x" };
	struct threads_error err = { .text = "" };
	char prefix[16];

	fixture_store(f, &mail, f->closed, f->folder[0], 1);
	for (int round = 0; round < 8; round++) {
		snprintf(prefix, sizeof(prefix), "r%d-", round);
		assert_rc(list_names(f, prefix, LISTED, FIXTURE_NOW + round, &err), 0, &err);
		assert_in_range(fixture_number(f, sql_folders), LISTED, FOLDER_ROWS_MAX + 10);
	}
	/* Those of the last list are there, and the one with a message, though it is gone. */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM folder WHERE state = 'active'"
					   " AND name LIKE 'r7-%'"),
			 LISTED);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting s"
					   " JOIN folder f ON f.id = s.folder_id"),
			 1);
}

static void test_generations_without_end(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	int64_t id = 0, again = 0;

	add_generations(f, FOLDER_ROWS_MAX, false);
	assert_rc(open_many(f, 77777, &id, &err), 0, &err);
	assert_in_range(fixture_number(f, sql_folders), 1, 20);
	assert_rc(open_many(f, 77777, &again, &err), 0, &err);
	assert_int_equal(id, again);
}

static void test_too_many_folders_stop_the_account(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	int64_t before, id = 0;

	add_generations(f, FOLDER_ROWS_MAX, true);
	before = fixture_number(f, sql_folders);
	assert_rc(open_many(f, 77777, &id, &err), THREADS_ELIMIT, &err);
	assert_non_null(strstr(err.text, "folders"));
	assert_rc(list_names(f, "new-", 1, FIXTURE_NOW, &err), THREADS_ELIMIT, &err);
	assert_int_equal(fixture_number(f, sql_folders), before);
	/* What is there can be used. */
	assert_rc(open_many(f, FOLDER_ROWS_MAX, &id, &err), 0, &err);
	assert_rc(folder_belongs(f->store, id, f->closed, &err), 1, &err);
}

static void work(struct fixture *f)
{
	const struct pass_figures figures = { .server = 1 };
	struct threads_error err = { .text = "" };
	int rc;

	assert_rc(account_pass_end(f->store, f->closed, &figures, FIXTURE_NOW, &err), 0, &err);
	do {
		rc = background_step(f->store, f->ingest->packs, FIXTURE_NOW, &err);
	} while (rc == 1);
	assert_rc(rc, 0, &err);
}

static void test_the_oldest_of_the_ledger_are_summed_up(void **state)
{
	static const char sql_sum[] =
		"SELECT CAST(detail AS INTEGER) FROM ledger WHERE uid = 0 AND folder_id IS NULL"
		" AND reason = 'duplicate'";
	static const char sql_sum_gone[] =
		"SELECT CAST(detail AS INTEGER) FROM ledger WHERE uid = 0 AND folder_id IS NULL"
		" AND reason = 'failed'";
	static const char sql_needed[] =
		"SELECT count(*) FROM ledger l JOIN folder f ON f.id = l.folder_id"
		" WHERE reason = 'failed' AND state = 'active'";
	static const char sql_newest[] = "SELECT count(*) FROM ledger WHERE uid >= 1000000";
	struct fixture *f = *state;

	add_generations(f, 1, false);
	add_rows(f, f->folder[0], "failed", 1, 10); /* not to be fetched again: stay */
	add_rows(f, fixture_number(f, "SELECT max(id) FROM folder"), "failed", 1, 20);
	add_rows(f, f->folder[0], "duplicate", 1, 3000);
	work(f);
	assert_int_equal(fixture_number(f, sql_ledger), 3030);
	add_rows(f, f->folder[0], "duplicate", 1000000, LEDGER_ROWS_KEPT);
	work(f);
	assert_int_equal(fixture_number(f, sql_needed), 10);
	assert_int_equal(fixture_number(f, sql_sum_gone), 20);
	assert_in_range(fixture_number(f, sql_sum), 2900, 3010);
	assert_in_range(fixture_number(f, sql_newest), LEDGER_ROWS_KEPT - 100, LEDGER_ROWS_KEPT);
	assert_in_range(fixture_number(f, sql_ledger), LEDGER_ROWS_KEPT, LEDGER_ROWS_KEPT + 20);
	/* The sum goes on, and nothing is counted twice. */
	add_rows(f, f->folder[0], "duplicate", 2000000, 5000);
	work(f);
	work(f);
	assert_int_equal(fixture_number(f, sql_needed), 10);
	assert_int_equal(fixture_number(f, sql_sum) + fixture_number(f,
								     "SELECT count(*) FROM ledger"
								     " WHERE reason = 'duplicate'"
								     " AND uid > 0"),
			 3000 + LEDGER_ROWS_KEPT + 5000);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM job"), 0);
}

static void test_a_ledger_that_cannot_be_summed_up_stops_the_account(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };

	add_rows(f, f->folder[0], "failed", 1, LEDGER_ROWS_MAX);
	assert_rc(list_names(f, "a", 1, FIXTURE_NOW, &err), 0, &err);
	add_rows(f, f->folder[0], "failed", LEDGER_ROWS_MAX + 1, 1);
	assert_rc(list_names(f, "b", 1, FIXTURE_NOW, &err), THREADS_ELIMIT, &err);
	assert_non_null(strstr(err.text, "could not be stored"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names_without_end),
		TEST(test_generations_without_end),
		TEST(test_too_many_folders_stop_the_account),
		TEST(test_the_oldest_of_the_ledger_are_summed_up),
		TEST(test_a_ledger_that_cannot_be_summed_up_stops_the_account),
	};

	return cmocka_run_group_tests_name("store/rows", tests, NULL, NULL);
}
