/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include "core/phrases.h"
#include "store/blob_plan.h"

static int64_t file_size(struct fixture *f, const char *name)
{
	struct stat st;

	return fstatat(f->dir_fd, name, &st, 0) == 0 ? st.st_size : -1;
}

/* A folder of packs of its own: the fixture's ingest holds the other one. */
static struct fixture *own_folder(void **state)
{
	struct fixture *f = *state;

	f->ingest = ingest_free(f->ingest);
	assert_int_equal(unlinkat(f->dir_fd, "000001.pack", 0), 0);
	return f;
}

static struct pack_writer *writer_open(struct fixture *f, int64_t number, int64_t committed)
{
	struct threads_error err = { .text = "" };
	struct pack_writer *writer = NULL;

	assert_rc(pack_writer_open(f->dir_fd, f->key, number, committed, &writer, &err), 0, &err);
	return writer;
}

static struct pack_location append(struct pack_writer *writer, const void *data, size_t len)
{
	struct threads_error err = { .text = "" };
	struct pack_location location = { 0 };

	assert_rc(pack_append(writer, data, len, PACK_PLAIN, (int64_t)len, &location, &err), 0,
		  &err);
	return location;
}

static int read_back(struct fixture *f, const struct pack_location *location, struct strbuf *out)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	struct threads_error err = { .text = "" };

	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	return pack_read(reader, location, out, &err);
}

static void test_small_and_large_blobs_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 200000, 300000, 1 << 20, 5 << 20, 7 };
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = writer_open(f, 0, 0);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(8 << 20);
	struct pack_location locations[ARRAY_SIZE(sizes)];
	struct threads_error err = { .text = "" };
	AUTO_FREE char *data = malloc(8 << 20);

	memset(data, 'x', 8 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		data[0] = (char)('a' + i);
		locations[i] = append(writer, data, sizes[i]);
	}
	assert_rc(pack_sync(writer, &err), 0, &err);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(read_back(f, &locations[i], &out), 0);
		assert_int_equal(out.len, sizes[i]);
		assert_true(out.len == 0 || out.data[0] == (char)('a' + i));
	}
	out.max = 100;
	assert_int_equal(read_back(f, &locations[2], &out), THREADS_ELIMIT);
}

/* A frame that says again what the text says, as parse makes it. */
static size_t frame_make(const char *plain, size_t plain_len, const struct strbuf *prefix,
			 char *out, size_t size)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	size_t len;

	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_refPrefix(cctx, prefix->data, prefix->len);
	len = ZSTD_compress2(cctx, out, size, plain, plain_len);
	ZSTD_freeCCtx(cctx);
	assert_false(ZSTD_isError(len));
	return len;
}

static const char frame_text[] = "The quick brown fox jumps\nover the lazy dog, again and again.\n";

/* Of each coding: unfolded as it was stored once, folded, folded with the other line ends. */
static const struct {
	enum pack_coding coding;
	const char *plain;
	size_t head; /* bytes of plain that are no text */
} frames[] = {
	{ PACK_ZSTD_TEXT,
	  "Subject: x\n\nThe quick brown fox jumps\nover the lazy dog, again and again.\n", 0 },
	{ PACK_ZSTD_FOLDED,
	  "\0Subject: x\n\nThe quick brown fox jumps\nover the lazy dog, again and again.\n", 1 },
	{ PACK_ZSTD_FOLDED_CRLF,
	  "\0Subject: x\r\n\r\nThe quick brown fox jumps\r\nover the lazy dog, again and again.\r\n",
	  1 },
};

static void check_frame(struct fixture *f, struct pack_writer *writer, size_t i)
{
	const char *text = frames[i].plain + frames[i].head;
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf prefix = STRBUF_INIT(PHRASES_MAX + 100);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1000);
	struct threads_error err = { .text = "" };
	struct pack_location location;
	char frame[1000];
	size_t len;

	assert_rc(phrases_prefix(&prefix, frame_text, strlen(frame_text),
				 pack_coding_crlf(frames[i].coding), &err),
		  0, &err);
	len = frame_make(frames[i].plain, frames[i].head + strlen(text), &prefix, frame,
			 sizeof(frame));
	assert_true(len < strlen(frame_text) / 2);
	assert_rc(pack_append(writer, frame, len, frames[i].coding, (int64_t)strlen(text),
			      &location, &err),
		  0, &err);
	assert_rc(pack_sync(writer, &err), 0, &err);
	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	pack_reader_prefix(reader, &prefix);
	assert_rc(pack_read(reader, &location, &out, &err), 0, &err);
	assert_string_equal(out.data, text);
	prefix.data[prefix.len - 20] ^= 1;
	assert_int_equal(pack_read(reader, &location, &out, &err), THREADS_EINVAL);
	pack_reader_prefix(reader, NULL);
	assert_int_equal(pack_read(reader, &location, &out, &err), THREADS_EINVAL);
}

