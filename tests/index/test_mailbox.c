/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and batches of an imap process, well-behaved and hostile. */
#include "play.h"

#include <sys/mman.h>

#include "ipc/memfd.h"

static const char sql_messages[] = "SELECT count(*) FROM message";
static const char sql_sightings[] = "SELECT count(*) FROM sighting";

struct scene {
	struct play *p;
	int64_t row, folder;
	int fd;
	char id[27];
};

/* An active account whose process is connected and has opened INBOX. */
static struct scene begin(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = { .p = *state };

	play_owner(s.p);
	s.row = play_active_account(s.p, "Olga", s.id);
	s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	play_imap_state(s.p, s.fd, "listing", "", 0);
	s.folder = play_folder(s.p, s.fd, "INBOX", &f);
	return s;
}

static void test_a_batch_is_stored_once(void **state)
{
	static const char sql_pass[] = "SELECT pass_read FROM account";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	struct play_counts c;

	for (int i = 0; i < 100; i++)
		play_batch_add(&batch, i, "");
	c = play_batch_store(s.p, s.fd, &batch, s.folder, 1);
	assert_int_equal(c.stored, 100);
	/* The acknowledgement came after the commit. */
	assert_int_equal(play_number(s.p, sql_messages), 100);
	c = play_batch_store(s.p, s.fd, &batch, s.folder, 1);
	assert_int_equal(c.known, 100);
	/* The same mails under other UIDs: seen twice, stored once. */
	c = play_batch_store(s.p, s.fd, &batch, s.folder, 201);
	assert_int_equal(c.duplicate, 100);
	assert_int_equal(play_number(s.p, sql_messages), 100);
	assert_int_equal(play_number(s.p, sql_sightings), 200);
	assert_int_equal(play_number(s.p, sql_pass), 300);
	assert_int_equal(play_folder(s.p, s.fd, "INBOX", &f), s.folder);
	assert_string_equal(frame_get_text(&f), "1:100,201:300");
	assert_int_equal(frame_get_int(&f), 0);
	play_wait(s.p, s.p->bells[BELL_MESSAGES] > 0);
	play_verify(s.p);
	close(s.fd);
}

/* Names of one account; the same name in another one is another label. */
static void test_labels_come_with_a_batch(void **state)
{
	static const char sql_labels[] = "SELECT count(*) FROM label";
	static const char sql_given[] =
		"SELECT count(*) FROM sighting_label sl JOIN label l ON l.id = sl.label_id"
		" JOIN sighting s ON s.folder_id = sl.folder_id AND s.uid = sl.uid"
		" WHERE l.name IN ('$Forwarded', 'Projekte/Übersicht')"
		" AND l.account_id = s.account_id AND sl.message_id = s.message_id";
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);

	play_batch_add(&batch, 1, "");
	play_batch_add(&batch, 2, "X-Keywords: of the sender\r\n");
	batch.labels = "$Forwarded\nProjekte/Übersicht\n";
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).stored, 2);
	assert_int_equal(play_number(s.p, sql_labels), 2);
	assert_int_equal(play_number(s.p, sql_given), 4);
	/* Another copy, without any; then the first ones again. */
	batch.labels = NULL;
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 11).duplicate, 2);
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).known, 2);
	assert_int_equal(play_number(s.p, sql_given), 4);
	play_verify(s.p);
	close(s.fd);
}

/* ---- flags that change ---- */

static int64_t say_flags(struct scene *s, const struct play_flags *flags)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	play_flags_frame(flags, &f);
	return play_do(s->p, s->fd, &f).code;
}

/* Up to which change index follows, as it tells imap. */
static int64_t known_modseq(struct scene *s)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int64_t modseq, compared_ms;

	assert_int_equal(play_folder(s->p, s->fd, "INBOX", &f), s->folder);
	(void)frame_get_text(&f);
	(void)frame_get_int(&f);
	modseq = frame_get_int(&f);
	compared_ms = frame_get_int(&f);
	assert_int_equal(compared_ms > 0, modseq > 0);
	return modseq;
}

static const char sql_read_work[] =
	"SELECT count(*) FROM sighting s JOIN sighting_label sl USING (folder_id, uid)"
	" JOIN label l ON l.id = sl.label_id WHERE s.flags = 5 AND s.uid = 2 AND l.name = 'Work'";

