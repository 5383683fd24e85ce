/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes at many points of the write path, and of what was not synced
 * the disk keeps nothing, everything, or any part. What was acknowledged before
 * is there, verify finds no fault, and after the rest was delivered again the
 * hub is the one that nobody disturbed. FAULTS_FULL=1 tries many more points.
 * The control is a disk that lies: each of its lies is found.
 */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/json.h"
#include "record.h"
#include "shim.h"
#include "store/auth_db.h"
#include "store/auth_throttle.h"
#include "store/db_check.h"
#include "store/db_sums.h"
#include "store/query.h"
#include "store/vault_secret.h"
#include "supervisor/key.h"

#include "migrations_vault.inc"

/* Promises of the run: people are there; so many slices; Bob's account is gone. */
enum { PROMISE_PEOPLE = 1, PROMISE_DELETED = 1 + WORLD_MAILS / WORLD_SLICE + 1 };

static const char *const loss_names[LOSS_KINDS] = { "nothing unsynced", "everything", "any blocks",
						    "any sectors" };

struct run {
	struct mails *mails;
	struct record *record;
	char delivered[1 << 16], deleted[1 << 16]; /* world_state() of the undisturbed run */
};

static void state_keep(struct fixture *f, bool with_import, char out[1 << 16])
{
	CLEANUP(strbuf_release) struct strbuf state = STRBUF_INIT(1 << 16);
	struct threads_error err = { .text = "" };

	world_state(f, with_import, &state);
	assert_rc(strbuf_check(&state, &err), 0, &err);
	snprintf(out, 1 << 16, "%s", strbuf_str(&state));
}

/* A whole life: made, filled, checkpointed, restarted, an account deleted. */
static void run_record(struct run *run, struct fixture *f)
{
	struct threads_error err = { .text = "" };
	size_t position = 0, slice = 0;

	run->record = record_begin(f->dir);
	assert_rc(fixture_open(f, &err), 0, &err);
	world_people(f);
	record_promise(run->record, PROMISE_PEOPLE);
	for (int more = 1; more == 1;) {
		more = world_import(f, run->mails, &position, &err);
		assert_true(more >= 0);
		slice = position / WORLD_SLICE;
		record_promise(run->record, PROMISE_PEOPLE + slice);
		if (slice % 3 == 2)
			assert_rc(db_checkpoint(store_db(f->store), &err), 0, &err);
		if (slice == 5)
			fixture_reopen(f);
	}
	assert_int_equal(position, WORLD_MAILS);
	state_keep(f, true, run->delivered);
	assert_rc(world_delete(f, &err), 0, &err);
	record_promise(run->record, PROMISE_DELETED);
	state_keep(f, true, run->deleted);
	fixture_close(f);
	record_end(run->record);
}

static int run_setup(void **state)
{
	struct run *run = calloc(1, sizeof(*run));
	struct fixture *f = fixture_new();

	assert_non_null(run);
	run->mails = mails_new();
	run_record(run, f);
	fixture_free(f);
	*state = run;
	return 0;
}

static int run_teardown(void **state)
{
	struct run *run = *state;

	record_free(run->record);
	mails_free(run->mails);
	free(run);
	return 0;
}

/* ---- looking at an image; each gives NULL, or what is wrong ---- */

static const char *find_fault(struct fixture *f, const char *when)
{
	CLEANUP(strbuf_release) struct strbuf faults = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };

	if (world_verify(f, &faults, &err) < 0) {
		print_message("%s: %s\n", when, err.text);
		return "verify fails";
	}
	if (faults.len > 0)
		print_message("error: %s: %.400s\n", when, strbuf_str(&faults));
	return faults.len > 0 ? "verify finds faults" : NULL;
}

static bool same_state(struct fixture *f, const char *want, const char *what)
{
	static char got[1 << 16];

	state_keep(f, true, got);
	if (strcmp(got, want) == 0)
		return true;
	for (size_t i = 0; got[i] == want[i]; i++)
		if (got[i] == '\n' && strncmp(got, want, i) == 0 && got[i + 1] != want[i + 1])
			print_message("error: %s:\n got %.200s\nwant %.200s\n", what, got + i,
				      want + i);
	return false;
}

