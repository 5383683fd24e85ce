/* SPDX-License-Identifier: Apache-2.0 */
/* Stored bytes come back as they came, or not at all. */
#include "play.h"

#include <fcntl.h>

#include "ipc/memfd.h"
#include "store/recipe.h"

static const char sql_id[] = "SELECT public_id FROM message ORDER BY id LIMIT 1";
static const char sql_other[] = "SELECT public_id FROM message ORDER BY id DESC LIMIT 1";

struct scene {
	struct play *p;
	struct strbuf raw, file;
	char id[27], other[27];
};

enum { MANY = 5000 }; /* their recipe is longer than a frame */

static const char html[] = "<p>Apples, <b>bold</b></p>";

/* len bytes of noise to file, if wanted, and as base64 lines of 76 to lines; len is a multiple of 3. */
static void add_file(struct strbuf *lines, struct strbuf *file, unsigned int seed, unsigned int len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (unsigned int i = 0; i < len; i += 3) {
		unsigned char b[3];
		unsigned int v = 0;

		for (unsigned int k = 0; k < 3; k++) {
			b[k] = (unsigned char)((i + k + seed) * (i + k + seed) >> 3);
			v = v << 8 | b[k];
		}
		if (file)
			strbuf_add(file, b, sizeof(b));
		for (int k = 18; k >= 0; k -= 6)
			strbuf_add_char(lines, digits[v >> k & 63]);
		if (i % 57 == 54)
			strbuf_add_str(lines, "\r\n");
	}
}

static const char head[] =
	"From: Ann <ann@example.org>\r\nTo: Ben <ben@example.com>\r\nSubject: Parts\r\n"
	"Message-ID: <parts@example.org>\r\nDate: Sun, 01 Nov 2026 10:00:00 +0000\r\n"
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n";

/* Text, HTML and a file. */
static void make_mail(struct scene *s)
{
	CLEANUP(strbuf_release) struct strbuf lines = STRBUF_INIT(1 << 20);

	add_file(&lines, &s->file, 0, 57 * 500);
	strbuf_addf(&s->raw,
		    "%s--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%s\r\n--b\r\n"
		    "Content-Type: application/octet-stream; name=\"a.bin\"\r\n"
		    "Content-Disposition: attachment; filename=\"a.bin\"\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n%s--b--\r\n",
		    head, html, strbuf_str(&lines));
}

/* Attachments without end, each of its own bytes. */
static void make_many(struct scene *s)
{
	strbuf_add_str(&s->raw, head);
	for (unsigned int i = 0; i < MANY; i++) {
		strbuf_addf(&s->raw,
			    "--b\r\nContent-Type: application/octet-stream; name=\"%u.bin\"\r\n"
			    "Content-Disposition: attachment\r\n"
			    "Content-Transfer-Encoding: base64\r\n\r\n",
			    i);
		add_file(&s->raw, NULL, i * 8191, 57 * 8);
	}
	strbuf_add_str(&s->raw, "--b--\r\n");
}

static struct scene begin(void **state, void (*make)(struct scene *s))
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct scene s = {
		.p = *state,
		.raw = STRBUF_INIT(8 << 20),
		.file = STRBUF_INIT(1 << 20),
	};
	int64_t row, folder;
	char id[27];
	int fd;

	play_owner(s.p);
	row = play_active_account(s.p, "Olga", id);
	fd = play_imap(s.p, row, IMAP_MODE_SYNC);
	folder = play_folder(s.p, fd, "INBOX", &f);
	make(&s);
	strbuf_add(&batch.bytes, s.raw.data, s.raw.len);
	batch.ends[batch.count++] = batch.bytes.len;
	play_batch_add(&batch, 1, "");
	assert_int_equal(play_batch_store(s.p, fd, &batch, folder, 1).stored, 2);
	play_text(s.p, sql_id, s.id, sizeof(s.id));
	play_text(s.p, sql_other, s.other, sizeof(s.other));
	close(fd);
	return s;
}

static void scene_release(struct scene *s)
{
	strbuf_release(&s->raw);
	strbuf_release(&s->file);
}

static void expect_bytes(struct scene *s, enum blob_kind kind, const char *attachment,
			 const void *want, size_t len)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(8 << 20);

	assert_int_equal(play_blob(s->p, kind, s->id, attachment, &out), 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(strbuf_str(&out), want, len);
}