static void test_flags_follow_the_server(void **state)
{
	static const char sql_seen[] = "SELECT count(*) FROM sighting WHERE flags = 1";
	static const char sql_labels[] = "SELECT count(*) FROM label";
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	struct play_flags flags = { .folder = s.folder, .uid = 2, .flags = 5, .labels = "Work\n" };

	play_batch_add(&batch, 1, "");
	play_batch_add(&batch, 2, "");
	batch.labels = "Old\n";
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).stored, 2);
	assert_int_equal(known_modseq(&s), 0);
	assert_int_equal(say_flags(&s, &flags), 0);
	assert_int_equal(play_number(s.p, sql_read_work), 1);
	assert_int_equal(play_number(s.p, sql_seen), 1);
	assert_int_equal(known_modseq(&s), 0); /* more was to follow */
	/* index dies: the same is said again, and the rest */
	play_kill(s.p);
	close(s.fd);
	play_start(s.p, "");
	s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	assert_int_equal(say_flags(&s, &flags), 0);
	flags = (struct play_flags){ s.folder, 77, 1, "Nobody's\n", true, INT64_C(1) << 60 };
	assert_int_equal(say_flags(&s, &flags), 0); /* a message that is not here */
	assert_int_equal(known_modseq(&s), INT64_C(1) << 60);
	assert_int_equal(play_number(s.p, sql_read_work), 1);
	assert_int_equal(play_number(s.p, sql_labels), 2);
	/* A label that no copy has is gone. */
	flags = (struct play_flags){ s.folder, 1, 0, "", true, INT64_MAX };
	assert_int_equal(say_flags(&s, &flags), 0);
	assert_int_equal(play_number(s.p, sql_labels), 1);
	assert_int_equal(known_modseq(&s), INT64_MAX);
	play_verify(s.p);
	close(s.fd);
}

static void test_hostile_flags_close_the_link(void **state)
{
	static const struct play_flags cases[] = {
		{ .uid = 0 },
		{ .uid = INT64_C(1) << 32 },
		{ .uid = 1, .flags = 16 },
		{ .uid = 1, .labels = "no end" },
		{ .uid = 1, .labels = "\x7f\n" },
		{ .uid = 1, .last = true, .modseq = -1 },
		{ .uid = 1, .folder = 1000 },
	};
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct scene s = begin(state);

	play_batch_add(&batch, 1, "");
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).stored, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct play_flags flags = cases[i];

		flags.folder += s.folder;
		play_flags_frame(&flags, &f);
		if (play_ask(s.p, s.fd, &f, &answer) != 0)
			fail_msg("case %zu: answered by %u", i, answer.type);
		play_wait(s.p, s.p->imap_kills == (int)i + 1);
		close(s.fd);
		s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	}
	/* The control. */
	const struct play_flags good = { s.folder, 1, 5, "Work\n", true, 9 };

	assert_int_equal(say_flags(&s, &good), 0);
	close(s.fd);
}

static void test_many_known_uids_come_as_a_file(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	struct threads_error err;

	/* Sightings of one mail, every other UID: 9,000 numbers without a range. */
	play_batch_add(&batch, 1, "");
	for (int i = 0; i < 9; i++) {
		frame_begin(&f, IMAP_BATCH, 0);
		frame_put_int(&f, s.folder);
		frame_put_int(&f, 1000);
		for (int k = 0; k < 1000; k++) {
			frame_put_int(&f, 2 * (i * 1000 + k) + 100001);
			frame_put_int(&f, 0);
			frame_put_int(&f, 0);
			frame_put_int(&f, 0);
			frame_put_int(&f, (int64_t)batch.ends[0]);
			frame_put_text(&f, "");
		}
		int fd = -1;

		assert_rc(memfd_from("batch", strbuf_str(&batch.bytes), batch.bytes.len, &fd, &err),
			  0, &err);
		frame_put_fd(&f, fd);
		assert_int_equal(play_ask(s.p, s.fd, &f, &answer), 1);
		assert_int_equal(answer.type, IMAP_BATCH_ACK);
		close(fd);
	}
	assert_int_equal(play_folder(s.p, s.fd, "INBOX", &f), s.folder);
	assert_string_equal(frame_get_text(&f), "");
	assert_int_equal(frame_get_int(&f), 1);
	assert_int_equal(frame_get_int(&f), 0); /* nothing is known of flags that changed */
	assert_int_equal(frame_get_int(&f), 0);
	const int fd = frame_get_fd(&f);

	assert_rc(memfd_map(fd, 1 << 20, &view, &err), 0, &err);
	assert_int_equal(view.len, 9000 * 7 - 1);
	assert_memory_equal(view.data, "100001,100003,", 14);
	close(fd);
	close(s.fd);
}

