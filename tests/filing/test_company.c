/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "filing/company.h"

static const struct {
	const char *name, *domain, *company; /* NULL: none */
} cases[] = {
	{ "bare", "example.com", "example.com" },
	{ "host below", "mx1.mail.example.com", "example.com" },
	{ "second-level suffix", "office.shipyard.co.uk", "shipyard.co.uk" },
	{ "Japanese city suffix", "www.yard.osaka.jp", "yard.osaka.jp" },
	{ "private suffix", "project.github.io", "project.github.io" },
	{ "unknown top level", "mail.yard.test", "yard.test" },
	{ "A-label", "www.xn--mller-kva.de", "xn--mller-kva.de" },
	{ "public suffix alone", "co.uk", NULL },
	{ "single label", "localhost", NULL },
	{ "address literal", "[192.0.2.1]", NULL },
	{ "bare address", "192.0.2.1", NULL },
	{ "empty", "", NULL },
	{ "first of the list", "126.com", NULL },
	{ "last of the list", "zohomail.eu", NULL },
	{ "gmail", "gmail.com", NULL },
	{ "gmail host", "mx.gmail.com", NULL },
	{ "web.de", "web.de", NULL },
	{ "family, two-part suffix", "yahoo.co.jp", NULL },
	{ "family", "gmx.at", NULL },
	{ "not the family", "gmxyard.at", "gmxyard.at" },
	{ "looks alike", "notgmail.com", "notgmail.com" },
};

static void test_registrable_domain_is_the_company(void **state)
{
	CLEANUP(filing_closep) struct filing *filing = NULL;
	struct threads_error err;

	(void)state;
	assert_rc(filing_open(&filing, &err), 0, &err);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(253);
		const int want = cases[i].company ? 1 : 0;

		if (company_domain(filing, cases[i].domain, &out, &err) != want)
			fail_msg("%s: '%s'", cases[i].name, strbuf_str(&out));
		assert_string_equal(strbuf_str(&out), cases[i].company ? cases[i].company : "");
	}
}

static void test_full_buffer_is_said(void **state)
{
	CLEANUP(filing_closep) struct filing *filing = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(5);
	struct threads_error err;

	(void)state;
	assert_rc(filing_open(&filing, &err), 0, &err);
	assert_int_equal(company_domain(filing, "a.example.org", &out, &err), THREADS_ELIMIT);
	assert_int_equal(out.len, 0);
}

/* bsearch() finds each of these only if the whole table is in order. */
static void test_list_is_sorted(void **state)
{
	static const char *const some[] = {
		"163.com",        "aol.com",    "arcor.de",  "bk.ru",    "cox.net",   "free.fr",
		"googlemail.com", "icloud.com", "libero.it", "live.com", "mail.ru",   "me.com",
		"o2.pl",          "posteo.de",  "proton.me", "qq.com",   "seznam.cz", "t-online.de",
		"ukr.net",        "wp.pl",      "xs4all.nl", "ya.ru",    "ziggo.nl",  "web.de"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		if (!free_mail_domain(some[i]))
			fail_msg("%s is not found", some[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registrable_domain_is_the_company),
		cmocka_unit_test(test_full_buffer_is_said),
		cmocka_unit_test(test_list_is_sorted),
	};

	return cmocka_run_group_tests_name("filing/company", tests, NULL, NULL);
}