static void test_bytes_come_back(void **state)
{
	static const char sql_attachment[] = "SELECT public_id FROM message_attachment";
	static const char sql_cut[] =
		"SELECT count(*) FROM message_attachment WHERE blob_id IS NOT NULL";
	CLEANUP(scene_release) struct scene s = begin(state, make_mail);
	const char *end = strstr(strbuf_str(&s.raw), "\r\n\r\n") + 4;
	char attachment[27];

	play_text(s.p, sql_attachment, attachment, sizeof(attachment));
	assert_int_equal(play_number(s.p, sql_cut), 1);
	expect_bytes(&s, BLOB_RAW, "", s.raw.data, s.raw.len);
	expect_bytes(&s, BLOB_HEADERS, "", s.raw.data, (size_t)(end - s.raw.data));
	expect_bytes(&s, BLOB_ATTACHMENT, attachment, s.file.data, s.file.len);
	expect_bytes(&s, BLOB_HTML, "", html, strlen(html));
}

static void test_thousands_of_attachments(void **state)
{
	static const char sql_cut[] =
		"SELECT count(*) FROM message_attachment WHERE line_length > 0";
	CLEANUP(scene_release) struct scene s = begin(state, make_many);

	assert_int_equal(play_number(s.p, sql_cut), MANY);
	expect_bytes(&s, BLOB_RAW, "", s.raw.data, s.raw.len);
}

/* One bit of the message's blob in the pack. */
static void damage(struct scene *s)
{
	static const char sql_offset[] = "SELECT offset + length / 2 FROM blob ORDER BY id LIMIT 1";
	static const char sql_pack[] = "SELECT printf('%06d', id) FROM pack";
	char path[128], number[16], byte;
	const int64_t offset = play_number(s->p, sql_offset);
	AUTO_FD int fd = -1;

	play_text(s->p, sql_pack, number, sizeof(number));
	snprintf(path, sizeof(path), "%s/packs/%s.pack", s->p->dir, number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
}

static void test_damage_is_told(void **state)
{
	static const char sql_attachment[] = "SELECT public_id FROM message_attachment";
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(scene_release) struct scene s = begin(state, make_mail);
	char attachment[27];
	int failed = 0;

	play_text(s.p, sql_attachment, attachment, sizeof(attachment));
	damage(&s);
	failed += play_blob(s.p, BLOB_RAW, s.id, "", &out) == THREADS_EIO;
	failed += play_blob(s.p, BLOB_RAW, s.other, "", &out) == THREADS_EIO;
	failed += play_blob(s.p, BLOB_ATTACHMENT, s.id, attachment, &out) == THREADS_EIO;
	assert_in_range(failed, 1, 2); /* the raw mail needs its attachment; the other does not */
	frame_begin(&f, INDEX_VERIFY, 0);
	frame_put_int(&f, 1);
	assert_int_equal(play_ask(s.p, s.p->api, &f, &answer), 1);
	assert_null(strstr(frame_get_text(&answer), "\"faults\":[]"));
}

/* The text that a blob refers to lies in the database: what is wrong there is told, too. */
static void test_a_damaged_text_is_told(void **state)
{
	static const char sql_damage[] = "UPDATE message_body SET text = x'00'"
					 " WHERE message_id = (SELECT min(id) FROM message)";
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	CLEANUP(scene_release) struct scene s = begin(state, make_mail);

	play_change(s.p, sql_damage);
	assert_true(play_blob(s.p, BLOB_RAW, s.id, "", &out) < 0);
	assert_int_equal(play_blob(s.p, BLOB_RAW, s.other, "", &out), 0); /* the link stays */
}

/* Whoever could change a recipe after it was looked at would have its bounds. */
static void test_only_sealed_recipes_are_read(void **state)
{
	static const struct pack_location blob = { 99, 0, 100, PACK_ZSTD, 100 };
	static const struct recipe recipe = { .kind = RECIPE_RAW, .whole = true };
	static const struct {
		off_t size; /* -1: that of the recipe */
		bool sealed, answered;
	} cases[] = {
		{ -1, true, true }, /* the control */
		{ -1, false, false },
		{ 0, true, false },
		{ RECIPE_BYTES_MAX + 1, true, false },
	};
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT(1 << 16);
	struct play *p = *state;
	struct threads_error err;

	recipe_append(&bytes, &recipe, &blob, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FD int link = play_link(p, ROLE_API, 1);
		AUTO_FD int fd = -1;

		assert_rc(memfd_new("recipe", &fd, &err), 0, &err);
		assert_rc(write_all(fd, bytes.data, bytes.len, &err), 0, &err);
		if (cases[i].size >= 0)
			assert_int_equal(ftruncate(fd, cases[i].size), 0);
		if (cases[i].sealed)
			assert_rc(memfd_seal(fd, &err), 0, &err);
		frame_begin(&f, INDEX_BLOB, 0);
		frame_put_int(&f, 1);
		frame_put_int(&f, BLOB_RAW);
		frame_put_bytes(&f, "", 0);
		frame_put_fd(&f, fd);
		assert_int_equal(play_ask(p, link, &f, &answer), cases[i].answered);
	}
}

static void test_impossible_questions(void **state)
{
	static const struct {
		struct pack_location blob;
		struct recipe recipe;
		bool noise;
	} cases[] = {
		{ { 1, INT64_MAX, 100, PACK_ZSTD, 100 },
		  { .kind = RECIPE_RAW, .whole = true },
		  false },
		{ { 99, 0, 100, PACK_ZSTD, 100 }, { .kind = RECIPE_RAW, .whole = true }, false },
		{ { 1, 0, 1, PACK_ZSTD, 1 }, { .kind = RECIPE_RAW, .whole = true }, false },
		{ { 1, 0, -1, PACK_ZSTD, 5 }, { .kind = RECIPE_RAW, .whole = true }, false },
		{ { 1, 0, 100, PACK_ZSTD, 1 << 30 }, { .kind = RECIPE_RAW, .whole = true }, false },
		{ { 1, 0, 1280 << 20, PACK_ZSTD, 1280 << 20 },
		  { .kind = RECIPE_RAW, .whole = true },
		  false },
		{ { 1, 0, 100, PACK_ZSTD, 100 },
		  { .kind = RECIPE_ATTACHMENT, .slice_length = 50 },
		  false },
		{ { 1, 0, 100, PACK_ZSTD, 100 },
		  { .kind = RECIPE_HTML, .html_length = 1 << 30 },
		  false },
		{ { 1, 0, 100, PACK_ZSTD, 100 }, { .kind = RECIPE_RAW }, true },
	};
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	CLEANUP(scene_release) struct scene s = begin(state, make_mail);
	int answered = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf recipe = STRBUF_INIT(1 << 16);
		const int fd = play_link(s.p, ROLE_API, 1);

		recipe_append(&recipe, &cases[i].recipe, &cases[i].blob, 1);
		if (cases[i].noise)
			strbuf_add_str(&recipe, "and more");
		frame_begin(&f, INDEX_BLOB, 0);
		frame_put_int(&f, 1);
		frame_put_int(&f, BLOB_RAW);
		frame_put_bytes(&f, recipe.data, recipe.len);
		if (play_ask(s.p, fd, &f, &answer) == 1) {
			assert_int_equal(answer.type, IPC_ERROR);
			answered++;
		}
		close(fd);
	}
	assert_true(answered >= 5); /* the others were no frames, or no recipes */
	assert_int_equal(play_blob(s.p, BLOB_RAW, s.id, "", &out), 0);
}

