/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts: UID sets, folder names, words for failures, lines of IDLE. */
#include "test.h"

#include "imap/failure.h"
#include "imap/folders.h"
#include "imap/idle.h"
#include "imap/mutf7.h"
#include "imap/uid_set.h"

static void test_uid_sets(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t size;
		size_t ranges;
	} cases[] = {
		{ "", 0, 0, 0 },
		{ "5", 0, 1, 1 },
		{ "1:5,7,9:12", 0, 10, 3 },
		{ "9:12,7,5:1", 0, 10, 3 },
		{ "1:5,6:9", 0, 9, 1 },
		{ "1:9,3:4,9", 0, 9, 1 },
		{ "4294967295", 0, 1, 1 },
		{ "1:4294967295,7", 0, 4294967295, 1 },
		{ "0", THREADS_EINVAL, 0, 0 },
		{ "4294967296", THREADS_EINVAL, 0, 0 },
		{ "1:", THREADS_EINVAL, 0, 0 },
		{ "1,", THREADS_EINVAL, 0, 0 },
		{ ",1", THREADS_EINVAL, 0, 0 },
		{ "1:*", THREADS_EINVAL, 0, 0 },
		{ "1 2", THREADS_EINVAL, 0, 0 },
		{ "1:2:3", THREADS_EINVAL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(uid_set_release) struct uid_set set = { 0 };
		struct threads_error err = { 0 };

		if (uid_set_parse(&set, cases[i].text, strlen(cases[i].text), &err) != cases[i].rc)
			fail_msg("'%s': %s", cases[i].text, err.text);
		if (cases[i].rc < 0)
			continue;
		assert_int_equal(uid_set_size(&set), cases[i].size);
		assert_int_equal(set.count, cases[i].ranges);
	}
}

static void test_uid_set_has(void **state)
{
	CLEANUP(uid_set_release) struct uid_set set = { 0 };
	static const char text[] = "10:20,30,40:50";

	(void)state;
	assert_int_equal(uid_set_parse(&set, text, strlen(text), NULL), 0);
	for (uint32_t uid = 0; uid < 60; uid++)
		assert_int_equal(uid_set_has(&set, uid),
				 (uid >= 10 && uid <= 20) || uid == 30 || (uid >= 40 && uid <= 50));
}

static void test_uid_lists(void **state)
{
	CLEANUP(uid_list_release) struct uid_list list = { 0 };
	static const uint32_t uids[] = { 5, 3, 0, 5, 9, 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uids); i++)
		assert_int_equal(uid_list_add(&list, uids[i], NULL), 0);
	uid_list_sort(&list);
	assert_int_equal(list.count, 3);
	assert_int_equal(uid_find(list.uids, list.count, 5), 1);
	assert_int_equal(uid_find(list.uids, list.count, 4), -1);
}

static void test_folder_names(void **state)
{
	static const struct {
		const char *raw, *shown;
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "Entw&APw-rfe", "Entwürfe" },
		{ "&U,BTFw-/&ZeVnLIqe-", "台北/日本語" },
		{ "a&-b", "a&b" },
		{ "&2D3eAA-", "\xF0\x9F\x98\x80" },
		{ "&broken", "&broken" },
		{ "&,,8-", "\xEF\xBF\xBF" },
		{ "&//8-", "&//8-" },
		{ "&2D0-", "&2D0-" },
		{ "caf\xc3\xa9", "café" },
		{ "a/\x01z", "a/?z" },
		{ "&AAA-", "&AAA-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT(1000);

		mutf7_show(&shown, cases[i].raw);
		assert_string_equal(strbuf_str(&shown), cases[i].shown);
	}
}

static void test_folder_uses(void **state)
{
	(void)state;
	assert_int_equal(folder_use_of_flag("Junk"), FOLDER_JUNK);
	assert_int_equal(folder_use_of_flag("\\Trash"), FOLDER_TRASH);
	assert_int_equal(folder_use_of_flag("HasNoChildren"), FOLDER_PLAIN);
	assert_int_equal(folder_use_of_name("deleted items"), FOLDER_TRASH);
	assert_int_equal(folder_use_of_name("Spam reports"), FOLDER_PLAIN);
}

static void add_folder(struct folders *folders, const char *name, enum folder_use use)
{
	folders->list = reallocarray(folders->list, folders->count + 1, sizeof(*folders->list));
	assert_non_null(folders->list);
	folders->list[folders->count++] = (struct folder){
		.name = strdup(name), .display = strdup(name), .use = use, .selectable = true
	};
}

