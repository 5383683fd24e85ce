/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ctl/options.h"
#include "ctl/verbs.h"

enum { WORDS_MAX = 24 };

static int parse(const char *const *words, struct ctl_args *args, struct threads_error *err)
{
	static char *argv[WORDS_MAX];
	static char text[WORDS_MAX][64];
	int argc = 1;

	argv[0] = text[0];
	for (; words[argc - 1]; argc++) {
		assert_true(argc < WORDS_MAX && strlen(words[argc - 1]) < sizeof(text[0]));
		memcpy(text[argc], words[argc - 1], strlen(words[argc - 1]) + 1);
		argv[argc] = text[argc];
	}
	return ctl_args_parse(argc, argv, ctl_verbs, args, err);
}

#define PARSE(args, err, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, args, err)

static void test_options_stand_anywhere(void **state)
{
	struct ctl_args args;
	struct threads_error err;

	(void)state;
	assert_rc(PARSE(&args, &err, "--data", "/d", "account", "list", "--json"), 0, &err);
	assert_string_equal(args.verb->words, "account list");
	assert_string_equal(ctl_value(&args, OPT_DATA), "/d");
	assert_true(ctl_has(&args, OPT_JSON));
	assert_rc(PARSE(&args, &err, "account", "--json", "list", "--data=/e"), 0, &err);
	assert_string_equal(ctl_value(&args, OPT_DATA), "/e");
	assert_rc(PARSE(&args, &err, "import", "--account", "A", "mbox", "x", "y"), 0, &err);
	assert_int_equal(args.rest_count, 3);
	assert_string_equal(args.rest[2], "y");
}

static void test_queries_may_begin_with_a_dash(void **state)
{
	struct ctl_args args;
	struct threads_error err;

	(void)state;
	assert_rc(PARSE(&args, &err, "search", "--user", "u", "-invoice"), 0, &err);
	assert_string_equal(args.rest[0], "-invoice");
	assert_rc(PARSE(&args, &err, "search", "--user", "u", "--", "--odd"), 0, &err);
	assert_string_equal(args.rest[0], "--odd");
	assert_rc(PARSE(&args, &err, "search", "--user", "u"), 0, &err);
	assert_int_equal(args.rest_count, 0);
}

static void test_wrong_usage(void **state)
{
	static const char *const cases[][8] = {
		{ NULL },
		{ "frobnicate", NULL },
		{ "account", NULL },
		{ "account", "frobnicate", NULL },
		{ "search", "x", NULL },
		{ "search", "--user", NULL },
		{ "search", "--user", "a", "x", "y", NULL },
		{ "search", "--user", "a", "--user", "b", "x", NULL },
		{ "search", "--user", "a", "--nonsense", "x", NULL },
		{ "search", "--use", "a", "x", NULL },
		{ "status", "--user", "a", NULL },
		{ "status", "--json=yes", NULL },
		{ "show", NULL },
		{ "import", "--account", "a", "mbox", NULL },
		{ "owner", "create", "--name", "a", NULL },
	};
	struct ctl_args args;
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse(cases[i], &args, &err) != THREADS_EINVAL)
			fail_msg("case %zu was accepted", i);
}

static void test_folders_are_collected(void **state)
{
	struct ctl_args args;
	struct threads_error err;

	(void)state;
	assert_rc(PARSE(&args, &err, "account", "add", "--name", "n", "--imap", "h:1", "--tls",
			"none", "--user", "u", "--password-stdin", "--folder", "INBOX", "--folder",
			"Sent"),
		  0, &err);
	assert_int_equal(args.folder_count, 2);
	assert_string_equal(args.folders[1], "Sent");
}

static void test_help_needs_nothing(void **state)
{
	struct ctl_args args;
	struct threads_error err;

	(void)state;
	assert_rc(PARSE(&args, &err, "--help"), 0, &err);
	assert_null(args.verb);
	assert_rc(PARSE(&args, &err, "search", "--help"), 0, &err);
	assert_string_equal(args.verb->words, "search");
}

static void test_hosts(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} cases[] = {
		{ "mail.example.org:993", "mail.example.org", 993 },
		{ "[::1]:143", "::1", 143 },
		{ "127.0.0.1:65535", "127.0.0.1", 65535 },
		{ "mail.example.org", NULL, 0 },
		{ ":993", NULL, 0 },
		{ "h:0", NULL, 0 },
		{ "h:65536", NULL, 0 },
		{ "h:", NULL, 0 },
		{ "h:9x", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT(255);
		struct threads_error err;
		int64_t port = 0;
		const int rc = verb_split_host(cases[i].text, &host, &port, &err);

		assert_int_equal(rc, cases[i].host ? 0 : THREADS_EINVAL);
		if (rc < 0)
			continue;
		assert_string_equal(strbuf_str(&host), cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_queries_may_begin_with_a_dash),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_folders_are_collected),
		cmocka_unit_test(test_help_needs_nothing),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests_name("ctl/options", tests, NULL, NULL);
}
