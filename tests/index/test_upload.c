/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads from a browser, the sample mailbox, and a disk that is full. */
#include "play.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "ipc/memfd.h"

static const char sql_messages[] = "SELECT count(*) FROM message";
static const char sql_done[] = "SELECT count(*) FROM import WHERE state = 'done'";
static const char sql_read[] = "SELECT sum(read_count) FROM import";

/* ---- uploads ---- */

struct upload {
	struct play *p;
	char id[27];
	char files[2][27];
	struct strbuf bytes[2];
};

static void upload_release(struct upload *u)
{
	strbuf_release(&u->bytes[0]);
	strbuf_release(&u->bytes[1]);
}

/* Two files; as mbox the first holds 30 mails, the second 20. */
static struct upload begin(void **state, const char *kind)
{
	static const char sql_first[] =
		"SELECT public_id FROM import_file ORDER BY import_id DESC, id LIMIT 1";
	static const char sql_second[] =
		"SELECT public_id FROM import_file ORDER BY id DESC LIMIT 1";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct upload u = { .p = *state, .bytes = { STRBUF_INIT(1 << 20), STRBUF_INIT(1 << 20) } };
	struct play_answer answer;

	play_owner(u.p);
	for (int i = 0; i < (strcmp(kind, "mbox") == 0 ? 50 : 2); i++) {
		struct strbuf *out = &u.bytes[strcmp(kind, "mbox") == 0 ? i / 30 : i];

		if (strcmp(kind, "mbox") == 0)
			strbuf_add_str(out, "From ann@example.org Mon Nov  2 10:00:00 2026\n");
		play_mail(out, i, "");
		strbuf_add_str(out, "\n");
	}
	frame_begin(&f, INDEX_IMPORT_CREATE, 0);
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, "From a browser");
	frame_put_text(&f, "");
	frame_put_text(&f, kind);
	frame_put_int(&f, 1);
	frame_put_int(&f, 2);
	for (int i = 0; i < 2; i++) {
		frame_put_text(&f, i ? "second" : "first");
		frame_put_int(&f, (int64_t)u.bytes[i].len);
	}
	answer = play_do(u.p, u.p->api, &f);
	assert_int_equal(answer.code, 0);
	memcpy(u.id, answer.id, sizeof(u.id));
	play_text(u.p, sql_first, u.files[0], sizeof(u.files[0]));
	play_text(u.p, sql_second, u.files[1], sizeof(u.files[1]));
	return u;
}

/* The answer's "received", and the descriptor or -1. Returns a code. */
static int open_piece(struct upload *u, const char *file, int64_t offset, int64_t length,
		      int64_t *received, int *fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;

	frame_begin(&f, INDEX_UPLOAD_OPEN, 0);
	frame_put_text(&f, u->id);
	frame_put_text(&f, file);
	frame_put_int(&f, offset);
	frame_put_int(&f, length);
	assert_int_equal(play_ask(u->p, u->p->api, &f, &answer), 1);
	if (answer.type == IPC_ERROR)
		return (int)frame_get_int(&answer);
	assert_int_equal(answer.type, INDEX_UPLOAD_IS);
	*received = frame_get_int(&answer);
	*fd = frame_at_end(&answer) ? -1 : frame_get_fd(&answer);
	return 0;
}

static int note(struct upload *u, const char *file, int64_t length)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_UPLOAD_NOTED, 0);
	frame_put_text(&f, u->id);
	frame_put_text(&f, file);
	frame_put_int(&f, length);
	return play_do(u->p, u->p->api, &f).code;
}

static int command(struct upload *u, uint16_t type)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, 0);
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, u->id);
	return play_do(u->p, u->p->api, &f).code;
}

/* One piece of a file, [from, to). */
static void give(struct upload *u, int i, size_t from, size_t to)
{
	int64_t received = -1;
	int fd = -1;

	assert_int_equal(
		open_piece(u, u->files[i], (int64_t)from, (int64_t)(to - from), &received, &fd), 0);
	assert_int_equal(received, from);
	assert_int_equal(pwrite(fd, u->bytes[i].data + from, to - from, (off_t)from), to - from);
	close(fd);
	assert_int_equal(note(u, u->files[i], (int64_t)to), 0);
}

static size_t uploads_on_disk(struct play *p)
{
	CLEANUP(strbuf_release) struct strbuf command_line = STRBUF_INIT(256);
	static const char sql_files[] = "SELECT public_id FROM import_file ORDER BY id LIMIT 1";
	char id[27];

	play_text(p, sql_files, id, sizeof(id));
	strbuf_addf(&command_line, "%s/hub/upload/%s", p->dir, id);
	return access(strbuf_str(&command_line), F_OK) == 0;
}