static const char *go_on(struct fixture *f, const struct run *run, size_t position)
{
	struct threads_error err = { .text = "" };
	int rc = 1;

	while (rc == 1)
		rc = world_import(f, run->mails, &position, &err);
	if (rc < 0) {
		print_message("%s\n", err.text);
		return "the import does not go on";
	}
	if (!same_state(f, run->delivered, "imported"))
		return "the import ends differently";
	if (world_deliver_again(f, run->mails, &err) < 0)
		return "mail cannot be delivered again";
	return NULL;
}

static const char *image_fault(struct fixture *f, const struct run *run, size_t promised)
{
	struct threads_error err = { .text = "" };
	const char *fault;
	size_t position = 0;

	if (fixture_open(f, &err) < 0) {
		print_message("%s\n", err.text);
		return "it does not open";
	}
	fault = find_fault(f, "opened");
	if (fault || promised < PROMISE_PEOPLE)
		return fault;
	if (world_position(f, &position, &err) < 0)
		return "the import is not there";
	if (position < (promised - PROMISE_PEOPLE) * WORLD_SLICE && promised < PROMISE_DELETED)
		return "acknowledged mail is lost";
	if (fixture_number(f,
			   "SELECT count(*) FROM account WHERE id = 3 AND state <> 'deleting'")) {
		if (promised == PROMISE_DELETED)
			return "the deleted account is back";
		fault = go_on(f, run, position);
	}
	if (!fault && world_delete(f, &err) < 0)
		return "the account cannot be deleted";
	if (!fault && world_deliver_again(f, run->mails, &err) < 0)
		return "mail cannot be delivered again";
	if (!fault && !same_state(f, run->deleted, "deleted"))
		return "the end is another";
	return fault ? fault : find_fault(f, "at the end");
}

static const char *try_point(const struct run *run, size_t point, enum record_loss loss,
			     unsigned seed)
{
	struct fixture *f = fixture_new();
	const size_t promised = record_replay(run->record, point, loss, seed, f->dir);
	const char *fault = image_fault(f, run, promised);

	fixture_free(f);
	return fault;
}

/* Spread over the whole run. Returns the number of points whose image has a fault; the
 * first is enough unless quiet. */
static int try_points(const struct run *run, size_t count, bool quiet)
{
	const size_t points = record_points(run->record);
	int faults = 0;

	for (size_t i = 0; i < count && (quiet || faults == 0); i++) {
		const size_t point = (2 * i + 1) * points / (2 * count);
		const enum record_loss loss = (enum record_loss)(i % LOSS_KINDS);
		const char *fault = try_point(run, point, loss, (unsigned)i);

		faults += fault != NULL;
		if (fault && !quiet)
			print_error("error: point %zu of %zu, the disk keeps %s: %s\n", point,
				    points, loss_names[loss], fault);
	}
	return faults;
}

static size_t points_wanted(void)
{
	return getenv("FAULTS_FULL") ? 1200 : 60;
}

static void test_nothing_acknowledged_is_lost(void **state)
{
	const struct run *run = *state;
	const int faults = try_points(run, points_wanted(), false);

	print_message("%zu points of %zu tried\n", points_wanted(), record_points(run->record));
	assert_int_equal(faults, 0);
}

static void test_a_disk_that_lies_is_found_out(void **state)
{
	const struct run *run = *state;
	static const char *const lies[] = { ".pack", "hub.db-wal", "hub.db" };

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		int faults;

		record_distrust(run->record, lies[i]);
		faults = try_points(run, 40, true);
		print_message("syncs of %s do nothing: %d of 40 points show it\n", lies[i], faults);
		assert_true(faults > 0);
	}
	record_distrust(run->record, "");
}

/* ---- the small files: secrets, sign-in, the key ---- */

enum { SMALL_SECRETS = 6 };

static const struct auth_throttle_rule rule = { 0, 60000, 60000, 600000 };

static struct vault_fields fields_of(char account[32], size_t i)
{
	snprintf(account, 32, "account%zu", i);
	return (struct vault_fields){
		account, "imap", "h.example.org", "993", "implicit", "", "u"
	};
}

/* Opens the two databases and the key of a folder. */
struct small {
	struct db *vault, *auth;
	struct supervisor s;
	unsigned char key[KEY_BYTES];
};

