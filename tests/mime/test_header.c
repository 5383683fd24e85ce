/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/header.h"

#define UE "\xC3\xBC"

static int setup(void **state)
{
	struct charsets *charsets = NULL;
	const int rc = charsets_open(&charsets, NULL);

	*state = charsets;
	return rc;
}

static int teardown(void **state)
{
	charsets_close(*state);
	return 0;
}

static void test_text(void **state)
{
	static const struct {
		const char *raw, *text;
	} cases[] = {
		{ " hello \r\n", "hello" },
		{ "folded\r\n line", "folded line" },
		{ "=?utf-8?Q?=C3=BC?=", UE },
		{ "=?UTF-8?b?w7w=?=", UE },
		{ "a =?iso-8859-1?q?=FC_b?= c", "a " UE " b c" },
		{ "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab" },
		{ "=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab" },
		{ "=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c" },
		/* one character in two words */
		{ "=?utf-8?B?ww==?= =?utf-8?B?vA==?=", UE },
		{ "=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", UE },
		{ "=?iso-2022-jp?B?GyRCJUYbKEI=?=", "\xE3\x83\x86" },
		{ "=?utf-8*en?Q?x?=", "x" },
		{ "x=?utf-8?Q?y?=z", "xyz" },
		/* broken ones stay readable */
		{ "=?utf-8?Q?never closed", "=?utf-8?Q?never closed" },
		{ "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
		{ "=?nonsense?Q?a=FC?=", "a" UE },
		{ "=?utf-8?Q?a b?=", "a b" },
		{ "raw \xC3\xBC", "raw " UE },
		{ "raw \xFC", "raw " UE },
		/* no line break gets through */
		{ "=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		header_decode(*state, cases[i].raw, strlen(cases[i].raw), &out);
		if (strcmp(strbuf_str(&out), cases[i].text) != 0)
			fail_msg("%s: got \"%s\"", cases[i].raw, strbuf_str(&out));
	}
}

static void test_parameters(void **state)
{
	static const struct {
		const char *raw, *value; /* NULL: there is none */
	} cases[] = {
		{ "attachment; filename=a.txt", "a.txt" },
		{ "attachment; filename=\"a b.txt\"; x=y", "a b.txt" },
		{ "attachment; FILENAME = a b.txt ; size=3", "a b.txt" },
		{ "attachment; filename=\"a\\\"b\"", "a\"b" },
		{ "attachment; filename=\"C:\\dir\\file\"", "C:\\dir\\file" },
		{ "attachment; filename*=utf-8''%C3%BC.txt", UE ".txt" },
		{ "attachment; filename*=iso-8859-1'de'%FC", UE },
		{ "attachment; filename*0=a; filename*1=b", "ab" },
		{ "attachment; filename*1=b; filename*0=a", "ab" },
		{ "attachment; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=c", UE "c" },
		{ "attachment; filename=plain; filename*=utf-8''better", "better" },
		{ "attachment; filename=\"=?utf-8?Q?=C3=BC?=\"", UE },
		{ "attachment; filename*0=\"=?utf-8?Q?\"; filename*1=\"=C3=BC?=\"", UE },
		{ "attachment; (comment; filename=x) filename=y", "y" },
		{ "attachment; filename=\"a\r\n b\"", "a b" },
		{ "attachment; filename*0*=%zz", "%zz" },
		{ "attachment; filename=\"a\xFC\"", "a\xEF\xBF\xBD" },
		{ "attachment; filename*2=c", NULL },
		{ "attachment; filename*99999999999=c", NULL },
		{ "attachment", NULL },
		{ "attachment;;;", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);
		const bool found = header_param(*state, cases[i].raw, strlen(cases[i].raw),
						"filename", NULL, &out);

		if (found != (cases[i].value != NULL) ||
		    (found && strcmp(strbuf_str(&out), cases[i].value) != 0))
			fail_msg("%s: got \"%s\"", cases[i].raw, strbuf_str(&out));
	}
}

static bool take(void *arg, const char *id, size_t len)
{
	strbuf_add(arg, id, len);
	strbuf_add_char(arg, '|');
	return true;
}

static void test_ids_and_tokens(void **state)
{
	static const struct {
		const char *raw, *ids, *token;
	} cases[] = {
		{ "<a@b> <c@d>", "a@b|c@d|", "<a@b>" },
		{ "<a@\r\n b>", "a@b|", "<a@" },
		{ "bare@id", "bare@id|", "bare@id" },
		{ "<never closed", "neverclosed|", "<never" },
		{ "Attachment; x=y", "Attachment;x=y|", "attachment" },
		{ "(c) InLine", "(c)InLine|", "inline" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf ids = STRBUF_INIT(1024);
		CLEANUP(strbuf_release) struct strbuf token = STRBUF_INIT(1024);

		header_ids(cases[i].raw, strlen(cases[i].raw), take, &ids);
		header_token(cases[i].raw, strlen(cases[i].raw), &token);
		assert_string_equal(strbuf_str(&ids), cases[i].ids);
		assert_string_equal(strbuf_str(&token), cases[i].token);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_ids_and_tokens),
	};

	return cmocka_run_group_tests_name("mime/header", tests, setup, teardown);
}
