/* SPDX-License-Identifier: Apache-2.0 */
/* Names that copies have: their limits, for a server or a file may make up any number. */
#include "fixture.h"

#include "store/folder_flags.h"
#include "store/label.h"

static const struct fake mails[] = {
	{ .from = "ada@hub.test", .id = "one@hub.test", .subject = "One", .body = "One." },
	{ .from = "ada@hub.test", .id = "two@hub.test", .subject = "Two", .body = "Two." },
};

/* Stores a mail of ada's closed account with these names. Returns how many were left out. */
static int64_t store(struct fixture *f, size_t which, int64_t uid, const char *labels)
{
	struct ingest_source source = { .account_id = f->closed };
	struct ingest_counts counts = { 0 };
	struct threads_error err = { 0 };
	struct fake_mail mail;
	size_t done = 0;

	fake_make(&mail, &mails[which], f->folder[0], uid);
	mail.item.labels = labels;
	while (done < 1)
		assert_rc(ingest_slice(f->ingest, &source, &mail.item, 1, &done, &counts, &err), 0,
			  &err);
	fake_release(&mail);
	return counts.labels_dropped;
}

static void test_names_are_kept_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store(f, 0, 1, "Work\n$Forwarded\nWork\n\n"), 0);
	assert_int_equal(store(f, 1, 2, "$Forwarded\n"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_label"), 3);
}

static void test_a_copy_has_a_hundred_at_most(void **state)
{
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(1 << 16);
	struct fixture *f = *state;

	for (int i = 0; i < LABELS_MAX + 5; i++)
		strbuf_addf(&labels, "name %d\n", i);
	for (int i = 0; i <= LABEL_BYTES_MAX; i++)
		strbuf_add_char(&labels, 'x');
	strbuf_add_char(&labels, '\n');
	assert_int_equal(store(f, 0, 1, strbuf_str(&labels)), 6);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), LABELS_MAX);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_label"), LABELS_MAX);
}

/* A server that makes up a name for each message fills no disk; what is there goes on to work. */
static void test_an_account_has_so_many_at_most(void **state)
{
	static const char sql_fill[] =
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
		" INSERT INTO label (account_id, name) SELECT 1, 'old ' || i FROM n";
	struct fixture *f = *state;
	struct threads_error err = { 0 };

	assert_rc(db_exec(store_db(f->store), sql_fill, &err), 0, &err);
	assert_int_equal(store(f, 0, 1, "new one\nnew two\nold 7\nnew three\n"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), LABELS_OF_ACCOUNT_MAX);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_label sl"
					   " JOIN label l ON l.id = sl.label_id"
					   " WHERE l.name IN ('new one', 'old 7')"),
			 2);
	/* Another account has room of its own. */
	assert_int_equal(fixture_store(f, &mails[1], f->bobs, 3, 1), INGEST_STORED);
}

static const struct folder_mark mark = { .modseq = 7, .compared_ms = FIXTURE_NOW };

static struct flags_done say(struct fixture *f, int64_t uid, uint32_t flags, const char *labels)
{
	const struct flags_entry entry = { uid, flags, labels };
	const struct flags_change change = { f->closed, f->folder[0], &entry, 1, &mark };
	struct flags_done done = { 0 };
	struct threads_error err = { 0 };

	assert_rc(folder_flags_set(f->store, &change, &done, &err), 0, &err);
	return done;
}

static void test_state_and_names_become_those_of_the_server(void **state)
{
	struct fixture *f = *state;
	struct folder_mark known;
	struct threads_error err = { 0 };

	store(f, 0, 1, "Work\nOld\n");
	store(f, 1, 2, "Work\n");
	assert_int_equal(say(f, 1, 0, "Old\nWork\nWork\n").changed, 0);
	assert_int_equal(say(f, 1, 5, "Old\nWork\n").changed, 1);
	assert_int_equal(say(f, 1, 5, "New\nWork\n").changed, 1);
	assert_int_equal(say(f, 1, 5, "New\nWork\n").changed, 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label WHERE name = 'Old'"), 0);
	assert_int_equal(say(f, 1, 0, "").changed, 1);
	/* The other copy has what it had. */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_label"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), 1);
	assert_int_equal(say(f, 99, 1, "Made up\n").changed, 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), 1);
	assert_rc(folder_mark_get(f->store, f->folder[0], &known, &err), 0, &err);
	assert_int_equal(known.modseq, mark.modseq);
	assert_int_equal(known.compared_ms, mark.compared_ms);
}

/* A server that names its messages anew each time is bounded: names that nobody has go. */
static void test_names_that_change_do_not_pile_up(void **state)
{
	struct fixture *f = *state;
	char name[32];

	store(f, 0, 1, "Name\n");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name %d\n", i);
		assert_int_equal(say(f, 1, 0, name).changed, 1);
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM label"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_label"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(test_names_are_kept_once),
		TEST(test_a_copy_has_a_hundred_at_most),
		TEST(test_an_account_has_so_many_at_most),
		TEST(test_state_and_names_become_those_of_the_server),
		TEST(test_names_that_change_do_not_pile_up),
	};

	return cmocka_run_group_tests_name("store/label", tests, NULL, NULL);
}