static void test_what_cannot_be_fetched_is_in_the_ledger(void **state)
{
	static const char sql_ledger[] = "SELECT count(*) FROM ledger WHERE reason = 'failed'";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = begin(state);

	for (int i = 0; i < 2; i++) { /* said twice, noted once */
		frame_begin(&f, IMAP_FAILED, 0);
		frame_put_int(&f, s.folder);
		frame_put_int(&f, 9);
		frame_put_text(&f, "too large");
		frame_put_text(&f, "The message is too large.");
		assert_int_equal(play_do(s.p, s.fd, &f).code, 0);
		assert_int_equal(play_number(s.p, sql_ledger), 1);
	}
	assert_int_equal(play_folder(s.p, s.fd, "INBOX", &f), s.folder);
	assert_string_equal(frame_get_text(&f), "9");
	close(s.fd);
}

static void test_a_pass_has_an_end(void **state)
{
	static const char sql_pass[] =
		"SELECT count(*) FROM account WHERE pass_ended_ms > 0"
		" AND pass_server = 5 AND pass_bodies = 4 AND pass_wanted = 4";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = begin(state);

	frame_begin(&f, IMAP_TODO, 0);
	frame_put_int(&f, s.folder);
	for (int i = 5; i > 1; i--)
		frame_put_int(&f, i);
	play_send(s.p, s.fd, &f);
	frame_begin(&f, IMAP_PASS_DONE, 0);
	frame_put_int(&f, 5);
	frame_put_int(&f, 4);
	frame_put_int(&f, 1000);
	frame_put_int(&f, 0);
	frame_put_int(&f, 0);
	play_send(s.p, s.fd, &f);
	play_wait(s.p, play_number(s.p, sql_pass) == 1);
	close(s.fd);
}

/* ---- hostile ---- */

/* IMAP_BATCH of one entry in a memfd of 100 bytes. */
struct hostile {
	const char *name;
	int64_t offset, length, uid, folder_add;
	const char *labels;
	bool unsealed, no_fd;
};

static void put_hostile(struct scene *s, const struct hostile *h, struct frame *f)
{
	struct threads_error err;
	static const char bytes[100];
	int fd = -1;

	frame_begin(f, IMAP_BATCH, 0);
	frame_put_int(f, s->folder + h->folder_add);
	frame_put_int(f, 1);
	frame_put_int(f, h->uid ? h->uid : 1);
	frame_put_int(f, 0);
	frame_put_int(f, 0);
	frame_put_int(f, h->offset);
	frame_put_int(f, h->length);
	frame_put_text(f, h->labels);
	if (h->no_fd)
		return;
	if (h->unsealed) {
		assert_rc(memfd_new("open", &fd, &err), 0, &err);
		assert_rc(write_all(fd, bytes, sizeof(bytes), &err), 0, &err);
	} else {
		assert_rc(memfd_from("sealed", bytes, sizeof(bytes), &fd, &err), 0, &err);
	}
	frame_put_fd(f, fd);
	f->owns_fds = true;
}

/* More than a frame may have of one message. */
static const char *make_many_labels(void)
{
	static char text[IMAP_LABELS_BYTES_MAX + 2];

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 2 ? '\n' : 'a';
	text[sizeof(text) - 2] = '\n';
	return text;
}

