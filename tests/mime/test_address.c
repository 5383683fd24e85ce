/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/address.h"

static bool take(void *arg, const char *name, const char *address)
{
	struct strbuf *out = arg;

	strbuf_addf(out, "%s%s<%s>", out->len ? " + " : "", name, address);
	return true;
}

static const struct {
	const char *raw, *result;
} cases[] = {
	{ "a@example.org", "<a@example.org>" },
	{ "Anna Berg <a@example.org>", "Anna Berg<a@example.org>" },
	{ "\"Berg, Anna\" <a@example.org>, b@example.org",
	  "Berg, Anna<a@example.org> + <b@example.org>" },
	{ "Berg, Anna <a@example.org>", "Berg, Anna<a@example.org>" },
	{ "a@example.org (Anna)", "Anna<a@example.org>" },
	{ "a@example.org (Anna (Berg))", "Anna (Berg)<a@example.org>" },
	{ "=?utf-8?Q?M=C3=BCller=2C_E=2E?= <e@example.org>", "M\xC3\xBCller, E.<e@example.org>" },
	{ "=?utf-8?Q?a,b?= <e@example.org>", "a,b<e@example.org>" },
	{ "\"=?utf-8?Q?=C3=BC?=\" <e@example.org>", "\xC3\xBC<e@example.org>" },
	{ "M\xC3\xBCller <e@example.org>", "M\xC3\xBCller<e@example.org>" },
	{ "M\xFCller <e@example.org>", "M\xC3\xBCller<e@example.org>" },
	{ "Team: a@example.org, B <b@example.org>; c@example.org",
	  "<a@example.org> + B<b@example.org> + <c@example.org>" },
	{ "undisclosed-recipients:;", "" },
	{ "\"quoted local\"@example.org", "<\"quoted local\"@example.org>" },
	{ "<@relay.test,@b.test:x@example.org>", "<x@example.org>" },
	{ "< spaced @ example.org >", "<spaced@example.org>" },
	{ "<mailto:a@example.org>", "<a@example.org>" },
	{ "'a@example.org' <a@example.org>", "a@example.org<a@example.org>" },
	{ "\"She said \\\"hi\\\"\" <s@example.org>", "She said \"hi\"<s@example.org>" },
	{ "John Q. Public <j@example.org>", "John Q. Public<j@example.org>" },
	{ "A <a@example.org> B <b@example.org>", "A  B<b@example.org>" },
	{ "A <a@example.org, B <b@example.org>", "A<a@example.org> + B<b@example.org>" },
	{ "\"never closed <n@example.org>", "\"never closed<n@example.org>" },
	{ "folded\r\n <f@example.org>", "folded<f@example.org>" },
	{ "a@[192.0.2.1]", "<a@[192.0.2.1]>" },
	{ "a@example.org; b@example.org", "<a@example.org> + <b@example.org>" },
	{ "no address", "no address<>" },
	{ ",,, ,", "" },
	{ "<>", "" },
	{ "", "" },
};

static void test_table(void **state)
{
	struct charsets *charsets = NULL;

	(void)state;
	assert_int_equal(charsets_open(&charsets, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		address_parse(charsets, cases[i].raw, strlen(cases[i].raw), take, &out);
		if (strcmp(strbuf_str(&out), cases[i].result) != 0)
			fail_msg("%s: got \"%s\"", cases[i].raw, strbuf_str(&out));
	}
	charsets_close(charsets);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

	return cmocka_run_group_tests_name("mime/address", tests, NULL, NULL);
}
