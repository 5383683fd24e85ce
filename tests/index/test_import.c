/* SPDX-License-Identifier: Apache-2.0 */
/* Imports by descriptors: counts, order, and going on after any end of index. */
#include "play.h"

#include <fcntl.h>

#include "ipc/memfd.h"

static const char sql_messages[] = "SELECT count(*) FROM message";
static const char sql_sightings[] = "SELECT count(*) FROM sighting";
static const char sql_read[] = "SELECT read_count FROM import ORDER BY id DESC LIMIT 1";
static const char sql_stored[] = "SELECT stored_count FROM import ORDER BY id DESC LIMIT 1";
static const char sql_duplicate[] = "SELECT duplicate_count FROM import ORDER BY id DESC LIMIT 1";
static const char sql_failed[] = "SELECT failed_count FROM import ORDER BY id DESC LIMIT 1";
static const char sql_files[] = "SELECT files_done FROM import ORDER BY id DESC LIMIT 1";
static const char sql_done[] = "SELECT count(*) FROM import WHERE state = 'done'";

static void create(struct play *p, const char *kind, char id[27])
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play_answer answer;

	frame_begin(&f, INDEX_IMPORT_CREATE, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, "Old mail");
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, kind);
	frame_put_int(&f, 0);
	frame_put_int(&f, 0);
	answer = play_do(p, p->api, &f);
	assert_int_equal(answer.code, 0);
	memcpy(id, answer.id, 27);
}

/* Adds a file with these bytes to the frame's lists. */
struct sending {
	char id[27];
	bool last;
	int count;
	const char *names[250];
	int fds[250];
	char name_space[250][32];
};

static void sending_add(struct sending *s, const char *name, const struct strbuf *bytes)
{
	struct threads_error err;
	const int i = s->count++;

	snprintf(s->name_space[i], sizeof(s->name_space[i]), "%s", name);
	s->names[i] = s->name_space[i];
	assert_rc(memfd_new("file", &s->fds[i], &err), 0, &err);
	assert_rc(write_all(s->fds[i], strbuf_str(bytes), bytes->len, &err), 0, &err);
}

static void sending_frame(const struct sending *s, struct frame *f)
{
	frame_begin(f, INDEX_IMPORT_FILES, 0);
	frame_put_text(f, s->id);
	frame_put_int(f, s->last);
	frame_put_int(f, s->count);
	for (int i = 0; i < s->count; i++) {
		frame_put_text(f, s->names[i]);
		frame_put_int(f, 1);
	}
	for (int i = 0; i < s->count; i++)
		frame_put_fd(f, s->fds[i]);
	f->owns_fds = true;
}

/* Mails [from, to) as files of their own; every tenth is a copy of the one before. */
static void eml_frame(const char *id, int from, int to, bool last, struct frame *f)
{
	struct sending s = { .last = last };

	memcpy(s.id, id, sizeof(s.id));
	for (int i = from; i < to; i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(1 << 20);
		char name[32];

		snprintf(name, sizeof(name), "mail/cur/%05d", i);
		play_mail(&mail, i % 10 == 9 ? i - 1 : i, "");
		sending_add(&s, name, &mail);
	}
	sending_frame(&s, f);
}

static int64_t taken(const struct play_answer *answer)
{
	return strtoll(answer->words, NULL, 10);
}

static void test_eml_files(void **state)
{
	static const char sql_folder[] = "SELECT name FROM folder";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	struct play_answer answer;
	char id[27], text[64];

	play_owner(p);
	create(p, "maildir", id);
	eml_frame(id, 0, 100, false, &f);
	answer = play_do(p, p->api, &f);
	assert_int_equal(answer.code, 0);
	assert_string_equal(answer.id, id);
	assert_int_equal(taken(&answer), 100);
	frame_release(&f);
	eml_frame(id, 100, 150, true, &f);
	answer = play_do(p, p->api, &f);
	assert_int_equal(taken(&answer), 150);
	/* The answer came after the commit. */
	assert_int_equal(play_number(p, sql_done), 1);
	assert_int_equal(play_number(p, sql_read), 150);
	assert_int_equal(play_number(p, sql_stored), 135);
	assert_int_equal(play_number(p, sql_duplicate), 15);
	assert_int_equal(play_number(p, sql_files), 150);
	assert_int_equal(play_number(p, sql_messages), 135);
	play_text(p, sql_folder, text, sizeof(text));
	assert_string_equal(text, "mail");
	/* It has ended. */
	frame_release(&f);
	eml_frame(id, 0, 1, true, &f);
	assert_int_equal(play_do(p, p->api, &f).code, THREADS_EINVAL);
	play_verify(p);
}