static void test_default_choice(void **state)
{
	CLEANUP(folders_release) struct folders folders = { 0 };
	struct account account = { 0 };

	(void)state;
	add_folder(&folders, "Work", FOLDER_PLAIN);
	add_folder(&folders, "Spam", FOLDER_JUNK);
	add_folder(&folders, "Sent", FOLDER_SENT);
	add_folder(&folders, "Everything", FOLDER_ALL);
	add_folder(&folders, "INBOX", FOLDER_INBOX);
	add_folder(&folders, "Drafts", FOLDER_DRAFTS);
	assert_null(folders_choose(&folders, &account, false));
	assert_string_equal(folders.list[0].name, "INBOX");
	assert_string_equal(folders.list[1].name, "Sent");
	for (size_t i = 0; i < folders.count; i++) {
		const enum folder_use use = folders.list[i].use;

		assert_int_equal(folders.list[i].chosen,
				 use == FOLDER_PLAIN || use == FOLDER_INBOX || use == FOLDER_SENT);
	}
	/* Gmail: one folder holds all of them once. */
	assert_null(folders_choose(&folders, &account, true));
	for (size_t i = 0; i < folders.count; i++)
		assert_int_equal(folders.list[i].chosen, folders.list[i].use == FOLDER_ALL);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *code, *text;
		bool login;
		enum failure_kind kind;
	} cases[] = {
		{ "AUTHENTICATIONFAILED", "Invalid credentials (Failure)", true,
		  FAILURE_AUTH_REFUSED },
		{ "", "LOGIN failed.", true, FAILURE_AUTH_REFUSED },
		{ "ALERT", "Application-specific password required: https://example.org/", true,
		  FAILURE_APP_PASSWORD },
		{ "ALERT", "Please log in via your web browser", true, FAILURE_WEB_LOGIN },
		{ "", "LOGIN DISABLED", true, FAILURE_PASSWORD_OFF },
		{ "UNAVAILABLE", "Temporary authentication failure.", true, FAILURE_UNAVAILABLE },
		{ "LIMIT", "Maximum number of connections from user+IP exceeded", true,
		  FAILURE_TOO_MANY },
		{ "ALERT", "Too many simultaneous connections. (Failure)", true, FAILURE_TOO_MANY },
		{ "", "User is authenticated but not connected.", false, FAILURE_NOT_CONNECTED },
		{ "", "Request is throttled. Suggested Backoff Time: 5 milliseconds", false,
		  FAILURE_THROTTLED },
		{ "OVERQUOTA", "Account exceeded command or bandwidth limits.", false,
		  FAILURE_OVER_QUOTA },
		{ "NONEXISTENT", "Unknown Mailbox: x", false, FAILURE_FOLDER_GONE },
		{ "", "Mailbox doesn't exist: x", false, FAILURE_FOLDER_GONE },
		{ "SERVERBUG", "Internal error", false, FAILURE_SERVER_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (failure_classify(cases[i].code, cases[i].text, cases[i].login) != cases[i].kind)
			fail_msg("'%s' is taken for %s", cases[i].text,
				 failure_name(failure_classify(cases[i].code, cases[i].text,
							       cases[i].login)));
}

static void test_every_kind_has_words(void **state)
{
	(void)state;
	for (int i = FAILURE_HUB; i < FAILURE_COUNT; i++) {
		CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(1000);
		const enum failure_kind kind = (enum failure_kind)i;

		failure_words(kind, "imap.example.org", &words);
		assert_true(words.len > 10);
		assert_true(strlen(failure_next_step(kind)) > 10);
		assert_int_equal(failure_by_name(failure_name(kind), strlen(failure_name(kind))),
				 kind);
	}
}

static void test_server_text_is_cleaned(void **state)
{
	struct failure why;
	char longer[2000];

	(void)state;
	failure_server(&why, FAILURE_BYE, "a\x1b[31mb\xff\n ");
	assert_string_equal(why.details, "a [31mb\xEF\xBF\xBD");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	failure_server(&why, FAILURE_BYE, longer);
	assert_in_range(strlen(why.details), 300, FAILURE_DETAILS_SIZE - 1);
}

static void test_retry_times(void **state)
{
	struct failure why = { .kind = FAILURE_CONNECTION_LOST };

	(void)state;
	assert_in_range(failure_retry_ms(&why, 0, 12345), 750, 1250);
	assert_in_range(failure_retry_ms(&why, 3, 777), 6000, 10000);
	assert_in_range(failure_retry_ms(&why, 30, 99), 225000, 375000);
	why.kind = FAILURE_AUTH_REFUSED;
	assert_int_equal(failure_retry_ms(&why, 0, 1), -1);
	why.kind = FAILURE_THROTTLED;
	why.retry_ms = failure_backoff_hint_ms("Suggested Backoff Time: 1500 milliseconds");
	assert_in_range(failure_retry_ms(&why, 9, 1), 1500, 2500);
	assert_int_equal(failure_backoff_hint_ms("no hint"), 0);
	assert_int_equal(failure_backoff_hint_ms("Backoff Time: 999999999999"), 3600 * 1000);
}

static void test_idle_lines(void **state)
{
	static const struct {
		const char *line;
		enum idle_line meaning;
	} cases[] = {
		{ "+ idling", IDLE_GO_ON },
		{ "* 12 EXISTS", IDLE_NEWS },
		{ "* 12 exists", IDLE_NEWS },
		{ "* 3 EXPUNGE", IDLE_OTHER },
		{ "* OK Still here", IDLE_OTHER },
		{ "* BYE bye", IDLE_BYE },
		{ "idle1 OK done", IDLE_TAGGED },
		{ "idle12 OK done", IDLE_OTHER },
		{ "", IDLE_OTHER },
		{ "* ", IDLE_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(idle_read_line(cases[i].line), cases[i].meaning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uid_sets),
		cmocka_unit_test(test_uid_set_has),
		cmocka_unit_test(test_uid_lists),
		cmocka_unit_test(test_folder_names),
		cmocka_unit_test(test_folder_uses),
		cmocka_unit_test(test_default_choice),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_every_kind_has_words),
		cmocka_unit_test(test_server_text_is_cleaned),
		cmocka_unit_test(test_retry_times),
		cmocka_unit_test(test_idle_lines),
	};

	return cmocka_run_group_tests_name("imap/parts", tests, NULL, NULL);
}
