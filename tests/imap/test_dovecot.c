/* SPDX-License-Identifier: Apache-2.0 */
/* threads-imap against a real Dovecot. */
#include "test.h"

#include <stdio.h>

#include "core/clock.h"
#include "harness.h"

/* SOON_MS: far below the 300 s between two polls, far above what a busy machine needs. */
enum { MAILS = 500, PASS_MS = 60000, SOON_MS = 30000 };

static struct lab lab;

static void begin(struct harness *h)
{
	harness_init(h);
	h->port = lab.port + 1;
	h->ca = lab_read(&lab, "tls/ca.pem");
}

/* Dovecot's line at log-out says what the session did. */
static bool log_says(const char *text)
{
	for (int i = 0; i < 100; i++) {
		if (lab_count(&lab, "dovecot.log", text) > 0)
			return true;
		usleep(50000);
	}
	return false;
}

static void test_fetches_all_then_nothing(void **state)
{
	CLEANUP(harness_release) struct harness h;
	const struct harness_folder *inbox;
	uint64_t sums = 0;

	(void)state;
	begin(&h);
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	inbox = harness_folder(&h, "INBOX");
	assert_non_null(inbox);
	assert_int_equal(inbox->count, MAILS);
	assert_int_equal(h.pass_server, MAILS);
	assert_int_equal(h.pass_fetched, MAILS);
	assert_int_equal(h.doubles, 0);
	for (size_t i = 0; i < inbox->count; i++) {
		assert_true(inbox->list[i].len > 100);
		assert_true(inbox->list[i].date_ms > 0);
		assert_int_equal(inbox->list[i].flags, 0);
		sums ^= inbox->list[i].sum;
	}
	assert_int_not_equal(sums, 0);
	assert_null(harness_folder(&h, "Trash"));
	assert_null(harness_folder(&h, "Junk"));
	assert_null(harness_folder(&h, "Drafts"));
	assert_non_null(harness_folder(&h, "Sent"));
	harness_stop(&h);
	assert_true(log_says("body_count=500"));

	/* A second process, and a second pass in it: no body is read, nothing is marked as seen. */
	h.passes = 0;
	h.batches = 0;
	lab_write(&lab, "dovecot.log", "");
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	h.passes = 0;
	harness_sync(&h, 7);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_int_equal(h.pass_number, 7);
	assert_int_equal(h.pass_server, MAILS);
	assert_int_equal(h.pass_fetched, 0);
	assert_int_equal(h.batches, 0);
	harness_stop(&h);
	assert_true(log_says("body_count=0"));
	assert_int_equal(lab_count(&lab, "dovecot.log", "body_count="), 1);
}

/* A second client of alice's changes something. */
static void change(const char *command)
{
	char port[16];

	snprintf(port, sizeof(port), "%d", lab.port);
	lab_run("imap.mjs", port, "alice@lab.test", "alice-pw", "SELECT INBOX", command, NULL);
}

static const struct harness_message *message(const struct harness *h, uint32_t uid)
{
	const struct harness_folder *inbox = harness_folder(h, "INBOX");

	for (size_t i = 0; inbox && i < inbox->count; i++)
		if (inbox->list[i].uid == uid)
			return &inbox->list[i];
	fail_msg("no message %u", uid);
	return NULL;
}

static void begin_with_inbox(struct harness *h)
{
	begin(h);
	h->folders[h->folder_choices++] = "INBOX";
	harness_start(h);
	assert_true(harness_until(h, harness_passed, PASS_MS));
}

static void test_flags_and_keywords_come_with_a_message(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	change("UID STORE 3 +FLAGS (\\Seen \\Flagged $Forwarded)");
	change("UID STORE 4 +FLAGS (\\Answered \\Draft \\Deleted Rechnung &ANw-bersicht)");
	begin_with_inbox(&h);
	assert_int_equal(message(&h, 3)->flags, IMAP_FLAG_SEEN | IMAP_FLAG_FLAGGED);
	assert_string_equal(message(&h, 3)->labels, "$Forwarded\n");
	assert_int_equal(message(&h, 4)->flags, IMAP_FLAG_ANSWERED | IMAP_FLAG_DRAFT);
	assert_non_null(strstr(message(&h, 4)->labels, "Rechnung\n"));
	assert_non_null(strstr(message(&h, 4)->labels, "Übersicht\n"));
	assert_string_equal(message(&h, 5)->labels, "");
	assert_int_equal(message(&h, 5)->flags, 0);
}

static bool says_flags(const struct harness *h)
{
	return h->flags_said > 0;
}

static bool passed_thrice(const struct harness *h)
{
	return h->passes >= 3;
}

