/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers that die, lie, or never answer: no mail is lost, no other mail is hurt. */
#include "play.h"

#include <sys/mman.h>

static const char sql_messages[] = "SELECT count(*) FROM message";
static const char sql_unreadable[] = "SELECT count(*) FROM message WHERE flags & 1";
static const char sql_ledger[] = "SELECT count(*) FROM ledger WHERE reason = 'unreadable'";
static const char sql_found[] = "SELECT count(*) FROM message_fts WHERE message_fts MATCH 'apples'";

enum { MAILS = 20, BAD = 7 };

struct scene {
	struct play *p;
	int64_t folder;
	int fd;
};

static struct scene begin(void **state, bool fake)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = { .p = *state };
	int64_t row;
	char id[27];

	play_owner(s.p);
	row = play_active_account(s.p, "Olga", id);
	s.fd = play_imap(s.p, row, IMAP_MODE_SYNC);
	s.folder = play_folder(s.p, s.fd, "INBOX", &f);
	s.p->fake = fake;
	return s;
}

/* Raw bytes of mail BAD as index gives them back. */
static void expect_raw(struct scene *s, const char *more)
{
	static const char sql_id[] =
		"SELECT m.public_id FROM message m JOIN sighting s ON s.message_id = m.id"
		" WHERE s.uid = 8"; /* BAD + 1 */
	CLEANUP(strbuf_release)
	struct strbuf raw = STRBUF_INIT(1 << 20), want = STRBUF_INIT(1 << 20);
	char id[27];

	play_text(s->p, sql_id, id, sizeof(id));
	play_mail(&want, BAD, more);
	assert_int_equal(play_blob(s->p, BLOB_RAW, id, "", &raw), 0);
	assert_int_equal(raw.len, want.len);
	assert_memory_equal(raw.data, want.data, want.len);
}

/* MAILS mails of which BAD does something to its parser; unreadable: what becomes of it. */
static void try_mails(struct scene *s, const char *more, int unreadable)
{
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct play_counts c;

	for (int i = 0; i < MAILS; i++)
		play_batch_add(&batch, i, i == BAD ? more : "");
	c = play_batch_store(s->p, s->fd, &batch, s->folder, 1);
	assert_int_equal(c.stored, MAILS);
	assert_int_equal(play_number(s->p, sql_messages), MAILS);
	assert_int_equal(play_number(s->p, sql_unreadable), unreadable);
	assert_int_equal(play_number(s->p, sql_ledger), unreadable);
	assert_int_equal(play_number(s->p, sql_found), MAILS - unreadable);
	expect_raw(s, more);
	play_verify(s->p);
	close(s->fd);
}

static void test_real_parsers_with_a_harmless_mail(void **state)
{
	struct scene s = begin(state, false);

	try_mails(&s, "X-Play: crash\r\n", 0); /* only the made-up parser listens to it */
	assert_int_equal(s.p->parse_signals, 0);
}

static void test_a_real_parser_is_killed_once(void **state)
{
	struct scene s = begin(state, false);

	s.p->kill_next = true;
	try_mails(&s, "", 0);
	assert_int_equal(s.p->parse_signals, 1);
}

/* Each case needs two parsers for the bad mail; the others are not parsed alone. */
static void test_a_mail_that_ends_its_parsers(void **state)
{
	static const char *const how[] = { "crash", "exit", "garbage", "length",
					   "short", "talk", "seal" };
	CLEANUP(strbuf_release) struct strbuf more = STRBUF_INIT(100);
	struct scene s = begin(state, true);
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	int n = 0;

	for (size_t k = 0; k < ARRAY_SIZE(how); k++) {
		strbuf_reset(&more);
		strbuf_addf(&more, "X-Play: %s\r\n", how[k]);
		for (int i = 0; i < 10; i++)
			play_batch_add(&batch, n++, i == 5 ? strbuf_str(&more) : "");
		s.p->shared->batches = 0;
		assert_int_equal(
			play_batch_store(s.p, s.fd, &batch, s.folder, 1000 * ((int)k + 1)).stored,
			10);
		if (play_number(s.p, sql_unreadable) != (int64_t)k + 1 ||
		    play_number(s.p, sql_ledger) != (int64_t)k + 1)
			fail_msg("%s: %d are unreadable", how[k],
				 (int)play_number(s.p, sql_unreadable));
		/* Where not even the output can be read, the ten are tried one by one. */
		if (s.p->shared->batches > (strcmp(how[k], "seal") == 0 ? 20 : 4))
			fail_msg("%s: %d parsers", how[k], s.p->shared->batches);
		strbuf_reset(&batch.bytes);
		batch.count = 0;
	}
	assert_int_equal(play_number(s.p, sql_messages), 70);
	play_verify(s.p);
	close(s.fd);
}

static void test_a_crash_keeps_the_bytes(void **state)
{
	struct scene s = begin(state, true);

	try_mails(&s, "X-Play: crash\r\n", 1);
}

static void test_kills_from_outside_are_forgiven(void **state)
{
	struct scene s = begin(state, true);

	s.p->shared->kills = 5;
	try_mails(&s, "X-Play: once\r\n", 0);
	assert_int_equal(s.p->parse_signals, 5);
}

static void test_a_mail_that_is_killed_for_ever(void **state)
{
	struct scene s = begin(state, true);

	try_mails(&s, "X-Play: kill\r\n", 1);
}

static void test_a_parser_that_never_answers(void **state)
{
	struct play *p = *state;
	struct scene s;

	play_stop(p);
	play_start(p, "parse_timeout_s = 1\n");
	s = begin(state, true);
	try_mails(&s, "X-Play: hang\r\n", 1);
	assert_true(p->parse_kills >= 2);
}

/* All mails of a batch are bad: each is kept, in the end. */
static void test_a_batch_of_nothing_but_poison(void **state)
{
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state, true);

	for (int i = 0; i < 5; i++)
		play_batch_add(&batch, i, "X-Play: crash\r\n");
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).stored, 5);
	assert_int_equal(play_number(s.p, sql_unreadable), 5);
	close(s.fd);
}

/* Parsers that cannot be started at all: asked for again, not at once. */
static void test_parsers_that_do_not_start(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state, true);
	struct play *p = s.p;

	p->hold = true;
	play_batch_add(&batch, 1, "");
	play_batch_frame(&batch, s.folder, 1, &f);
	play_send(p, s.fd, &f);
	play_wait(p, p->parse_starts > 0);
	p->hold = false;
	play_exited(p, ROLE_PARSE, p->parse_instance, 0, 127);
	assert_int_equal(play_next(p, s.fd, &f), 1);
	assert_int_equal(f.type, IMAP_BATCH_ACK);
	close(s.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_real_parsers_with_a_harmless_mail),
		TEST(test_a_real_parser_is_killed_once),
		TEST(test_a_mail_that_ends_its_parsers),
		TEST(test_a_crash_keeps_the_bytes),
		TEST(test_kills_from_outside_are_forgiven),
		TEST(test_a_mail_that_is_killed_for_ever),
		TEST(test_a_parser_that_never_answers),
		TEST(test_a_batch_of_nothing_but_poison),
		TEST(test_parsers_that_do_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
