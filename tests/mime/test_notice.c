/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/notice.h"

static const struct {
	const char *name, *subject, *text;
	bool automatic, link, found;
} cases[] = {
	{ "code in the subject", "123456 is your verification code", "", false, false, true },
	{ "code in the text", "Your security code", "Enter 4711 to go on", false, false, true },
	{ "split code", "Your login code", "123-456", false, false, true },
	{ "by a machine", "Welcome", "Your one-time password is 998877.", true, false, true },
	{ "German", "Anmeldung", "Ihr Best\xC3\xA4tigungscode lautet 884422", true, false, true },
	{ "Japanese", "\xE8\xAA\x8D\xE8\xA8\xBC\xE3\x82\xB3\xE3\x83\xBC\xE3\x83\x89", "1234", false,
	  false, true },
	{ "reset link", "Reset your password", "Click https://x.test/", false, false, true },
	{ "reset link in HTML", "Reset your password", "Click here", false, true, true },
	{ "reset by a machine", "Hello", "Reset password: http://x.test", true, false, true },
	{ "colleague's mail", "lunch", "the verification code was 123456", false, false, false },
	{ "reply", "Re: Your security code", "it was 4711", false, false, false },
	{ "no code", "About our security code of conduct", "please read", false, false, false },
	{ "a year is near", "Newsletter", "in 2024 all was well", true, true, false },
	{ "invoice", "Invoice 123456", "Amount 1,234.00, due 2024-01-01", true, true, false },
	{ "no link", "password reset", "we changed the policy", false, false, false },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (notice_has_code(cases[i].subject, cases[i].text, strlen(cases[i].text),
				    cases[i].automatic, cases[i].link) != cases[i].found)
			fail_msg("%s: %s", cases[i].name, cases[i].found ? "missed" : "found");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

	return cmocka_run_group_tests_name("mime/notice", tests, NULL, NULL);
}