static void test_hostile_batches_close_the_link(void **state)
{
	const char *const many_labels = make_many_labels();
	const struct hostile cases[] = {
		{ .name = "behind the end", .offset = 101 },
		{ .name = "too long", .offset = 50, .length = 51 },
		{ .name = "overflow", .offset = 1, .length = INT64_MAX },
		{ .name = "negative", .offset = -1, .length = 5 },
		{ .name = "no uid", .length = 5, .uid = -1 },
		{ .name = "uid too large", .length = 5, .uid = INT64_C(1) << 32 },
		{ .name = "unsealed", .length = 5, .unsealed = true },
		{ .name = "without memory", .length = 5, .no_fd = true },
		{ .name = "no such folder", .length = 5, .folder_add = 1000 },
		{ .name = "a label without end", .length = 5, .labels = "a\nb" },
		{ .name = "a label with control characters", .length = 5, .labels = "a\x1b[2J\n" },
		{ .name = "too many labels", .length = 5, .labels = many_labels },
	};
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct scene s = begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_hostile(&s, &cases[i], &f);
		if (play_ask(s.p, s.fd, &f, &answer) != 0)
			fail_msg("%s: answered by %u", cases[i].name, answer.type);
		/* Its process is ended, and may come again. */
		play_wait(s.p, s.p->imap_kills == (int)i + 1);
		close(s.fd);
		s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	}
	assert_int_equal(play_number(s.p, sql_sightings), 0);
	close(s.fd);
}

static void test_too_many_entries_close_the_link(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct scene s = begin(state);
	struct threads_error err;
	int fd = -1;

	frame_begin(&f, IMAP_BATCH, 0);
	frame_put_int(&f, s.folder);
	frame_put_int(&f, 1001);
	for (int i = 0; i < 6 * 1001; i++)
		if (i % 6 < 5)
			frame_put_int(&f, 1);
		else
			frame_put_text(&f, "");
	assert_rc(memfd_from("sealed", "xx", 2, &fd, &err), 0, &err);
	frame_put_fd(&f, fd);
	assert_int_equal(play_ask(s.p, s.fd, &f, &answer), 0);
	close(fd);
	close(s.fd);
}

/* Who does not wait for acknowledgements would fill the memory of index. */
static void test_too_many_batches_close_the_link(void **state)
{
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = begin(state);

	s.p->hold = true; /* no parser: nothing is acknowledged */
	play_batch_add(&batch, 1, "");
	for (int i = 0; i < 5; i++) {
		assert_int_equal(s.p->imap_kills, 0);
		play_batch_frame(&batch, s.folder, 10 * i + 1, &f);
		f.id = (uint32_t)i + 100;
		play_send(s.p, s.fd, &f);
		frame_release(&f);
		for (int k = 0; k < 5; k++)
			play_turn(s.p, 5);
	}
	play_wait(s.p, s.p->imap_kills == 1);
	close(s.fd);
}

/* Another account's folder: the number is right, the process is not. */
static void test_a_foreign_folder_closes_the_link(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	char other[27];
	const int64_t row = play_active_account(s.p, "Other", other);
	int fd = play_imap(s.p, row, IMAP_MODE_SYNC);

	play_batch_add(&batch, 1, "");
	play_batch_frame(&batch, s.folder, 1, &f);
	assert_int_equal(play_ask(s.p, fd, &f, &answer), 0);
	close(fd);
	fd = play_imap(s.p, row, IMAP_MODE_SYNC);
	frame_begin(&f, IMAP_FAILED, 0);
	frame_put_int(&f, s.folder);
	frame_put_int(&f, 9);
	frame_put_text(&f, "x");
	frame_put_text(&f, "x");
	if (play_ask(s.p, fd, &f, &answer) == 1)
		assert_int_equal(answer.type, IPC_ERROR);
	close(fd);
	assert_int_equal(play_batch_store(s.p, s.fd, &batch, s.folder, 1).stored, 1);
	close(s.fd);
}