static void sync_again(struct harness *h)
{
	h->passes = 0;
	harness_sync(h, 9);
	assert_true(harness_until(h, harness_passed, PASS_MS));
}

/* The server counts its changes: only what changed is looked at. */
static void test_changes_are_followed(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin_with_inbox(&h);
	assert_int_equal(h.flags_said, 0); /* all came with their messages */
	assert_int_equal(h.flags_done, 1);
	assert_true(harness_folder(&h, "INBOX")->modseq > 0);
	sync_again(&h);
	assert_int_equal(h.flags_done, 1); /* nothing happened */
	change("UID STORE 3 FLAGS (\\Answered Nachbar)");
	change("UID STORE 6:7 +FLAGS.SILENT (\\Seen)");
	sync_again(&h);
	assert_int_equal(h.flags_said, 3);
	assert_int_equal(message(&h, 3)->flags, IMAP_FLAG_ANSWERED);
	assert_string_equal(message(&h, 3)->labels, "Nachbar\n");
	assert_int_equal(message(&h, 6)->flags, IMAP_FLAG_SEEN);
	assert_int_equal(h.flags_done, 2);
	/* What happens while no process runs. */
	harness_stop(&h);
	change("UID STORE 3 FLAGS ()");
	h.passes = 0;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_int_equal(h.flags_said, 4);
	assert_int_equal(message(&h, 3)->flags, 0);
	assert_string_equal(message(&h, 3)->labels, "");
	assert_int_equal(h.pass_fetched, 0);
}

/* A poll asks for numbers alone; the number of changes is one of them. */
static void test_a_poll_notices_changes(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.folders[h.folder_choices++] = "INBOX";
	h.poll_s = 1;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_true(harness_until(&h, passed_thrice, PASS_MS));
	assert_int_equal(h.opens, 1); /* nothing happened: no folder is opened */
	h.flags_said = 0;
	change("UID STORE 8 +FLAGS (\\Flagged)");
	assert_true(harness_until(&h, says_flags, 20000));
	assert_int_equal(message(&h, 8)->flags, IMAP_FLAG_FLAGGED);
}

/* Killed between the flags and the number up to which they are known: said again. */
static void test_flags_unconfirmed_are_said_again(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin_with_inbox(&h);
	harness_stop(&h);
	change("UID STORE 9:20 +FLAGS (\\Seen Twice)");
	h.passes = 0;
	h.refuse_flags = true;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS)); /* mail is not held up */
	assert_int_equal(h.flags_said, 12);
	assert_int_equal(h.flags_done, 1);
	harness_kill(&h);
	h.refuse_flags = false;
	h.passes = 0;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_int_equal(h.flags_said, 24);
	assert_int_equal(h.flags_done, 2);
	assert_string_equal(message(&h, 20)->labels, "Twice\n");
}

static bool has_501(const struct harness *h)
{
	return harness_stored(h) == MAILS + 1;
}

static void test_idle_brings_new_mail_at_once(void **state)
{
	CLEANUP(harness_release) struct harness h;
	char port[16], one[128];
	int64_t begin_ms, took_ms;

	(void)state;
	begin(&h);
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_true(harness_until(&h, harness_idle, PASS_MS));
	harness_serve(&h, 300);
	snprintf(port, sizeof(port), "%d", lab.port + 2);
	snprintf(one, sizeof(one), "%s/one", lab.dir);
	lab_run("genmail.mjs", one, "1", "77", NULL);
	lab_run("deliver.mjs", port, "alice@lab.test", one, "1", NULL);
	begin_ms = clock_monotonic_ms();
	assert_true(harness_until(&h, has_501, PASS_MS));
	took_ms = clock_monotonic_ms() - begin_ms;
	assert_in_range(took_ms, 0, SOON_MS);
	/* "Stop" and "look now" are heard during IDLE. */
	assert_true(harness_until(&h, harness_idle, PASS_MS));
	harness_serve(&h, 300);
	h.passes = 0;
	begin_ms = clock_monotonic_ms();
	harness_sync(&h, 8);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_in_range(clock_monotonic_ms() - begin_ms, 0, SOON_MS);
	assert_true(harness_until(&h, harness_idle, PASS_MS));
	harness_serve(&h, 300);
	harness_stop(&h);
}

struct bad_certificate {
	const char *address, *kind;
};