static void test_a_frame_needs_the_text_it_refers_to(void **state)
{
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = writer_open(f, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		check_frame(f, writer, i);
}

static void test_a_full_pack_is_followed_by_the_next(void **state)
{
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);
	struct pack_location a, b;
	struct threads_error err = { .text = "" };
	int64_t number = 0, end = 0;
	int fd = openat(f->dir_fd, "000001.pack", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, PACK_SIZE_MAX - 10), 0); /* a hole: costs no disk */
	close(fd);
	writer = writer_open(f, 1, PACK_SIZE_MAX - 10);
	a = append(writer, "last", 4);
	pack_position(writer, &number, &end);
	b = append(writer, "first", 5);
	assert_int_equal(a.pack, 1);
	assert_int_equal(b.pack, 2);
	assert_int_equal(b.offset, 0);
	assert_rc(pack_sync(writer, &err), 0, &err);
	assert_int_equal(read_back(f, &a, &out), 0);
	assert_string_equal(out.data, "last");
	assert_int_equal(read_back(f, &b, &out), 0);
	assert_string_equal(out.data, "first");
	/* back before both: the transaction failed */
	assert_rc(pack_rewind(writer, 1, PACK_SIZE_MAX - 10, &err), 0, &err);
	assert_int_equal(file_size(f, "000002.pack"), -1);
	assert_int_equal(file_size(f, "000001.pack"), PACK_SIZE_MAX - 10);
	assert_int_equal(read_back(f, &a, &out), THREADS_EINVAL);
}

static void test_a_blob_is_bound_to_its_place(void **state)
{
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = writer_open(f, 0, 0);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);
	struct threads_error err = { .text = "" };
	struct pack_location a = append(writer, "same length 1", 13);
	struct pack_location b = append(writer, "same length 2", 13);
	struct pack_location wrong = a;
	char sealed[64];
	int fd;

	assert_rc(pack_sync(writer, &err), 0, &err);
	assert_int_equal(read_back(f, &a, &out), 0); /* control */
	fd = openat(f->dir_fd, "000001.pack", O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, sealed, (size_t)b.length, b.offset), b.length);
	assert_int_equal(pwrite(fd, sealed, (size_t)b.length, a.offset), b.length);
	close(fd);
	assert_int_equal(read_back(f, &a, &out), THREADS_EINVAL);
	assert_int_equal(read_back(f, &b, &out), 0);
	wrong.length = 5;
	assert_int_equal(read_back(f, &wrong, &out), THREADS_EINVAL);
	wrong = b;
	wrong.size = 12;
	assert_int_equal(read_back(f, &wrong, &out), THREADS_EINVAL);
	wrong = b;
	wrong.pack = 9;
	assert_int_equal(read_back(f, &wrong, &out), THREADS_ENOENT);
	wrong.pack = 0; /* not the standard input */
	assert_int_equal(read_back(f, &wrong, &out), THREADS_EINVAL);
	wrong = b;
	wrong.offset = 1 << 20;
	assert_int_equal(read_back(f, &wrong, &out), THREADS_EINVAL);
	f->key[0] ^= 1;
	assert_int_equal(read_back(f, &b, &out), THREADS_EINVAL);
}

