/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/filename.h"

static const struct {
	const char *raw, *clean;
} cases[] = {
	{ "report.pdf", "report.pdf" },
	{ "../../etc/passwd", "passwd" },
	{ "C:\\Windows\\x.exe", "x.exe" },
	{ "..", "" },
	{ ".bashrc", "bashrc" },
	{ " a.txt. ", "a.txt" },
	{ "a\nb\r\tc", "abc" },
	{ "x\xE2\x80\xAE"
	  "fdp.exe",
	  "xfdp.exe" },
	{ "a\xEF\xBB\xBF"
	  "b",
	  "ab" },
	{ "\xE6\x96\x87.txt", "\xE6\x96\x87.txt" },
	{ "dir/", "" },
	{ "", "" },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		filename_clean(&out, cases[i].raw, strlen(cases[i].raw));
		assert_string_equal(strbuf_str(&out), cases[i].clean);
	}
}

static void test_long_names_keep_their_extension(void **state)
{
	CLEANUP(strbuf_release) struct strbuf raw = STRBUF_INIT(10000);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_add_str(&raw, "\xC3\xBC");
	strbuf_add_str(&raw, ".pdf");
	filename_clean(&out, raw.data, raw.len);
	assert_true(out.len <= FILENAME_MAX_BYTES && out.len > FILENAME_MAX_BYTES - 4);
	assert_string_equal(out.data + out.len - 6, "\xC3\xBC.pdf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_long_names_keep_their_extension),
	};

	return cmocka_run_group_tests_name("mime/filename", tests, NULL, NULL);
}