/* Password and user name are wrong on purpose where a line in Dovecot's log would give us away. */
static void test_bad_certificates_get_no_password(void **state)
{
	static const struct bad_certificate cases[] = {
		{ "127.0.0.2", "certificate-expired" },
		{ "127.0.0.3", "certificate-wrong-name" },
		{ "127.0.0.4", "certificate-self-signed" },
		{ "127.0.0.5", "certificate-incomplete" },
	};
	static const char *const modes[] = { "implicit", "starttls" };

	(void)state;
	lab_write(&lab, "dovecot.log", "");
	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			CLEANUP(harness_release) struct harness h;

			begin(&h);
			h.mode = IMAP_MODE_TEST;
			h.tls = modes[m];
			h.port = lab.port + (m == 0 ? 1 : 0);
			h.connect_to = cases[i].address;
			harness_start(&h);
			assert_true(harness_until(&h, harness_exited, 20000));
			assert_true(harness_troubled(&h));
			assert_string_equal(h.states[h.state_count - 1].kind, cases[i].kind);
			assert_int_equal(h.vault_opens, 0);
			assert_int_equal(h.dials, 1);
		}
	}
	usleep(300000);
	assert_int_equal(lab_count(&lab, "dovecot.log", "user=<alice"), 0);
	assert_int_equal(lab_count(&lab, "dovecot.log", "method=PLAIN"), 0);
	/* The control: with a good certificate the same log-in is in the log. */
	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h);
		h.mode = IMAP_MODE_TEST;
		h.tls = modes[m];
		h.port = lab.port + (m == 0 ? 1 : 0);
		harness_start(&h);
		assert_true(harness_until(&h, harness_exited, 20000));
		assert_false(harness_troubled(&h));
		assert_true(h.listed_count >= 6);
		assert_int_equal(h.vault_opens, 1);
	}
	assert_true(log_says("user=<alice"));
}

static void test_address_as_host_is_checked_too(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.mode = IMAP_MODE_TEST;
	h.host = "127.0.0.1";
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, 20000));
	assert_false(harness_troubled(&h));
	harness_release(&h);
	begin(&h);
	h.mode = IMAP_MODE_TEST;
	h.host = "192.0.2.1";
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, 20000));
	assert_string_equal(h.states[h.state_count - 1].kind, "certificate-wrong-name");
	assert_int_equal(h.vault_opens, 0);
}

static void test_own_certificate_may_be_trusted(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	free(h.ca);
	h.ca = lab_read(&lab, "tls/selfsigned.pem");
	h.mode = IMAP_MODE_TEST;
	h.connect_to = "127.0.0.4";
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, 20000));
	assert_false(harness_troubled(&h));
}

static void test_clear_text_only_on_loopback(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.mode = IMAP_MODE_TEST;
	h.tls = "none";
	h.port = lab.port;
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, 20000));
	assert_false(harness_troubled(&h));
}

static void test_wrong_password(void **state)
{
	CLEANUP(harness_release) struct harness h;
	const struct harness_state *trouble;
	size_t refused_at;

	(void)state;
	begin(&h);
	h.password = "not it";
	harness_start(&h);
	assert_true(harness_until(&h, harness_troubled, 20000));
	trouble = harness_saw(&h, "auth-refused");
	assert_non_null(trouble);
	assert_int_equal(trouble->retry_ms, -1);
	assert_non_null(strstr(trouble->words, "localhost"));
	assert_non_null(strstr(trouble->next, "password"));
	refused_at = (size_t)(trouble - h.states);
	/* Never again by itself, but when somebody asks. */
	harness_serve(&h, 2500);
	assert_int_equal(h.vault_opens, 1);
	h.password = "alice-pw";
	harness_sync(&h, 3);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	/* Once more if the server breaks the connection off, but it was not refused again. */
	if (h.vault_opens != 2)
		harness_show(&h);
	assert_in_range(h.vault_opens, 2, 4);
	for (size_t i = refused_at + 1; i < h.state_count; i++)
		assert_string_not_equal(h.states[i].kind, "auth-refused");
}

static void test_secrets_that_are_not_there(void **state)
{
	static const struct {
		int code;
		const char *kind;
	} cases[] = { { THREADS_ENOENT, "secret-missing" }, { THREADS_EDENIED, "secret-void" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h);
		h.vault_error = cases[i].code;
		harness_start(&h);
		assert_true(harness_until(&h, harness_troubled, 20000));
		assert_string_equal(h.states[h.state_count - 1].kind, cases[i].kind);
		assert_int_equal(h.states[h.state_count - 1].retry_ms, -1);
	}
}

static bool has_some(const struct harness *h)
{
	return h->batches == 1;
}

