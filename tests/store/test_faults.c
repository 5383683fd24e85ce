/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th allocation of the write path fails, for every n: the slice fails as
 * a whole, no row and no byte of it remains, nothing leaks (the sanitizer
 * looks), and the next attempt stores the message.
 */
#include "fixture.h"

#include "store/account.h"
#include "store/people.h"
#include "store/verify.h"

/* The linker sends the calls of our own code here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

int __real_email_key(const char *address, size_t len, struct strbuf *out,
		     struct threads_error *err);
int __wrap_email_key(const char *address, size_t len, struct strbuf *out,
		     struct threads_error *err);

static int fail_in; /* 0: never; 1: the next one */
static int failed;

static bool now_fails(void)
{
	if (fail_in == 0 || --fail_in > 0)
		return false;
	failed++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return now_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return now_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return now_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return now_fails() ? NULL : __real_strdup(text);
}

/* Its failure means "not an address", whatever the reason: not to be tested here. */
int __wrap_email_key(const char *address, size_t len, struct strbuf *out, struct threads_error *err)
{
	const int kept = fail_in;
	int rc;

	fail_in = 0;
	rc = __real_email_key(address, len, out, err);
	fail_in = kept;
	return rc;
}

static const struct fake letter = {
	.from = "ada@hub.test",
	.to = "carol@example.org",
	.bcc = "dora@example.com",
	.subject = "Zwei Seiten",
	.id = "fault@hub.test",
	.references = { "parent@hub.test" },
	.body = "the zebra crosses the road",
	.html = "<p>the zebra",
	.file = "a file that is attached",
	.file_len = 23,
	.file_name = "a.txt",
	.line_length = 76,
};

static int64_t rows(struct fixture *f)
{
	return fixture_number(f, "SELECT (SELECT count(*) FROM message)"
				 " + (SELECT count(*) FROM sighting) + (SELECT count(*) FROM blob)"
				 " + (SELECT count(*) FROM channel) + (SELECT count(*) FROM ledger)"
				 " + (SELECT count(*) FROM conversation)"
				 " + (SELECT count(*) FROM message_fts_docsize)"
				 " + (SELECT committed_bytes FROM pack)");
}

/* Stores the letter with failing allocations until one attempt has none. Returns their number. */
static int store_with_faults(struct fixture *f, struct fake_mail *mail, int64_t account_id)
{
	const struct ingest_source source = { .account_id = account_id };
	const int64_t before = rows(f);

	for (int n = 1;; n++) {
		struct ingest_counts counts = { 0 };
		struct threads_error err = { .text = "" };
		size_t done = 0;
		int rc;

		failed = 0;
		fail_in = n;
		rc = ingest_slice(f->ingest, &source, &mail->item, 1, &done, &counts, &err);
		fail_in = 0;
		if (failed == 0) {
			assert_rc(rc, 0, &err);
			assert_int_equal(done, 1);
			return n - 1;
		}
		if (rc != THREADS_ENOMEM && rc != THREADS_ELIMIT)
			fail_msg("allocation %d failed, the slice gave %d: %s", n, rc, err.text);
		assert_int_equal(done, 0);
		assert_int_equal(rows(f), before);
	}
}

static void check_verify(struct fixture *f)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };
	int faults = 0;

	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	const struct verify_order order = { reader, f->dir_fd, true, NULL };

	assert_rc(store_verify(f->store, &order, &out, &faults, &err), 0, &err);
	if (faults)
		fail_msg("%s", strbuf_str(&out));
}

static void test_a_new_message(void **state)
{
	struct fixture *f = *state;
	struct fake first = letter;
	struct fake_mail mail;
	int faults;

	first.id = "first@hub.test";
	assert_int_equal(fixture_store(f, &first, f->open, 2, 9), INGEST_STORED);
	fixture_reopen(f); /* caches are empty: all allocations happen */
	fake_make(&mail, &letter, 2, 1);
	faults = store_with_faults(f, &mail, f->open);
	print_message("%d allocations\n", faults);
	assert_true(faults >= 5);
	assert_int_equal(mail.item.result, INGEST_STORED);
	fake_release(&mail);
	check_verify(f);
}

static void test_a_copy(void **state)
{
	struct fixture *f = *state;
	struct fake copy = letter;
	struct fake_mail mail;
	int faults;

	copy.received = "elsewhere";
	assert_int_equal(fixture_store(f, &letter, f->open, 2, 1), INGEST_STORED);
	fixture_reopen(f);
	fake_make(&mail, &copy, 3, 1);
	faults = store_with_faults(f, &mail, f->bobs);
	print_message("%d allocations\n", faults);
	assert_true(faults >= 5);
	assert_int_equal(mail.item.result, INGEST_DUPLICATE);
	fake_release(&mail);
	check_verify(f);
}

static void test_deletion(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	int rc = 1;

	assert_int_equal(fixture_store(f, &letter, f->open, 2, 1), INGEST_STORED);
	assert_rc(account_delete(f->store, f->open, false, FIXTURE_NOW, &err), 0, &err);
	for (int n = 1; rc == 1; n++) {
		failed = 0;
		fail_in = n;
		rc = background_step(f->store, ingest_packs(f->ingest), FIXTURE_NOW, &err);
		fail_in = 0;
		if (failed > 0 && rc < 0) {
			assert_int_equal(rc, THREADS_ENOMEM);
			rc = 1;
		}
	}
	assert_rc(rc, 0, &err);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM erasure"), 0);
	check_verify(f);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_message),
		TEST(test_a_copy),
		TEST(test_deletion),
	};

	return cmocka_run_group_tests_name("store/faults", tests, NULL, NULL);
}
