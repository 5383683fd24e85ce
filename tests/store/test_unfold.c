/* SPDX-License-Identifier: Apache-2.0 */
/* What parse may say about folded texts, honest and not. That honest ones give the raw
 * message again, for every layout of base64, is shown in tests/parse/test_batch.c. */
#include "test.h"

#include "core/fold.h"
#include "store/unfold.h"

static int unfold(const struct fold_run *runs, size_t count, const char *bytes, size_t size,
		  struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf folded = STRBUF_INIT(FOLD_HEAD_MAX + 1000);

	fold_head_append(&folded, runs, count);
	strbuf_add_str(&folded, bytes);
	return unfold_text(folded.data, folded.len, size, out, NULL);
}

static void test_texts_come_back(void **state)
{
	static const struct fold_run none[1],
		two[] = { { 3, 9, 6, 4, false }, { 15, 10, 6, 4, true } };
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1000);

	(void)state;
	assert_int_equal(unfold(none, 0, "a\nb", 3, &out), 0);
	assert_string_equal(out.data, "a\nb");
	assert_int_equal(unfold(none, 0, "", 0, &out), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(unfold(two, 2, "hello!HELLO!<1>{2}.", 26, &out), 0);
	assert_string_equal(out.data, "<1>aGVs\nbG8h{2}SEVM\r\nTE8h.");
}

static const struct {
	const char *name;
	struct fold_run runs[2];
	size_t count;
	const char *bytes;
	size_t size;
} lies[] = {
	{ "another size", { { 0, 4, 3, 4, false } }, 1, "abc.", 6 },
	{ "another length", { { 0, 5, 3, 4, false } }, 1, "abc.", 5 },
	{ "no lines", { { 0, 4, 3, 0, false } }, 1, "abc.", 5 },
	{ "odd lines", { { 0, 4, 3, 5, false } }, 1, "abc.", 5 },
	{ "long lines", { { 0, 4, 3, 1004, false } }, 1, "abc.", 5 },
	{ "behind the end", { { 2, 4, 3, 4, false } }, 1, "abc.", 5 },
	{ "one over the other", { { 0, 4, 3, 4, false }, { 3, 4, 3, 4, false } }, 2, "abcdef.", 9 },
	{ "not in order", { { 1, 4, 3, 4, false }, { 0, 4, 3, 4, false } }, 2, "abcdef.", 9 },
	{ "runs that are not there", { { 0, 4, 30, 4, false } }, 1, "abc.", 5 },
};

static void test_lies_are_refused_and_leave_nothing(void **state)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1000);
	static const struct fold_run honest[] = { { 0, 4, 3, 4, false } };

	(void)state;
	assert_int_equal(unfold(honest, 1, "abc.", 5, &out), 0); /* control */
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
		if (unfold(lies[i].runs, lies[i].count, lies[i].bytes, lies[i].size, &out) !=
			    THREADS_EINVAL ||
		    out.len != 0)
			fail_msg("%s: taken, %zu bytes", lies[i].name, out.len);
	assert_int_equal(unfold_text("", 0, 0, &out, NULL), THREADS_EINVAL);
}

/* Frames: cut, of unknown or of another size; a prefix that was refused does not stay. */
static void test_frames(void **state)
{
	static const char folded[] = "\0text text text text text text text";
	const size_t size = sizeof(folded) - 2;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1000), scratch = STRBUF_INIT(10000);
	ZSTD_DCtx *dctx = ZSTD_createDCtx();
	char frame[200];
	const size_t len = ZSTD_compress(frame, sizeof(frame), folded, size + 1, 1);

	(void)state;
	assert_int_equal(unfold_frame(dctx, frame, len, size, &scratch, &out, NULL), 0);
	assert_string_equal(out.data, folded + 1);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(unfold_frame(dctx, frame, cut, size, &scratch, &out, NULL),
				 THREADS_EINVAL);
	assert_int_equal(unfold_frame(dctx, frame, len, size - 1, &scratch, &out, NULL),
			 THREADS_EINVAL);
	out.max = size - 1;
	assert_int_equal(unfold_frame(dctx, frame, len, size, &scratch, &out, NULL),
			 THREADS_ELIMIT);
	ZSTD_freeDCtx(dctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_come_back),
		cmocka_unit_test(test_lies_are_refused_and_leave_nothing),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests_name("store/unfold", tests, NULL, NULL);
}
