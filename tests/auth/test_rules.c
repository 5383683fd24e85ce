/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdbool.h>

#include "auth/client.h"
#include "auth/password_rules.h"

static void test_passwords(void **state)
{
	static const struct {
		const char *password;
		bool allowed;
	} cases[] = {
		{ "nine wet otters", true },
		{ "xk7#qpvv2m", true },
		{ "aller guten dinge sind drei", true },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f and more", true },
		{ "123456789", false },                                        /* short */
		{ "\xe6\x9d\xb1\xe4\xba\xac\xe6\x9d\xb1\xe4\xba\xac", false }, /* four characters */
		{ "1234567890", false },
		{ "0987654321", false },
		{ "aaaaaaaaaaaa", false },
		{ "abcdefghij", false },
		{ "password123", false },
		{ "P4ssw0rd!2026", false },
		{ "Passw0rd2024", false },
		{ "!!letmein!!!", false },
		{ "qwertyuiop1", false },
		{ "administrator", false },
		{ "Mara Lindqvist", false },
		{ "Mara Lindqvist1", false },
		{ "Mara Lindqvist and the nine otters", true },
		{ "seventy characters are no trouble, nor are more, if somebody likes them", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!password_rules_check(cases[i].password, "Mara Lindqvist") != cases[i].allowed)
			fail_msg("'%s' should be %s", cases[i].password,
				 cases[i].allowed ? "allowed" : "refused");
}

static void test_names(void **state)
{
	static const char *const good[] = { "mara", "Mara Lindqvist", "mara@example.org",
					    "\xe4\xbd\x90\xe8\x97\xa4 \xe3\x82\x86\xe3\x81\x8d",
					    "x" };
	static const char *const bad[] = {
		"", " x", "x ", "a\nb", "a\x7f", "\xe2\x80\xaemara", "ma\xe2\x80\x8bra", "\xff"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(name_rules_check(good[i], 100));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(name_rules_check(bad[i], 100));
	assert_non_null(name_rules_check("mara", 3));
}

static void test_labels(void **state)
{
	static const struct {
		const char *agent, *label;
	} cases[] = {
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		  "Firefox on Linux" },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		  "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
		  "Edge on Windows" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
		  "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
		  "Safari on iPhone" },
		{ "<script>alert(1)</script>", "A browser" },
		{ "", "A browser" },
	};
	char label[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		client_label(cases[i].agent, label, sizeof(label));
		assert_string_equal(label, cases[i].label);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *address, *prefix;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:db8:1:2:ffff::1", "2001:db8:1:2::" },
		{ "::1", "::" },
		{ "unix", "local" },
		{ "", "local" },
	};
	char prefix[CLIENT_PREFIX_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		client_prefix(cases[i].address, prefix);
		assert_string_equal(prefix, cases[i].prefix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests_name("auth/rules", tests, NULL, NULL);
}