static void test_an_mbox_from_a_browser(void **state)
{
	CLEANUP(upload_release) struct upload u = begin(state, "mbox");
	struct play *p = u.p;
	const size_t half = u.bytes[0].len / 2;
	int64_t received = 0;
	int fd = -1;

	give(&u, 0, 0, half);
	/* A wrong place is answered with the right one, and no descriptor. */
	assert_int_equal(open_piece(&u, u.files[0], 0, 10, &received, &fd), 0);
	assert_int_equal(received, half);
	assert_int_equal(fd, -1);
	assert_int_equal(
		open_piece(&u, u.files[0], (int64_t)half, (int64_t)u.bytes[0].len, &received, &fd),
		THREADS_EINVAL);
	assert_int_equal(open_piece(&u, "../../hub.db", 0, 10, &received, &fd), THREADS_ENOENT);
	assert_int_equal(open_piece(&u, u.id, 0, 10, &received, &fd), THREADS_ENOENT);
	/* More than was written is not believed; nor less than before. */
	assert_int_equal(note(&u, u.files[0], (int64_t)half + 1), THREADS_EINVAL);
	assert_int_equal(note(&u, u.files[0], (int64_t)half - 1), THREADS_EINVAL);
	assert_int_equal(command(&u, INDEX_IMPORT_START), THREADS_EINVAL);
	/* A restart in between loses nothing that was noted. */
	play_kill(p);
	play_start(p, "");
	give(&u, 0, half, u.bytes[0].len);
	give(&u, 1, 0, u.bytes[1].len);
	assert_int_equal(uploads_on_disk(p), 1);
	assert_int_equal(command(&u, INDEX_IMPORT_START), 0);
	(void)command(&u, INDEX_IMPORT_START); /* a second click reads nothing twice */
	play_wait(p, play_number(p, sql_done) == 1);
	assert_int_equal(play_number(p, sql_read), 50);
	assert_int_equal(play_number(p, sql_messages), 50);
	play_wait(p, uploads_on_disk(p) == 0);
	assert_int_equal(open_piece(&u, u.files[0], 0, 1, &received, &fd), THREADS_EINVAL);
	assert_int_equal(command(&u, INDEX_IMPORT_CANCEL), THREADS_EINVAL);
	assert_int_equal(play_number(p, sql_done), 1);
}

static void test_an_upload_goes_on_after_a_kill(void **state)
{
	CLEANUP(upload_release) struct upload u = begin(state, "eml");
	struct play *p = u.p;

	for (int i = 0; i < 2; i++)
		give(&u, i, 0, u.bytes[i].len);
	p->hold = true;
	assert_int_equal(command(&u, INDEX_IMPORT_START), 0);
	play_kill(p);
	p->hold = false;
	play_start(p, "");
	play_wait(p, play_number(p, sql_done) == 1);
	assert_int_equal(play_number(p, sql_messages), 2);
}

static void test_an_upload_is_cancelled(void **state)
{
	static const char sql_cancelled[] = "SELECT count(*) FROM import WHERE state = 'cancelled'";
	CLEANUP(upload_release) struct upload u = begin(state, "eml");
	int64_t received;
	int fd;

	give(&u, 0, 0, 100);
	assert_int_equal(uploads_on_disk(u.p), 1);
	assert_int_equal(command(&u, INDEX_IMPORT_CANCEL), 0);
	assert_int_equal(play_number(u.p, sql_cancelled), 1);
	assert_int_equal(uploads_on_disk(u.p), 0);
	assert_int_equal(open_piece(&u, u.files[0], 100, 1, &received, &fd), THREADS_EINVAL);
	assert_int_equal(command(&u, INDEX_IMPORT_START), THREADS_EINVAL);
}

/* ---- the sample mailbox ---- */

enum { SAMPLES = 300 };

static void make_samples(struct play *p)
{
	struct threads_error err;
	char path[128];

	snprintf(path, sizeof(path), "%s/sample/inner", p->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i < SAMPLES; i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(1 << 16);
		AUTO_FD int fd = -1;

		snprintf(path, sizeof(path), "%s/sample/%s%03d%s", p->dir, i % 2 ? "inner/" : "", i,
			 i < 2 ? ".txt" : ".eml");
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		play_mail(&mail, i, "");
		assert_rc(write_all(fd, strbuf_str(&mail), mail.len, &err), 0, &err);
	}
}

