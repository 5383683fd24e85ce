/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imap/guard.h"

enum { LITERAL_MAX = 1000 };

static bool feed(struct guard *g, const char *text, char *out)
{
	const size_t len = strlen(text);

	memcpy(out, text, len + 1);
	return guard_feed(g, out, len);
}

static void test_what_passes_and_what_changes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "* OK hello\r\n", "* OK hello\r\n" },
		{ "* OK [PERMANENTFLAGS (\\\\Seen)] x\r\n",
		  "* OK [PERMANENTFLAGX (\\\\Seen)] x\r\n" },
		{ "* OK [permanentflags ()] x\r\n", "* OK [permanentflagX ()] x\r\n" },
		{ "* ok  [ PERMANENTFLAGS ()]\r\n", "* ok  [ PERMANENTFLAGX ()]\r\n" },
		{ "a1 OK [PERMANENTFLAGS ()] x\r\n", "a1 OK [PERMANENTFLAGX ()] x\r\n" },
		{ "* OK [PPERMANENTFLAGS ()]\r\n", "* OK [PPERMANENTFLAGX ()]\r\n" },
		/* mail is never changed */
		{ "* 1 FETCH (BODY[] {29}\r\n* OK [PERMANENTFLAGS ()] x\r\n\r\n)\r\n",
		  "* 1 FETCH (BODY[] {29}\r\n* OK [PERMANENTFLAGS ()] x\r\n\r\n)\r\n" },
		{ "* LIST () \"/\" PERMANENTFLAGS\r\n", "* LIST () \"/\" PERMANENTFLAGS\r\n" },
		/* a status line has no literals: what follows it is checked */
		{ "* OK see {99}\r\n* OK [PERMANENTFLAGS (\\\\x)] y\r\n",
		  "* OK see {99}\r\n* OK [PERMANENTFLAGX (\\\\x)] y\r\n" },
		{ "+ {99}\r\n* OK [PERMANENTFLAGS]\r\n", "+ {99}\r\n* OK [PERMANENTFLAGX]\r\n" },
		/* nor has a string */
		{ "* LIST () \"/\" \"{99}\"\r\n* OK [PERMANENTFLAGS]\r\n",
		  "* LIST () \"/\" \"{99}\"\r\n* OK [PERMANENTFLAGX]\r\n" },
		{ "* OK it is 5\" wide (\r\n", "* OK it is 5\" wide (\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guard g;
		char out[256];

		guard_init(&g, LITERAL_MAX);
		assert_true(feed(&g, cases[i].in, out));
		assert_string_equal(out, cases[i].out);
		assert_null(g.why);
	}
}

static void test_what_is_refused(void **state)
{
	static const char *const cases[] = {
		"* 1 FETCH (BODY[] {1001}\r\n",
		"* 1 FETCH (BODY[] {99999999999999999999999999999}\r\n",
		"* LIST () \"/\" \"open\r\n",
		"* 1 FETCH (BODY (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
		"* OK (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guard g;
		char out[256];

		guard_init(&g, LITERAL_MAX);
		assert_false(feed(&g, cases[i], out));
		assert_non_null(g.why);
		/* for good */
		assert_false(feed(&g, "* OK\r\n", out));
	}
}

static void test_strings_hide_parentheses(void **state)
{
	struct guard g;
	char out[256];

	(void)state;
	guard_init(&g, LITERAL_MAX);
	for (int i = 0; i < 100; i++)
		assert_true(
			feed(&g, "* LIST () \"/\" \"((((((((((((((((\\\"(((((((((((\"\r\n", out));
}

static void test_long_lines(void **state)
{
	static char line[GUARD_LINE_MAX + 64];
	struct guard g;

	(void)state;
	memset(line, 'x', sizeof(line));
	guard_init(&g, LITERAL_MAX);
	assert_true(guard_feed(&g, line, GUARD_LINE_MAX));
	assert_false(guard_feed(&g, line, 1));
	/* the parts around literals make one line */
	guard_init(&g, GUARD_LINE_MAX * 2);
	memcpy(line, "* 1 FETCH (B {2097152}\r\n", 24);
	assert_true(guard_feed(&g, line, 24));
	for (int i = 0; i < 2; i++) {
		memset(line, 'y', GUARD_LINE_MAX);
		assert_true(guard_feed(&g, line, GUARD_LINE_MAX));
	}
	assert_true(guard_feed(&g, line, GUARD_LINE_MAX - 24));
	assert_false(guard_feed(&g, line, 1));
}

static void test_amounts(void **state)
{
	struct guard g;
	char out[64];

	(void)state;
	guard_init(&g, LITERAL_MAX);
	guard_command(&g, 100, 30);
	assert_true(feed(&g, "* 1 FETCH (B {50}\r\n", out));
	memset(out, 'b', 50);
	assert_true(guard_feed(&g, out, 50));
	assert_true(feed(&g, ")\r\n", out));
	assert_false(feed(&g, "* OK 12345\r\n", out)); /* 34 outside */
	guard_init(&g, LITERAL_MAX);
	guard_command(&g, 20, 0);
	assert_true(feed(&g, "* OK 12345\r\n", out));
	guard_command(&g, 20, 0);
	assert_true(feed(&g, "* OK 12345\r\n", out));
	assert_false(feed(&g, "* OK 12345\r\n", out));
}

static void test_remembers_the_good_bye(void **state)
{
	struct guard g;
	char out[256];

	(void)state;
	guard_init(&g, LITERAL_MAX);
	assert_true(feed(&g, "* OK hi\r\n* BYE Too many ", out));
	assert_true(feed(&g, "connections\r\n", out));
	assert_string_equal(g.bye, "Too many connections");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_passes_and_what_changes),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_strings_hide_parentheses),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_remembers_the_good_bye),
	};

	return cmocka_run_group_tests_name("imap/guard", tests, NULL, NULL);
}
