/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/strbuf.h"
#include "mime/message.h"
#include "mime/mime.h"
#include "mime/parts_limit.h"

static const struct {
	const char *name, *head, *line;
	size_t bogus; /* other boundaries in front */
	bool cut;
} cases[] = {
	{ "parts", "boundary=b", "--b\n", 0, true },
	{ "quoted", "BoUnDaRy = \"b\"", "--b\n", 0, true },
	{ "folded", "boundary\n =b", "--b\n", 0, true },
	{ "segments", "boundary*0=b", "--b\n", 0, true },
	{ "escaped", "boundary=\"\\b\"", "--b\n", 0, true },
	{ "behind many others", "boundary=b", "--b\n", 100, true },
	{ "text with dashes", "boundary=b", "--x\n", 0, false },
	{ "no boundary at all", "x", "--b\n", 0, false },
	{ "not at line begin", "boundary=b", "x--b\n", 0, false },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(1 << 20);
		size_t want;

		for (size_t n = 0; n < cases[i].bogus; n++)
			strbuf_addf(&mail, "X: boundary=x%zu\n", n);
		strbuf_addf(&mail, "Content-Type: multipart/mixed; %s\n\n", cases[i].head);
		want = mail.len + 1000 * strlen(cases[i].line);
		for (size_t n = 0; n < 3000; n++)
			strbuf_add_str(&mail, cases[i].line);
		if (parts_limit(mail.data, mail.len, 1000) != (cases[i].cut ? want : mail.len))
			fail_msg("%s: %zu of %zu", cases[i].name,
				 parts_limit(mail.data, mail.len, 1000), mail.len);
	}
}

static void test_a_million_parts_are_cut(void **state)
{
	CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(16 << 20);
	CLEANUP(mime_message_release) struct mime_message message = { 0 };
	struct mime *mime = NULL;
	struct threads_error err;

	(void)state;
	strbuf_add_str(&mail, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 1000000; i++)
		strbuf_add_str(&mail, "--b\n\n");
	assert_rc(mime_open(&mime, &err), 0, &err);
	assert_rc(mime_message_parse(mail.data, mail.len, &message, &err), 0, &err);
	assert_true(message.cut);
	assert_in_range(message.count, MIME_PARTS_MAX - 10, MIME_PARTS_MAX + 10);
	mime_close(mime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_a_million_parts_are_cut),
	};

	return cmocka_run_group_tests_name("mime/parts_limit", tests, NULL, NULL);
}
