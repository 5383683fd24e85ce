/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/utf8.h"
#include "mime/charset.h"

#define UE  "\xC3\xBC"
#define BAD "\xEF\xBF\xBD"

static const struct {
	const char *charset, *bytes, *text;
} cases[] = {
	{ "us-ascii", "abc", "abc" },
	{ "utf-8", "\xC3\xBC", UE },
	{ "UTF8",
	  "\xEF\xBB\xBF"
	  "a",
	  "a" },
	{ "iso-8859-1", "\xFC", UE },
	{ "ISO_8859-1", "\xFC", UE },
	{ "iso-8859-1", "\x93x\x94", "\xE2\x80\x9Cx\xE2\x80\x9D" },
	{ "windows-1252", "\x80", "\xE2\x82\xAC" },
	{ "iso-8859-15", "\xA4", "\xE2\x82\xAC" },
	{ "iso-8859-2", "\xB1", "\xC4\x85" },
	{ "koi8-r", "\xC1", "\xD0\xB0" },
	{ "windows-1251", "\xE0", "\xD0\xB0" },
	{ "gb2312", "\xD6\xD0", "\xE4\xB8\xAD" },
	{ "gb18030", "\x81\x30\x84\x36", "\xC2\xA5" },
	{ "big5", "\xA4\xA4", "\xE4\xB8\xAD" },
	{ "shift_jis", "\x83\x65", "\xE3\x83\x86" },
	{ "euc-jp", "\xA5\xC6", "\xE3\x83\x86" },
	{ "iso-2022-jp", "\x1B$B%F\x1B(B!", "\xE3\x83\x86!" },
	{ "euc-kr", "\xC7\xD1", "\xED\x95\x9C" },
	{ "ks_c_5601-1987", "\xC7\xD1", "\xED\x95\x9C" },
	{ "utf-7", "+APw-", UE },
	{ "tis-620", "\xA1", "\xE0\xB8\x81" },
	/* nothing said, or nonsense: found out */
	{ "", "\xC3\xBC", UE },
	{ "", "\xFC", UE },
	{ "x-unknown", "\xFC", UE },
	{ "\"utf-8\"", "\xC3\xBC", UE },
	/* wrong labels */
	{ "iso-8859-1", "\xC3\xBC", UE },
	{ "us-ascii", "\xC3\xBC", UE },
	{ "utf-8",
	  "Gr\xFC\xDF"
	  "e",
	  "Gr\xC3\xBC\xC3\x9F"
	  "e" },
	/* damage */
	{ "utf-8", "\xC3\xBC\xC3\xBC\xFF", UE UE BAD },
	{ "shift_jis", "\x83", BAD },
	{ "iso-2022-jp",
	  "a\xFF"
	  "b",
	  "a" BAD "b" },
};

static void test_table(void **state)
{
	struct charsets *charsets = NULL;

	(void)state;
	assert_int_equal(charsets_open(&charsets, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		charset_decode(charsets, cases[i].charset, strlen(cases[i].charset), cases[i].bytes,
			       strlen(cases[i].bytes), &out);
		if (strcmp(strbuf_str(&out), cases[i].text) != 0)
			fail_msg("%zu, %s: got \"%s\"", i, cases[i].charset, strbuf_str(&out));
	}
	charsets_close(charsets);
}

static void test_wide_forms_and_nul(void **state)
{
	static const struct {
		const char *charset, *bytes;
		size_t len;
		const char *text;
	} wide[] = {
		{ "utf-16",
		  "\xFF\xFE"
		  "a\0b\0",
		  6, "ab" },
		{ "utf-16", "\0a\0b", 4, "ab" },
		{ "utf-16", "a\0b\0", 4, "ab" },
		{ "utf-16le", "a\0", 2, "a" },
		{ "utf-8", "a\0b", 3, "a" BAD "b" },
		{ "us-ascii", "a\0b", 3, "a" BAD "b" },
		{ "utf-16be", "\0\0\0b", 4, BAD "b" },
	};
	struct charsets *charsets = NULL;

	(void)state;
	assert_int_equal(charsets_open(&charsets, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		charset_decode(charsets, wide[i].charset, strlen(wide[i].charset), wide[i].bytes,
			       wide[i].len, &out);
		if (strcmp(strbuf_str(&out), wide[i].text) != 0)
			fail_msg("%zu: got \"%s\"", i, strbuf_str(&out));
	}
	charsets_close(charsets);
}

/* Any bytes in any charset give UTF-8, also when the limit cuts them. */
static void test_garbage_becomes_utf8(void **state)
{
	static const char *const names[] = { "",       "utf-8",     "iso-8859-1",  "gb2312",
					     "big5",   "shift_jis", "euc-jp",      "iso-2022-jp",
					     "euc-kr", "utf-7",     "iso-2022-kr", "utf-16",
					     "utf-32", "koi8-r" };
	struct charsets *charsets = NULL;
	unsigned char bytes[600];
	uint32_t x = 1;

	(void)state;
	assert_int_equal(charsets_open(&charsets, NULL), 0);
	for (size_t round = 0; round < 300; round++) {
		const char *name = names[round % ARRAY_SIZE(names)];
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(round % 2 ? 100 : 4000);

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x = x * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(x >> 24);
		}
		charset_decode(charsets, name, strlen(name), bytes, sizeof(bytes), &out);
		if (!utf8_valid(strbuf_str(&out), out.len) || out.len == 0)
			fail_msg("%s: %zu bytes", name, out.len);
	}
	charsets_close(charsets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wide_forms_and_nul),
		cmocka_unit_test(test_garbage_becomes_utf8),
	};

	return cmocka_run_group_tests_name("mime/charset", tests, NULL, NULL);
}