static void test_odd_but_allowed_batches(void **state)
{
	static const int64_t dates[] = { INT64_MIN, INT64_MAX, -1, 0, INT64_C(1) << 62 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct scene s = begin(state);
	struct threads_error err;
	int fd = -1;

	/* No entry at all; then empty mails with impossible dates, the same UID twice. */
	frame_begin(&f, IMAP_BATCH, 0);
	frame_put_int(&f, s.folder);
	frame_put_int(&f, 0);
	assert_rc(memfd_from("sealed", "", 0, &fd, &err), 0, &err);
	frame_put_fd(&f, fd);
	assert_int_equal(play_ask(s.p, s.fd, &f, &answer), 1);
	assert_int_equal(answer.type, IMAP_BATCH_ACK);
	frame_begin(&f, IMAP_BATCH, 0);
	frame_put_int(&f, s.folder);
	frame_put_int(&f, 6);
	for (int i = 0; i < 6; i++) {
		frame_put_int(&f, i < 5 ? i + 1 : 1);
		frame_put_int(&f, 15);
		frame_put_int(&f, dates[i % 5]);
		frame_put_int(&f, 0);
		frame_put_int(&f, 0);
		frame_put_text(&f, "\n\nsame\nsame\n");
	}
	frame_put_fd(&f, fd);
	assert_int_equal(play_ask(s.p, s.fd, &f, &answer), 1);
	assert_int_equal(answer.type, IMAP_BATCH_ACK);
	assert_int_equal(play_number(s.p, sql_sightings), 5);
	close(fd);
	close(s.fd);
	play_verify(s.p);
}

/* ---- ends ---- */

static void test_a_process_that_dies_delivers_again(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	const int starts = s.p->imap_starts;
	struct play_counts c;

	for (int i = 0; i < 50; i++)
		play_batch_add(&batch, i, "");
	play_batch_frame(&batch, s.folder, 1, &f);
	play_send(s.p, s.fd, &f);
	close(s.fd);
	play_exited(s.p, ROLE_IMAP, s.row, 9, 0);
	play_wait(s.p, s.p->imap_starts == starts + 1);
	s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	c = play_batch_store(s.p, s.fd, &batch, s.folder, 1);
	assert_int_equal(c.stored + c.known, 50);
	assert_int_equal(play_number(s.p, sql_sightings), 50);
	close(s.fd);
}

static void test_index_dies_and_the_process_lives(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = begin(state);
	struct play_counts c;

	for (int i = 0; i < 200; i++)
		play_batch_add(&batch, i, "");
	play_batch_frame(&batch, s.folder, 1, &f);
	play_send(s.p, s.fd, &f);
	play_wait(s.p, play_number(s.p, sql_messages) > 0);
	play_kill(s.p);
	close(s.fd);
	play_start(s.p, "");
	s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	c = play_batch_store(s.p, s.fd, &batch, s.folder, 1);
	assert_true(c.known > 0);
	assert_int_equal(c.stored + c.known, 200);
	assert_int_equal(play_number(s.p, sql_messages), 200);
	play_verify(s.p);
	close(s.fd);
}

/* What a lying server made the hub keep has an end: the account rests, with words. */
static void test_too_many_folders_stop_the_account(void **state)
{
	static const char sql_many[] =
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
		" INSERT INTO folder (account_id, name, generation, state)"
		" SELECT (SELECT min(id) FROM account), 'Many', i, 'old' FROM n;"
		" INSERT INTO ledger (at_ms, account_id, folder_id, uid, header_id, reason, detail)"
		" SELECT 1, account_id, id, 1, '', 'failed', '' FROM folder WHERE name = 'Many'";
	static const char sql_stopped[] =
		"SELECT state = 'error' AND error_kind = 'too-many-records'"
		" FROM account";
	static const char sql_next[] = "SELECT error_next FROM account";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct scene s = begin(state);
	char text[200];

	close(s.fd);
	play_change(s.p, sql_many);
	s.fd = play_imap(s.p, s.row, IMAP_MODE_SYNC);
	frame_begin(&f, IMAP_FOLDER_OPEN, 77);
	frame_put_text(&f, "New");
	for (int i = 0; i < 3; i++)
		frame_put_int(&f, 1);
	play_send(s.p, s.fd, &f);
	play_wait(s.p, play_number(s.p, sql_stopped) == 1);
	play_text(s.p, sql_next, text, sizeof(text));
	assert_non_null(strstr(text, "nothing stored is lost"));
	close(s.fd);
}

/* More accounts than processes: an idle one makes room, so that each gets its turn. */
static void test_accounts_take_turns(void **state)
{
	struct play *p = *state;
	struct scene s = begin(state);
	int64_t other;
	char id[27];

	play_imap_state(p, s.fd, "idle", "", 0);
	play_stop(p);
	close(s.fd);
	p->imap_starts = 0;
	play_start(p, "imap_processes = 1\n");
	play_wait(p, p->imap_starts == 1);
	s.fd = play_imap(p, s.row, IMAP_MODE_SYNC);
	play_imap_state(p, s.fd, "idle", "", 0);
	p->imap_starts = p->imap_kills = 0;
	other = play_account(p, "Other", id);
	(void)other;
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_ACCOUNT_TEST, 0);
	frame_put_text(&f, id);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	play_wait(p, p->imap_starts == 1);
	const int fd = play_imap(p, other, IMAP_MODE_TEST);

	frame_begin(&f, IMAP_FOLDERS, 0);
	frame_put_int(&f, 0);
	play_send(p, fd, &f);
	play_imap_state(p, fd, "idle", "", 0);
	close(fd);
	play_exited(p, ROLE_IMAP, other, 0,
		    0); /* index may hear of it before it reads the folders */
	play_wait(p, p->imap_kills == 1);
	assert_int_equal(p->imap_instance, s.row);
	close(s.fd);
	play_exited(p, ROLE_IMAP, s.row, 9, 0);
	play_wait(p, p->imap_starts == 2);
	assert_int_equal(p->imap_instance, other);
	close(play_imap(p, other, IMAP_MODE_ONCE));
}