static void test_kill_and_start_continues(void **state)
{
	CLEANUP(harness_release) struct harness h;
	size_t before;

	(void)state;
	begin(&h);
	h.hold_acks = true;
	harness_start(&h);
	assert_true(harness_until(&h, has_some, PASS_MS));
	harness_serve(&h, 300);
	before = harness_stored(&h);
	assert_in_range(before, 1, MAILS);
	harness_kill(&h);
	h.hold_acks = false;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_int_equal(harness_folder(&h, "INBOX")->count, MAILS + 1);
	assert_int_equal(h.doubles, 0);
	assert_int_equal(h.pass_fetched, (int64_t)(MAILS + 1 - before));
}

static void test_new_index_asks_anew(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.hold_acks = true;
	harness_start(&h);
	assert_true(harness_until(&h, has_some, PASS_MS));
	h.hold_acks = false;
	harness_new_index(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_int_equal(harness_folder(&h, "INBOX")->count, MAILS + 1);
	assert_int_equal(h.doubles, 0);
	/* The connection to the mail server was kept. */
	assert_int_equal(h.dials, 1);
}

static void test_chosen_folders(void **state)
{
	CLEANUP(harness_release) struct harness h;
	const struct harness_state *trouble;

	(void)state;
	begin(&h);
	h.folders[h.folder_choices++] = "Trash";
	h.folders[h.folder_choices++] = "Gone";
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_null(harness_folder(&h, "INBOX"));
	assert_non_null(harness_folder(&h, "Trash"));
	assert_true(harness_until(&h, harness_idle, PASS_MS));
	trouble = harness_saw(&h, "folder-gone");
	assert_non_null(trouble);
	assert_string_equal(trouble->details, "Gone");
}

static void test_too_large_goes_to_the_ledger(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.message_max = 8000;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, PASS_MS));
	assert_true(h.pass_failed > 0);
	assert_int_equal(h.pass_failed + h.pass_fetched, MAILS + 1);
	assert_string_equal(harness_folder(&h, "INBOX")->reason, "too-large");
	for (size_t i = 0; i < harness_folder(&h, "INBOX")->count; i++)
		assert_in_range(harness_folder(&h, "INBOX")->list[i].len, 1, 8000);
}

/* Under the sanitizers: the search at the end of a process fails its exit status. */
static void test_nothing_leaks(void **state)
{
	static const char *const passwords[] = { "alice-pw", "wrong" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(passwords); i++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h);
		h.in_process = true;
		h.mode = IMAP_MODE_ONCE;
		h.password = passwords[i];
		harness_start(&h);
		assert_true(harness_until(&h, harness_exited, PASS_MS));
		assert_int_equal(harness_stored(&h), i == 0 ? MAILS + 1 : 0);
		assert_int_equal(h.status, 0);
	}
}

/* Without a certificate of its own an account trusts what the system trusts; not the lab. */
static void test_system_certificates(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h);
	h.mode = IMAP_MODE_TEST;
	h.ca[0] = '\0';
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, 20000));
	assert_string_equal(h.states[h.state_count - 1].kind, "certificate-incomplete");
	assert_int_equal(h.vault_opens, 0);
}

static int start(void **state)
{
	char count[16], gen[128];

	(void)state;
	lab_start(&lab, "dovecot.sh");
	snprintf(gen, sizeof(gen), "%s/gen", lab.dir);
	snprintf(count, sizeof(count), "%d", MAILS);
	lab_run("genmail.mjs", gen, count, NULL);
	lab_run("fill.sh", lab.dir, "alice@lab.test", gen, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	lab_stop(&lab);
	return 0;
}

int main(int argc, char **argv)
{
	/* Later ones count on the message that the second delivers. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetches_all_then_nothing),
		cmocka_unit_test(test_idle_brings_new_mail_at_once),
		cmocka_unit_test(test_flags_and_keywords_come_with_a_message),
		cmocka_unit_test(test_changes_are_followed),
		cmocka_unit_test(test_a_poll_notices_changes),
		cmocka_unit_test(test_flags_unconfirmed_are_said_again),
		cmocka_unit_test(test_bad_certificates_get_no_password),
		cmocka_unit_test(test_address_as_host_is_checked_too),
		cmocka_unit_test(test_own_certificate_may_be_trusted),
		cmocka_unit_test(test_clear_text_only_on_loopback),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_secrets_that_are_not_there),
		cmocka_unit_test(test_kill_and_start_continues),
		cmocka_unit_test(test_new_index_asks_anew),
		cmocka_unit_test(test_chosen_folders),
		cmocka_unit_test(test_too_large_goes_to_the_ledger),
		cmocka_unit_test(test_nothing_leaks),
		cmocka_unit_test(test_system_certificates),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("imap/dovecot", tests, start, stop);
}
