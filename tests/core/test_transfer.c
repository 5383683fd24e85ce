/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/transfer.h"

static const struct {
	enum transfer encoding;
	const char *raw, *data;
} cases[] = {
	{ TRANSFER_IDENTITY, "a=3D", "a=3D" },
	{ TRANSFER_BASE64, "aGVsbG8=", "hello" },
	{ TRANSFER_BASE64, "aGVs\r\nbG8=\r\n", "hello" },
	{ TRANSFER_BASE64, "a G!V.s b-G8=", "hello" },
	{ TRANSFER_BASE64, "aGVsbG8", "hello" },
	{ TRANSFER_BASE64, "aGVsbG8=aGk=", "hellohi" },
	{ TRANSFER_BASE64, "====", "" },
	{ TRANSFER_QUOTED_PRINTABLE, "a=3Db=c3=BC", "a=b\xC3\xBC" },
	{ TRANSFER_QUOTED_PRINTABLE, "long=\r\n line=\nend", "long lineend" },
	{ TRANSFER_QUOTED_PRINTABLE, "soft= \t\r\nx", "softx" },
	{ TRANSFER_QUOTED_PRINTABLE, "broken =zz =", "broken =zz " },
	{ TRANSFER_UUENCODE, "begin 644 a\n%:&5L;&\\\n`\nend\nrest", "hello" },
	{ TRANSFER_UUENCODE, "preamble\r\nbegin 644 a\r\n%:&5L;&\\\r\n`\r\nend\r\n", "hello" },
	{ TRANSFER_UUENCODE, "no beginning", "" },
};

/* In chunks of every size the result is the same. */
static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t cap = 4; cap < 40; cap++) {
			CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1000);
			struct transfer_reader reader;
			char chunk[40];
			size_t n;

			transfer_begin(&reader, cases[i].encoding, cases[i].raw,
				       strlen(cases[i].raw));
			while ((n = transfer_read(&reader, chunk, cap)) > 0)
				strbuf_add(&out, chunk, n);
			if (strcmp(strbuf_str(&out), cases[i].data) != 0)
				fail_msg("%s: got \"%s\"", cases[i].raw, strbuf_str(&out));
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(transfer_find("Base64", 6), TRANSFER_BASE64);
	assert_int_equal(transfer_find("quoted-printable", 16), TRANSFER_QUOTED_PRINTABLE);
	assert_int_equal(transfer_find("8bit", 4), TRANSFER_IDENTITY);
	assert_int_equal(transfer_find("", 0), TRANSFER_IDENTITY);
}

static const struct {
	const char *raw;
	bool exact;
} layouts[] = {
	{ "aGVsbG8=\r\n", true },
	{ "aGVs\nbG8=\n", true },
	{ "aGVs\r\nbG8=\r\n\r\n", true },
	{ "aGVs\nbG8=aaaa\n", false },     /* text behind the padding */
	{ "aGVs\r\nbG8h\naaaa\n", false }, /* line ends of two kinds */
	{ "aGVs\n\nbG8=\n", false },
	{ "aG\nVs\n", false },
	{ "aGVs\nbG9=\n", false }, /* bits behind the data */
	{ "aGVs\nbG8\n", false },
	{ "aGVs\nb===\n", false },
	{ "aGVs\nbG8=\nbG8=\n", false },
	{ "aGVs bG8=\n", false },
	{ "", false },
	{ "\n", false },
};

static void test_only_exact_layouts_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct transfer_layout layout;
		struct transfer_exact exact;
		bool good = transfer_layout_find(layouts[i].raw, strlen(layouts[i].raw), &layout);
		char out[768];

		if (good) {
			transfer_exact_begin(&exact, &layout, layouts[i].raw);
			while (transfer_exact_read(&exact, out, sizeof(out)) > 0)
				continue;
			good = !exact.broken;
		}
		if (good != layouts[i].exact)
			fail_msg("%zu: %s", i, good ? "accepted" : "refused");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_only_exact_layouts_are_accepted),
	};

	return cmocka_run_group_tests_name("core/transfer", tests, NULL, NULL);
}