/* A new account whose log-in works, while no place is free. */
static int64_t make_waiting(struct play *p, const char *owner, const char *name)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const int starts = p->imap_starts;
	char id[27];
	const int64_t row = play_account_of(p, owner, name, id);
	int fd;

	frame_begin(&f, INDEX_ACCOUNT_TEST, 0);
	frame_put_text(&f, id);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	play_wait(p, p->imap_starts == starts + 1);
	fd = play_imap(p, row, IMAP_MODE_TEST);
	frame_begin(&f, IMAP_FOLDERS, 0);
	frame_put_int(&f, 0);
	play_send(p, fd, &f);
	play_imap_state(p, fd, "idle", "", 0);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 0, 0);
	return row;
}

/* Servers that answer slowly hold the places of their owner, not those of everybody. */
static void test_another_owner_gets_a_place(void **state)
{
	static const char ben[] = "benbenbenbenbenbenbenbenbe";
	struct play *p = *state;
	int64_t slow[2], other;
	char id[27];
	int fd[2];

	play_stop(p);
	play_start(p, "imap_processes = 2\n");
	play_owner(p);
	play_user(p, ben, "ben", "user");
	for (int i = 0; i < 2; i++) {
		slow[i] = play_active_account(p, i ? "slow" : "slower", id);
		fd[i] = play_imap(p, slow[i], IMAP_MODE_SYNC);
		play_imap_state(p, fd[i], "listing", "", 0);
	}
	make_waiting(p, PLAY_OWNER, "third");
	for (int i = 0; i < 50; i++)
		play_turn(p, 5);
	assert_int_equal(p->imap_kills, 0); /* of the same owner: it waits */
	other = make_waiting(p, ben, "Ben's");
	play_wait(p, p->imap_kills == 1);
	assert_int_equal(p->imap_instance, slow[0]);
	close(fd[0]);
	play_exited(p, ROLE_IMAP, slow[0], 9, 0);
	play_wait(p, p->imap_instance == other);
	close(play_imap(p, other, IMAP_MODE_ONCE));
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_a_batch_is_stored_once),
		TEST(test_labels_come_with_a_batch),
		TEST(test_flags_follow_the_server),
		TEST(test_hostile_flags_close_the_link),
		TEST(test_many_known_uids_come_as_a_file),
		TEST(test_what_cannot_be_fetched_is_in_the_ledger),
		TEST(test_a_pass_has_an_end),
		TEST(test_hostile_batches_close_the_link),
		TEST(test_too_many_entries_close_the_link),
		TEST(test_too_many_batches_close_the_link),
		TEST(test_a_foreign_folder_closes_the_link),
		TEST(test_odd_but_allowed_batches),
		TEST(test_a_process_that_dies_delivers_again),
		TEST(test_index_dies_and_the_process_lives),
		TEST(test_too_many_folders_stop_the_account),
		TEST(test_accounts_take_turns),
		TEST(test_another_owner_gets_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