/* More than may wait: those are refused, the link stays. */
static void test_a_flood_of_questions(void **state)
{
	enum { FLOOD = 600 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(scene_release) struct scene s = begin(state, make_mail);
	int fd, given = 0, refused = 0;

	play_blob_frame(s.p, BLOB_RAW, s.id, "", &f);
	for (uint32_t i = 0; i < FLOOD; i++) {
		f.id = 5000 + i;
		play_send(s.p, s.p->api, &f);
	}
	for (int i = 0; i < FLOOD; i++) {
		assert_int_equal(play_next(s.p, s.p->api, &answer), 1);
		given += answer.type == INDEX_BLOB_IS;
		refused += answer.type == IPC_ERROR && frame_get_int(&answer) == THREADS_EAGAIN;
	}
	assert_int_equal(given + refused, FLOOD);
	assert_true(given >= 256);
	/* A link that is gone before its answers: nobody is hurt. */
	for (int k = 0; k < 3; k++) {
		fd = play_link(s.p, ROLE_API, 1);
		for (uint32_t i = 0; i < 50; i++) {
			f.id = 9000 + i;
			play_send(s.p, fd, &f);
		}
		close(fd);
	}
	expect_bytes(&s, BLOB_RAW, "", s.raw.data, s.raw.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_bytes_come_back),
		TEST(test_thousands_of_attachments),
		TEST(test_damage_is_told),
		TEST(test_a_damaged_text_is_told),
		TEST(test_only_sealed_recipes_are_read),
		TEST(test_impossible_questions),
		TEST(test_a_flood_of_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