static void test_files_that_cannot_be_read(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf large = STRBUF_INIT(1 << 20);
	static const char sql_ledger[] = "SELECT count(*) FROM ledger WHERE reason = 'failed'";
	struct play *p = *state;
	struct sending s = { .last = true };

	play_stop(p);
	play_start(p, "message_max = 65536\n");
	play_owner(p);
	create(p, "eml", s.id);
	play_mail(&large, 1, "");
	sending_add(&s, "good", &large);
	while (large.len <= 65536)
		strbuf_add_str(&large, "more and more and more\r\n");
	sending_add(&s, "large-1", &large);
	sending_add(&s, "large-2", &large);
	sending_add(&s, "folder", &large);
	close(s.fds[3]);
	s.fds[3] = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sending_frame(&s, &f);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	assert_int_equal(play_number(p, sql_read), 4);
	assert_int_equal(play_number(p, sql_stored), 1);
	assert_int_equal(play_number(p, sql_failed), 3);
	assert_int_equal(play_number(p, sql_ledger), 3);
}

/* Mails [from, to) as one mbox. */
static void mbox_make(struct strbuf *out, int from, int to)
{
	for (int i = from; i < to; i++) {
		strbuf_add_str(out, "From ann@example.org Mon Nov  2 10:00:00 2026\n");
		play_mail(out, i % 10 == 9 ? i - 1 : i, "");
		strbuf_add_str(out, "\n");
	}
}

/* Files of 0, 400 (exactly one batch), 450 mails, and one that is no mbox. */
enum { MBOX_MAILS = 850 };

static void mbox_frame(const char *id, int64_t first, struct frame *f)
{
	static const int ends[] = { 0, 0, 400, 850, 850 };
	struct sending s = { .last = true };

	memcpy(s.id, id, sizeof(s.id));
	for (int64_t i = first; i < 4; i++) {
		CLEANUP(strbuf_release) struct strbuf mbox = STRBUF_INIT(4 << 20);
		char name[32];

		snprintf(name, sizeof(name), "boxes/%d", (int)i);
		mbox_make(&mbox, ends[i], ends[i + 1]);
		if (i == 3)
			strbuf_add_str(&mbox, "This is\nno mbox.\n");
		sending_add(&s, name, &mbox);
	}
	sending_frame(&s, f);
}

static void expect_mbox_end(struct play *p)
{
	static const char sql_unreadable[] = "SELECT count(*) FROM message WHERE flags & 1";

	assert_int_equal(play_number(p, sql_unreadable), 0);
	assert_int_equal(play_number(p, sql_done), 1);
	assert_int_equal(play_number(p, sql_files), 4);
	assert_int_equal(play_number(p, sql_stored), MBOX_MAILS * 9 / 10);
	assert_int_equal(play_number(p, sql_duplicate), MBOX_MAILS / 10);
	assert_int_equal(play_number(p, sql_failed), 1);
	assert_int_equal(play_number(p, sql_read), MBOX_MAILS + 1);
	assert_int_equal(play_number(p, sql_messages), MBOX_MAILS * 9 / 10);
	assert_int_equal(play_number(p, sql_sightings), MBOX_MAILS * 9 / 10);
	play_verify(p);
}

static void test_mbox_files(void **state)
{
	static const char sql_open[] = "SELECT count(*) FROM import_file WHERE done = 0";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	struct play_answer answer;
	char id[27];

	play_owner(p);
	create(p, "mbox", id);
	mbox_frame(id, 0, &f);
	answer = play_do(p, p->api, &f);
	assert_int_equal(answer.code, 0);
	assert_int_equal(taken(&answer), 4);
	expect_mbox_end(p);
	assert_int_equal(play_number(p, sql_open), 0);
}

/* A splitter that dies goes on where it was. */
static void test_mbox_splitters_die(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27];

	p->fake = true;
	p->shared->split_kills = 3;
	play_owner(p);
	create(p, "mbox", id);
	mbox_frame(id, 0, &f);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	assert_true(p->parse_signals >= 3);
	expect_mbox_end(p);
}