static int small_key(struct small *small, const char *dir, struct threads_error *err)
{
	int rc = config_new(&small->s.config, err);

	snprintf(small->s.data_dir, sizeof(small->s.data_dir), "%s", dir);
	if (rc == 0)
		rc = key_prepare(&small->s, err);
	return rc < 0 ? rc : key_for_role(&small->s, ROLE_INDEX, small->key, err);
}

static int small_open(struct small *small, const char *dir, struct threads_error *err)
{
	char path[128];
	int rc = vault_db_open(dir, &small->vault, err);

	snprintf(path, sizeof(path), "%s/auth.db", dir);
	return rc < 0 ? rc : auth_db_open(path, &small->auth, err);
}

static void small_close(struct small *small)
{
	small->vault = db_close(small->vault);
	small->auth = db_close(small->auth);
	small->s.config = config_free(small->s.config);
}

/* Promise 1: the key; 1 + n: n secrets, n charged tries. */
static struct record *small_record(const char *dir, unsigned char key[KEY_BYTES])
{
	struct record *record = record_begin(dir);
	struct threads_error err = { .text = "" };
	struct small small = { .vault = NULL };
	int64_t next_ms;

	assert_rc(small_key(&small, dir, &err), 0, &err);
	memcpy(key, small.key, KEY_BYTES);
	record_promise(record, 1);
	assert_rc(small_open(&small, dir, &err), 0, &err);
	for (size_t i = 0; i < SMALL_SECRETS; i++) {
		char account[32];
		const struct vault_fields fields = fields_of(account, i);

		assert_rc(vault_secret_put(small.vault, &fields, "a sealed box", 1, &err), 0, &err);
		assert_rc(auth_throttle_charge(small.auth, account, &rule, 1000, &next_ms, &err), 1,
			  &err);
		record_promise(record, i + 2);
		if (i == SMALL_SECRETS / 2)
			assert_rc(db_checkpoint(small.vault, &err), 0, &err);
	}
	small_close(&small);
	record_end(record);
	return record;
}

static const char *small_fault(const char *dir, size_t promised, const unsigned char key[KEY_BYTES])
{
	CLEANUP(small_close) struct small small = { .vault = NULL };
	struct threads_error err = { .text = "" };

	if (small_key(&small, dir, &err) < 0 || small_open(&small, dir, &err) < 0) {
		print_message("%s\n", err.text);
		return "it does not open";
	}
	if (promised > 0 && memcmp(small.key, key, KEY_BYTES) != 0)
		return "there is another key";
	for (size_t i = 0; i + 1 < promised; i++) {
		CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(64);
		char account[32];
		const struct vault_fields fields = fields_of(account, i);
		int64_t next_ms;

		if (vault_secret_get(small.vault, &fields, &box, &err) != 1)
			return "a secret is lost";
		/* 0: the first try is still charged */
		if (auth_throttle_charge(small.auth, account, &rule, 1001, &next_ms, &err) != 0)
			return "a charged try is forgotten";
	}
	return NULL;
}

static int try_small(const struct record *record, const unsigned char key[KEY_BYTES], bool quiet)
{
	int faults = 0;

	for (size_t point = 0; point < record_points(record); point++) {
		const enum record_loss loss = (enum record_loss)(point % LOSS_KINDS);
		struct fixture *f = fixture_new();
		const size_t promised = record_replay(record, point, loss, (unsigned)point, f->dir);
		const char *fault = small_fault(f->dir, promised, key);

		fixture_free(f);
		faults += fault != NULL;
		if (fault && !quiet)
			print_error("point %zu, the disk keeps %s: %s\n", point, loss_names[loss],
				    fault);
	}
	return faults;
}

static void test_secrets_tries_and_the_key_stay(void **state)
{
	struct fixture *f = fixture_new();
	unsigned char key[KEY_BYTES];
	struct record *record = small_record(f->dir, key);

	(void)state;
	print_message("%zu points\n", record_points(record));
	assert_int_equal(try_small(record, key, false), 0);
	record_distrust(record, ".new");
	assert_true(try_small(record, key, true) > 0);
	record_distrust(record, "-wal");
	assert_true(try_small(record, key, true) > 0);
	record_free(record);
	fixture_free(f);
}

/* ---- pages get their sums, and are given back ---- */

enum { PAGES_ROWS = 300 };