static void test_the_sample_survives_a_restart(void **state)
{
	static const char sql_type[] = "SELECT count(*) FROM account WHERE type = 'sample'";
	static const char sql_imports[] = "SELECT count(*) FROM import";
	struct play *p = *state;
	char config[256];

	make_samples(p);
	snprintf(config, sizeof(config), "sample_dir = %s/sample\n", p->dir);
	play_stop(p);
	play_start(p, config);
	assert_int_equal(play_number(p, sql_imports), 0);
	p->hold = true; /* whatever the speed of this machine, the first end comes early */
	play_owner(p);
	play_wait(p, p->parse_starts > 0);
	play_kill(p);
	p->hold = false;
	play_start(p, config);
	play_wait(p, play_number(p, sql_read) > 0);
	play_kill(p);
	play_start(p, config);
	play_wait(p, play_number(p, sql_done) == 1);
	assert_int_equal(play_number(p, sql_read), SAMPLES - 2);
	assert_int_equal(play_number(p, sql_messages), SAMPLES - 2);
	assert_int_equal(play_number(p, sql_type), 1);
	/* Said again, as auth does after a crash: there is one sample. */
	play_owner(p);
	play_kill(p);
	play_start(p, config);
	assert_int_equal(play_number(p, sql_imports), 1);
	play_verify(p);
}

static void test_a_sample_that_is_not_there(void **state)
{
	static const char sql_imports[] = "SELECT count(*) FROM import WHERE state <> 'waiting'";
	struct play *p = *state;

	play_stop(p);
	play_start(p, "sample_dir = /nonexistent\n");
	play_owner(p);
	assert_int_equal(play_number(p, sql_imports), 0);
}

/* ---- a full disk ---- */

static int64_t stopped(struct play *p)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;

	frame_begin(&f, INDEX_QUEUE, 0);
	assert_int_equal(play_ask(p, p->api, &f, &answer), 1);
	assert_int_equal(answer.type, INDEX_QUEUE_IS);
	(void)frame_get_int(&answer);
	assert_in_range(frame_get_int(&answer), 1, 100);
	return frame_get_int(&answer);
}

static void test_collecting_stops_on_a_full_disk(void **state)
{
	static const char sql_found[] =
		"SELECT count(*) FROM message_fts WHERE message_fts MATCH 'apples'";
	CLEANUP(upload_release) struct upload u = begin(state, "eml");
	struct play *p = u.p;
	int64_t received;
	char id[27];
	int fd;

	give(&u, 0, 0, u.bytes[0].len);
	give(&u, 1, 0, u.bytes[1].len);
	assert_int_equal(command(&u, INDEX_IMPORT_START), 0);
	play_wait(p, play_number(p, sql_done) == 1);
	play_active_account(p, "Olga", id);
	upload_release(&u);
	u = begin(state, "mbox");
	give(&u, 0, 0, u.bytes[0].len);
	give(&u, 1, 0, 10);
	assert_int_equal(stopped(p), 0);
	play_stop(p);

	play_start(p, "disk_stop_percent = 1\n");
	p->imap_starts = 0;
	assert_int_equal(stopped(p), 1);
	assert_int_equal(open_piece(&u, u.files[1], 10, 1, &received, &fd), THREADS_EFULL);
	assert_int_equal(play_number(p, sql_found), 2);
	for (int i = 0; i < 30; i++)
		play_turn(p, 5);
	assert_int_equal(p->imap_starts, 0);
	play_stop(p);

	play_start(p, "disk_stop_percent = 100\n");
	play_wait(p, p->imap_starts == 1);
	give(&u, 1, 10, u.bytes[1].len);
	play_stop(p);

	/* What is on its way waits, and goes on by itself. */
	play_start(p, "disk_stop_percent = 1\n");
	assert_int_equal(command(&u, INDEX_IMPORT_START), 0);
	play_wait(p, p->parse_starts > 0);
	for (int i = 0; i < 60; i++)
		play_turn(p, 5);
	assert_int_equal(play_number(p, sql_messages), 2);
	play_stop(p);
	play_start(p, "disk_stop_percent = 100\n");
	play_wait(p, play_number(p, sql_done) == 2);
	assert_int_equal(play_number(p, sql_messages), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_an_mbox_from_a_browser),     TEST(test_an_upload_goes_on_after_a_kill),
		TEST(test_an_upload_is_cancelled),     TEST(test_the_sample_survives_a_restart),
		TEST(test_a_sample_that_is_not_there), TEST(test_collecting_stops_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