/* A splitter that gives the file 4,000 times over: nothing of it is copied, its file has failed. */
static void test_mbox_splitters_lie(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27];

	p->fake = true;
	p->shared->split_lies = 4;
	play_owner(p);
	create(p, "mbox", id);
	mbox_frame(id, 0, &f);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	assert_int_equal(play_number(p, sql_messages), 0);
	assert_int_equal(play_number(p, sql_failed), 4);
	play_verify(p);
}

/* An import that is cancelled while its file is split leaves nothing behind that hurts a mail. */
static void test_cancel_during_a_split(void **state)
{
	static const char sql_unreadable[] = "SELECT count(*) FROM message WHERE flags & 1";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27];

	play_owner(p);
	for (int i = 0; i < 4; i++) {
		p->fake = true;
		p->shared->split_hangs = 1;
		p->shared->splits = 0;
		create(p, "mbox", id);
		mbox_frame(id, 0, &f);
		f.id = 99;
		play_send(p, p->api, &f);
		frame_release(&f);
		play_wait(p, p->shared->splits > 0);
		frame_begin(&f, INDEX_IMPORT_CANCEL, 77);
		frame_put_text(&f, "");
		frame_put_text(&f, id);
		play_send(p, p->api, &f);
		/* Who waits for the files hears of it first. */
		assert_int_equal(play_take(p, p->api).code, THREADS_EINVAL);
		assert_int_equal(play_take(p, p->api).code, 0);
		p->shared->split_hangs = 0;
		create(p, "eml", id);
		eml_frame(id, 100 * i, 100 * i + 10, true, &f);
		assert_int_equal(play_do(p, p->api, &f).code, 0);
		frame_release(&f);
	}
	assert_int_equal(play_number(p, sql_unreadable), 0);
	assert_int_equal(play_number(p, sql_messages), 36);
}

static int64_t resume(struct play *p, const char *id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play_answer answer;

	frame_begin(&f, INDEX_IMPORT_START, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, id);
	answer = play_do(p, p->api, &f);
	assert_int_equal(answer.code, 0);
	return taken(&answer);
}

/* index is killed when so many messages are read; the end is that of a run undisturbed. */
static void test_mbox_goes_on_after_a_kill(void **state)
{
	static const int moments[] = { 1, 60, 390, 430, 800 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	int64_t done;
	char id[27];

	play_owner(p);
	create(p, "mbox", id);
	mbox_frame(id, 0, &f);
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		f.id = 99;
		play_send(p, p->api, &f);
		frame_release(&f);
		play_wait(p, play_number(p, sql_read) >= moments[i]);
		play_kill(p);
		play_start(p, "");
		if (play_number(p, sql_done) == 1)
			break;
		done = resume(p, id);
		assert_int_equal(done, play_number(p, sql_files));
		mbox_frame(id, done, &f);
	}
	if (play_number(p, sql_done) == 0)
		assert_int_equal(play_do(p, p->api, &f).code, 0);
	expect_mbox_end(p);
}