static const char sql_rows[] = "SELECT count(*) + 0 * sum(length(box)) FROM secret";
static const char sql_pages[] = "PRAGMA page_count";
static const char more_secrets[] =
	"INSERT INTO secret WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
	" WHERE i < 300) SELECT 'account' || i, hex(randomblob(200)), '', 'imap.example.org', '993',"
	" 'implicit', '', 'person' || i, i FROM n;";

/* As an older program made it: without sums. */
static void plain_make(const char *path)
{
	const struct db_options options = { .migrations = migrations_vault, .plain = true };
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err;

	assert_rc(db_open(path, &options, &db, &err), 0, &err);
	assert_rc(db_exec(db, more_secrets, &err), 0, &err);
}

static const char *pages_fault(const char *dir)
{
	CLEANUP(db_closep) struct db *db = NULL;
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err = { .text = "" };
	int64_t rows = 0;

	if (vault_db_open(dir, &db, &err) < 0 || query_number(db, sql_rows, &rows, &err) < 0) {
		print_message("%s\n", err.text);
		return "it does not open";
	}
	if (rows != PAGES_ROWS)
		return "rows are lost";
	if (!db_sums_has(db))
		return "its pages have no sums";
	if (db_check(db, "", faults, &err) < 0)
		return "it cannot be checked";
	if (json_array_size(faults) > 0)
		print_message("%s\n", json_string_value(json_array_get(faults, 0)));
	return json_array_size(faults) > 0 ? "it has faults" : NULL;
}

/* The power goes at any point from the first on. */
static void try_pages(const struct record *record, size_t first)
{
	print_message("%zu points\n", record_points(record) - first);
	assert_true(record_points(record) - first > 50);
	for (size_t point = first; point < record_points(record); point++) {
		const enum record_loss loss = (enum record_loss)(point % LOSS_KINDS);
		struct fixture *image = fixture_new();
		const char *fault;

		record_replay(record, point, loss, (unsigned)point, image->dir);
		fault = pages_fault(image->dir);
		fixture_free(image);
		if (fault)
			fail_msg("point %zu, the disk keeps %s: %s", point, loss_names[loss],
				 fault);
	}
}

/* Of giving an older database its sums. */
static void test_pages_get_their_sums(void **state)
{
	struct fixture *f = fixture_new();
	struct threads_error err = { .text = "" };
	struct record *record;
	struct db *db = NULL;
	char path[128];
	size_t first;

	(void)state;
	snprintf(path, sizeof(path), "%s/vault.db", f->dir);
	record = record_begin(f->dir);
	plain_make(path);
	first = record_points(record);
	assert_rc(vault_db_open(f->dir, &db, &err), 0, &err);
	db_close(db);
	record_end(record);
	try_pages(record, first);
	record_free(record);
	fixture_free(f);
}

/* Of giving pages back: those that stay move to the place of others. */
static void test_pages_are_given_back(void **state)
{
	static const char bulk[] =
		"CREATE TABLE bulk (a); INSERT INTO bulk VALUES (zeroblob(600000))";
	struct fixture *f = fixture_new();
	struct threads_error err = { .text = "" };
	struct record *record = record_begin(f->dir);
	struct db *db = NULL;
	int64_t before = 0, after = 0;
	size_t first;

	(void)state;
	assert_rc(vault_db_open(f->dir, &db, &err), 0, &err);
	assert_rc(db_exec(db, bulk, &err), 0, &err);
	assert_rc(db_exec(db, more_secrets, &err), 0, &err);
	assert_rc(db_exec(db, "DROP TABLE bulk", &err), 0, &err);
	assert_rc(db_checkpoint(db, &err), 0, &err);
	assert_rc(query_number(db, sql_pages, &before, &err), 0, &err);
	first = record_points(record);
	while (db_shrink(db, 30, &err) == 1)
		assert_rc(db_checkpoint(db, &err), 0, &err);
	assert_rc(query_number(db, sql_pages, &after, &err), 0, &err);
	assert_true(after < before - 60);
	db_close(db);
	record_end(record);
	try_pages(record, first);
	record_free(record);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_acknowledged_is_lost),
		cmocka_unit_test(test_a_disk_that_lies_is_found_out),
		cmocka_unit_test(test_secrets_tries_and_the_key_stay),
		cmocka_unit_test(test_pages_get_their_sums),
		cmocka_unit_test(test_pages_are_given_back),
	};

	shim_sqlite();
	return cmocka_run_group_tests_name("faults/power_cut", tests, run_setup, run_teardown);
}
