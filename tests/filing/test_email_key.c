/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "filing/email_key.h"

static const struct {
	const char *name, *text, *key;
} good[] = {
	{ "plain", "anna@example.org", "anna@example.org" },
	{ "capitals", "Anna.Berg@Example.ORG", "anna.berg@example.org" },
	{ "plus tag stays", "anna+news@example.org", "anna+news@example.org" },
	{ "dots stay", "a.n.n.a@example.org", "a.n.n.a@example.org" },
	{ "white space", " \tanna@example.org\r\n", "anna@example.org" },
	{ "angle brackets", "<Anna@example.org>", "anna@example.org" },
	{ "mailto", "mailto:Anna@example.org", "anna@example.org" },
	{ "mailto in brackets", "<MAILTO:anna@example.org>", "anna@example.org" },
	{ "final dot", "anna@example.org.", "anna@example.org" },
	{ "needless quotes", "\"anna.berg\"@example.org", "anna.berg@example.org" },
	{ "needed quotes", "\"Anna Berg\"@example.org", "\"anna berg\"@example.org" },
	{ "quoted at sign", "\"a@b\"@example.org", "\"a@b\"@example.org" },
	{ "umlaut domain", "info@M\xc3\xbcller.example", "info@xn--mller-kva.example" },
	{ "capital umlaut domain", "info@M\xc3\x9cLLER.example", "info@xn--mller-kva.example" },
	{ "A-label in capitals", "info@XN--MLLER-KVA.example", "info@xn--mller-kva.example" },
	{ "combining umlaut domain", "info@Mu\xcc\x88ller.example", "info@xn--mller-kva.example" },
	{ "sharp s",
	  "x@stra\xc3\x9f"
	  "e.example",
	  "x@xn--strae-oqa.example" },
	{ "Japanese domain", "a@\xe6\x9d\xb1\xe4\xba\xac.example", "a@xn--1lqs71d.example" },
	{ "ideographic dot",
	  "a@\xe6\x9d\xb1\xe4\xba\xac\xe3\x80\x82"
	  "example",
	  "a@xn--1lqs71d.example" },
	{ "full-width letters", "a@\xef\xbd\x85\xef\xbd\x98.example", "a@ex.example" },
	{ "umlaut in the local part", "J\xc3\x96RG@example.org", "j\xc3\xb6rg@example.org" },
	{ "Cyrillic local part", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd@example.org",
	  "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@example.org" },
	{ "Greek local part", "\xce\x91@example.org", "\xce\xb1@example.org" },
	{ "Polish local part", "\xc5\x81ukasz@example.org", "\xc5\x82ukasz@example.org" },
	{ "Turkish dotted I stays", "\xc4\xb0@example.org", "\xc4\xb0@example.org" },
	{ "address literal", "root@[192.0.2.1]", "root@[192.0.2.1]" },
	{ "IPv6 literal", "root@[IPv6:2001:DB8::1]", "root@[ipv6:2001:db8::1]" },
	{ "single label", "root@localhost", "root@localhost" },
	{ "underscore in a host", "x@mail_1.example.org", "x@mail_1.example.org" },
	{ "bounce address", "b-1234=anna=example.com@news.example.org",
	  "b-1234=anna=example.com@news.example.org" },
	{ "odd but legal", "!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org" },
};

static const struct {
	const char *name, *text;
} bad[] = {
	{ "empty", "" },
	{ "no at sign", "anna.example.org" },
	{ "no local part", "@example.org" },
	{ "no domain", "anna@" },
	{ "two at signs", "a@b@example.org" },
	{ "space inside", "an na@example.org" },
	{ "space in the domain", "anna@exam ple.org" },
	{ "empty label", "anna@example..org" },
	{ "leading dot", "anna@.example.org" },
	{ "only a dot", "anna@." },
	{ "open quote", "\"anna@example.org" },
	{ "quote in the middle", "\"an\"na\"@example.org" },
	{ "escape at the end", "\"anna\\\"@example.org" },
	{ "line break", "an\nna@example.org" },
	{ "broken UTF-8", "an\xff@example.org" },
	{ "broken UTF-8 domain", "anna@ex\xff.org" },
	{ "slash in the domain", "anna@example.org/x" },
	{ "open literal", "anna@[192.0.2.1" },
	{ "empty literal", "anna@[]" },
	{ "label of 64",
	  "a@0123456789012345678901234567890123456789012345678901234567890123.test" },
	{ "only brackets", "<>" },
};

static void test_spellings_have_one_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX);
		struct threads_error err = { .text = "" };

		if (email_key(good[i].text, strlen(good[i].text), &key, &err) != 0)
			fail_msg("%s: %s", good[i].name, err.text);
		assert_string_equal(strbuf_str(&key), good[i].key);
		/* A key is its own key. */
		strbuf_reset(&key);
		assert_rc(email_key(good[i].key, strlen(good[i].key), &key, &err), 0, &err);
		assert_string_equal(strbuf_str(&key), good[i].key);
	}
}

static void test_refuses_what_is_no_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX);
		struct threads_error err = { .text = "" };

		if (email_key(bad[i].text, strlen(bad[i].text), &key, &err) != THREADS_EINVAL)
			fail_msg("%s became '%s'", bad[i].name, strbuf_str(&key));
		assert_int_equal(key.len, 0);
		assert_string_not_equal(err.text, "");
	}
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX);

	assert_int_equal(email_key("a\0b@example.org", 15, &key, NULL), THREADS_EINVAL);
	assert_int_equal(email_key("ab@exam\0ple.org", 15, &key, NULL), THREADS_EINVAL);
}

static void test_bounds(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(100000);
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX);
	CLEANUP(strbuf_release) struct strbuf tight = STRBUF_INIT(10);
	struct threads_error err;

	(void)state;
	for (int i = 0; i < EMAIL_LOCAL_MAX; i++)
		strbuf_add_char(&text, 'A');
	strbuf_add_str(&text, "@example.org");
	assert_rc(email_key(strbuf_str(&text), text.len, &key, &err), 0, &err);
	assert_int_equal(key.len, text.len);
	strbuf_reset(&key);
	assert_int_equal(email_key("a@example.org", 13, &tight, &err), THREADS_ELIMIT);
	assert_int_equal(tight.len, 0);
	assert_false(tight.failed);
	for (int i = 0; i < 30000; i++)
		strbuf_add_str(&text, ".b");
	assert_int_equal(email_key(strbuf_str(&text), text.len, &key, &err), THREADS_ELIMIT);
	strbuf_reset(&text);
	strbuf_add_str(&text, "a@");
	for (int i = 0; i < 10000; i++)
		strbuf_add_str(&text, "\xc3\xbc.");
	assert_int_equal(email_key(strbuf_str(&text), text.len, &key, &err), THREADS_ELIMIT);
	assert_int_equal(key.len, 0);
}

static void test_domain_of_key(void **state)
{
	(void)state;
	assert_string_equal(email_key_domain("\"a@b\"@example.org"), "example.org");
	assert_string_equal(email_key_domain("+4930123456"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings_have_one_key),
		cmocka_unit_test(test_refuses_what_is_no_address),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_domain_of_key),
	};

	return cmocka_run_group_tests_name("filing/email_key", tests, NULL, NULL);
}
