/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/fold.h"

static const struct fold_run runs[] = {
	{ 10, 100, 73, 76, true },
	{ 0x01020304, 0xFFFFFFFF, 7, 0x7FFFFFFF, false },
};

static void make(struct strbuf *out, size_t count, size_t bytes)
{
	fold_head_append(out, runs, count);
	for (size_t i = 0; i < bytes; i++)
		strbuf_add_char(out, 'x');
}

static void test_heads_come_back(void **state)
{
	(void)state;
	for (size_t count = 0; count <= ARRAY_SIZE(runs); count++) {
		CLEANUP(strbuf_release) struct strbuf folded = STRBUF_INIT(1000);
		struct fold_run got[FOLD_RUNS_MAX];
		struct threads_error err;
		size_t got_count, head_len;

		make(&folded, count, 80);
		assert_rc(fold_head_read(folded.data, folded.len, got, &got_count, &head_len, &err),
			  0, &err);
		assert_int_equal(got_count, count);
		assert_int_equal(head_len, folded.len - 80);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(got[i].offset, runs[i].offset);
			assert_int_equal(got[i].length, runs[i].length);
			assert_int_equal(got[i].size, runs[i].size);
			assert_int_equal(got[i].line_length, runs[i].line_length);
			assert_int_equal(got[i].crlf, runs[i].crlf);
		}
	}
}

/* Whatever is cut off, down to nothing: refused as long as a byte of a run is missing. */
static void test_cut_heads_are_refused(void **state)
{
	CLEANUP(strbuf_release) struct strbuf folded = STRBUF_INIT(1000);
	struct fold_run got[FOLD_RUNS_MAX];
	size_t count, head_len;

	(void)state;
	make(&folded, ARRAY_SIZE(runs), 80);
	assert_int_equal(fold_head_read(folded.data, folded.len, got, &count, &head_len, NULL), 0);
	for (size_t len = 0; len < folded.len; len++)
		assert_int_equal(fold_head_read(folded.data, len, got, &count, &head_len, NULL),
				 THREADS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads_come_back),
		cmocka_unit_test(test_cut_heads_are_refused),
	};

	return cmocka_run_group_tests_name("core/fold", tests, NULL, NULL);
}