/* What is kept as it is, uncompressed: the words are in no byte of the file. */
static void test_no_words_on_disk(void **state)
{
	static const char words[] = "the words of a mail";
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = writer_open(f, 0, 0);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);
	struct threads_error err = { .text = "" };
	struct pack_location location = append(writer, words, sizeof(words) - 1);
	char disk[4096];
	ssize_t n;
	int fd;

	assert_rc(pack_sync(writer, &err), 0, &err);
	fd = openat(f->dir_fd, "000001.pack", O_RDONLY | O_CLOEXEC);
	n = read(fd, disk, sizeof(disk));
	close(fd);
	assert_true(n > (ssize_t)sizeof(words));
	assert_null(memmem(disk, (size_t)n, words, 9));
	assert_int_equal(read_back(f, &location, &out), 0); /* control: they are in there */
	assert_string_equal(strbuf_str(&out), words);
}

static void test_erasing_leaves_zeros(void **state)
{
	static const char zeros[64];
	struct fixture *f = own_folder(state);
	CLEANUP(pack_writer_closep) struct pack_writer *writer = writer_open(f, 0, 0);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);
	struct threads_error err = { .text = "" };
	const struct pack_location a = append(writer, "to be erased", 12);
	const struct pack_location b = append(writer, "to be kept", 10);
	char bytes[64];
	int fd;

	assert_rc(pack_sync(writer, &err), 0, &err);
	assert_rc(pack_erase(writer, &a, &err), 0, &err);
	fd = openat(f->dir_fd, "000001.pack", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, bytes, (size_t)a.length, a.offset), a.length);
	close(fd);
	assert_memory_equal(bytes, zeros, (size_t)a.length);
	assert_int_equal(read_back(f, &b, &out), 0);
}

static void test_a_shortened_pack_is_refused(void **state)
{
	struct fixture *f = own_folder(state);
	struct pack_writer *writer = writer_open(f, 0, 0);
	struct threads_error err = { .text = "" };

	append(writer, "something", 9);
	assert_rc(pack_sync(writer, &err), 0, &err);
	pack_writer_close(writer);
	writer = NULL;
	assert_rc(pack_writer_open(f->dir_fd, f->key, 1, 1000, &writer, &err), THREADS_EINVAL,
		  &err);
	assert_null(writer);
}

static int parse(const struct strbuf *wire, size_t len, struct blob_plan *ret_plan)
{
	return recipe_parse(wire->data, len, &ret_plan->recipe, &ret_plan->blobs, &ret_plan->count,
			    NULL);
}

static void test_recipes_are_checked(void **state)
{
	CLEANUP(strbuf_release) struct strbuf wire = STRBUF_INIT(RECIPE_BYTES_MAX);
	struct recipe_part part = { .raw_offset = 3, .raw_length = 4, .line_length = 76 };
	const struct recipe recipe = {
		.kind = RECIPE_RAW,
		.skeleton_length = 9,
		.parts = &part,
		.part_count = 1,
	};
	const struct pack_location blobs[] = {
		{ .pack = 1, .offset = 5, .length = 40, .coding = PACK_ZSTD_TEXT, .size = 30 },
		{ .pack = 2, .offset = INT64_MAX, .length = 50, .size = 12 },
	};
	struct threads_error err = { .text = "" };
	struct blob_plan got = { 0 };

	(void)state;
	recipe_append(&wire, &recipe, blobs, 2);
	for (size_t len = 0; len < wire.len; len++)
		assert_rc(parse(&wire, len, &got), THREADS_EINVAL, &err);
	assert_rc(parse(&wire, wire.len, &got), 0, &err);
	assert_int_equal(got.recipe.parts[0].line_length, 76);
	assert_int_equal(got.count, 2);
	assert_memory_equal(got.blobs, blobs, sizeof(blobs));
	blob_plan_release(&got);
	for (size_t i = 0; i < wire.len; i++) { /* no flipped bit reads outside */
		wire.data[i] ^= 0x40;
		if (parse(&wire, wire.len, &got) == 0)
			blob_plan_release(&got);
		wire.data[i] ^= 0x40;
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_small_and_large_blobs_come_back),
		TEST(test_a_frame_needs_the_text_it_refers_to),
		TEST(test_a_full_pack_is_followed_by_the_next),
		TEST(test_a_blob_is_bound_to_its_place),
		TEST(test_no_words_on_disk),
		TEST(test_erasing_leaves_zeros),
		TEST(test_a_shortened_pack_is_refused),
		cmocka_unit_test(test_recipes_are_checked),
	};

	return cmocka_run_group_tests_name("store/pack", tests, NULL, NULL);
}