static void test_eml_goes_on_after_a_kill(void **state)
{
	enum { FILES = 600 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	int64_t done = 0;
	char id[27];
	int kills = 0;

	play_owner(p);
	create(p, "eml", id);
	while (done < FILES) {
		const int64_t from = done;

		for (int64_t i = from; i < FILES; i += 200) {
			const int64_t to = i + 200 < FILES ? i + 200 : FILES;

			eml_frame(id, (int)i, (int)to, to == FILES, &f);
			f.id = (uint32_t)(1000 + i);
			play_send(p, p->api, &f);
			frame_release(&f);
		}
		if (++kills > 3) {
			play_wait(p, play_number(p, sql_done) == 1);
			break;
		}
		play_wait(p, play_number(p, sql_files) > from + 30);
		play_kill(p);
		play_start(p, "");
		if (play_number(p, sql_done) == 1)
			break;
		done = resume(p, id);
		assert_true(done > from);
	}
	assert_int_equal(play_number(p, sql_files), FILES);
	assert_int_equal(play_number(p, sql_read), FILES);
	assert_int_equal(play_number(p, sql_stored), FILES * 9 / 10);
	assert_int_equal(play_number(p, sql_duplicate), FILES / 10);
	assert_int_equal(play_number(p, sql_messages), FILES * 9 / 10);
	play_verify(p);
}

/* The api's link breaks: what threadsctl sent is forgotten, it begins where index stands. */
static void test_a_lost_link_ends_the_run(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	int64_t done;
	char id[27];

	play_owner(p);
	create(p, "eml", id);
	eml_frame(id, 0, 200, true, &f);
	f.id = 99;
	play_send(p, p->api, &f);
	frame_release(&f);
	play_turn(p, 50);
	close(p->api);
	p->api = play_link(p, ROLE_API, 0);
	done = resume(p, id);
	eml_frame(id, (int)done, 200, true, &f);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	assert_int_equal(play_number(p, sql_read), 200);
	assert_int_equal(play_number(p, sql_messages), 180);
}

/* threadsctl sends ahead: files wait as descriptors, more than a process may have at first. */
static void test_many_files_wait(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27];

	play_owner(p);
	create(p, "eml", id);
	p->hold = true;
	for (int i = 0; i < 8; i++) {
		eml_frame(id, 250 * i, 250 * i + 250, i == 7, &f);
		f.id = (uint32_t)(1000 + i);
		play_send(p, p->api, &f);
		frame_release(&f);
	}
	frame_begin(&f, INDEX_QUEUE, 0);
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	assert_int_equal(play_ask(p, p->api, &f, &answer), 1);
	assert_int_equal(answer.type, INDEX_QUEUE_IS);
	assert_int_equal(frame_get_int(&answer), 750); /* the others wait as descriptors */
	frame_release(&f);
	frame_begin(&f, INDEX_IMPORT_CANCEL, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, id);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	p->hold = false;
}

/* Who waits for files hears that their account is gone. */
static void test_the_account_goes_away(void **state)
{
	static const char sql_account[] = "SELECT public_id FROM account";
	static const char sql_accounts[] = "SELECT count(*) FROM account";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27], account[27];

	play_owner(p);
	create(p, "eml", id);
	play_text(p, sql_account, account, sizeof(account));
	p->hold = true;
	eml_frame(id, 0, 50, true, &f);
	f.id = 99;
	play_send(p, p->api, &f);
	frame_release(&f);
	play_wait(p, p->parse_starts > 0);
	frame_begin(&f, INDEX_ACCOUNT_DELETE, 100);
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, account);
	frame_put_int(&f, 0);
	play_send(p, p->api, &f);
	assert_int_equal(play_take(p, p->api).code, THREADS_ENOENT);
	assert_int_equal(play_take(p, p->api).code, 0);
	p->hold = false;
	play_exited(p, ROLE_PARSE, p->parse_instance, 0, 1);
	play_wait(p, play_number(p, sql_accounts) == 0);
	assert_int_equal(play_number(p, sql_messages), 0);
}

static void test_refused_imports(void **state)
{
	static const char sql_open[] = "SELECT count(*) FROM import WHERE state <> 'cancelled'";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	struct sending s = { .id = "no-such-import" };

	sending_frame(&s, &f);
	assert_int_equal(play_do(p, p->api, &f).code, THREADS_ENOENT);
	for (int owner = 0; owner < 2; owner++) {
		/* First without any user; then a name that no file can have. */
		frame_begin(&f, INDEX_IMPORT_CREATE, 0);
		frame_put_text(&f, "");
		frame_put_text(&f, "Old mail");
		frame_put_text(&f, "");
		frame_put_text(&f, "eml");
		frame_put_int(&f, 1);
		frame_put_int(&f, 1);
		CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(3000);

		for (int i = 0; i < 2000; i++)
			strbuf_add_char(&name, 'x');
		frame_put_text(&f, strbuf_str(&name));
		frame_put_int(&f, 5);
		assert_int_equal(play_do(p, p->api, &f).code, THREADS_EINVAL);
		assert_int_equal(play_number(p, sql_open), 0);
		if (owner == 0)
			play_owner(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_eml_files),
		TEST(test_files_that_cannot_be_read),
		TEST(test_mbox_files),
		TEST(test_mbox_splitters_die),
		TEST(test_mbox_splitters_lie),
		TEST(test_cancel_during_a_split),
		TEST(test_mbox_goes_on_after_a_kill),
		TEST(test_eml_goes_on_after_a_kill),
		TEST(test_a_lost_link_ends_the_run),
		TEST(test_many_files_wait),
		TEST(test_the_account_goes_away),
		TEST(test_refused_imports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
