/* SPDX-License-Identifier: Apache-2.0 */
/* threads-imap against a server on a bad day, and against an attacker. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "harness.h"

enum { MAILS = 50, WAIT_MS = 120000 }; /* longer than the deadline of a command */

static struct lab lab;
static char user[64];

static void begin(struct harness *h, const char *scenario)
{
	harness_init(h);
	snprintf(user, sizeof(user), "%s@lab.test", scenario);
	h->user = user;
	h->password = "anything";
	h->port = lab.port;
	h->tls = "none";
	h->folders[h->folder_choices++] = "INBOX";
	h->timeout_s = 2;
}

/* ---- refusals of the log-in, or before it ---- */

struct refusal {
	const char *scenario, *kind;
	bool for_good; /* not before somebody acts */
};

/* details: words that must stand in those of the server. */
static void check_refusal_says(const struct refusal *c, const char *tls, const char *in_file,
			       const char *details)
{
	CLEANUP(harness_release) struct harness h;
	const struct harness_state *trouble;

	begin(&h, in_file ? "ok" : c->scenario);
	lab_write(&lab, "scenario", in_file);
	h.tls = tls;
	h.ca = lab_read(&lab, "tls/ca.pem");
	harness_start(&h);
	if (!harness_until(&h, harness_troubled, WAIT_MS))
		fail_msg("%s: no trouble", c->scenario);
	lab_write(&lab, "scenario", NULL);
	trouble = &h.states[h.state_count - 1];
	if (strcmp(trouble->kind, c->kind) != 0)
		fail_msg("%s gave %s (%s)", c->scenario, trouble->kind, trouble->details);
	assert_string_equal(trouble->activity, "error");
	if (!strstr(trouble->details, details))
		fail_msg("%s: %s", c->scenario, trouble->details);
	if (c->for_good != (trouble->retry_ms < 0))
		fail_msg("%s: retry in %lld", c->scenario, (long long)trouble->retry_ms);
	assert_true(trouble->words[0] && trouble->next[0]);
	assert_null(strstr(trouble->words, "{"));
	assert_int_equal(harness_stored(&h), 0);
	if (in_file)
		assert_int_equal(h.vault_opens, 0);
}

static void check_refusal(const struct refusal *c, const char *tls, const char *in_file)
{
	check_refusal_says(c, tls, in_file, "");
}

static void test_log_in_refused(void **state)
{
	static const struct refusal cases[] = {
		{ "authfailed", "auth-refused", true },
		{ "msloginfailed", "auth-refused", true },
		{ "needapppw", "app-password-needed", true },
		{ "weblogin", "web-login-needed", true },
		{ "basicoff", "password-not-accepted", true },
		{ "toomany", "too-many-connections", false },
		{ "unavailable", "unavailable", false },
		{ "notconnected", "not-connected", false },
		{ "selectunavailable", "unavailable", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_refusal(&cases[i], "none", NULL);
}

static void test_before_the_log_in(void **state)
{
	static const struct refusal cases[] = {
		{ "preauth", "preauth", true },
		{ "byegreeting", "too-many-connections", false },
		{ "nogreeting", "timeout", false },
		{ "httpgreeting", "server-garbage", false },
		{ "longgreeting", "server-garbage", false },
		{ "endless", "server-garbage", false },
		{ "nologin", "password-not-accepted", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_refusal(&cases[i], "none", cases[i].scenario);
}

static void test_starttls_is_not_fooled(void **state)
{
	static const struct refusal cases[] = {
		{ "nostarttls", "tls-unavailable", true },
		{ "inject", "tls-injected", true },
		{ "preauth", "preauth", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_refusal(&cases[i], "starttls", cases[i].scenario);
}

/* TLS 1.2 and 1.3, and nothing before them. */
static void test_old_tls_is_refused(void **state)
{
	static const struct refusal old[] = {
		{ "tls10", "tls-failed", false },
		{ "tls11", "tls-failed", false },
	};
	static const char *const good[] = { "tls12", "tls13" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		check_refusal_says(&old[i], "starttls", old[i].scenario, "protocol");
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h, "ok");
		lab_write(&lab, "scenario", good[i]);
		h.tls = "starttls";
		h.ca = lab_read(&lab, "tls/ca.pem");
		harness_start(&h);
		if (!harness_until(&h, harness_passed, WAIT_MS))
			fail_msg("%s: no pass", good[i]);
		lab_write(&lab, "scenario", NULL);
	}
}

static void test_tls_from_the_start_at_a_clear_port(void **state)
{
	static const struct refusal wrong_port = { "ok", "tls-failed", false };

	(void)state;
	check_refusal(&wrong_port, "implicit", NULL);
}

/* ---- odd, but a whole pass ---- */

static void pass(struct harness *h, const char *scenario)
{
	begin(h, scenario);
	harness_start(h);
	if (!harness_until(h, harness_passed, WAIT_MS))
		fail_msg("%s: no pass, last trouble %s (%s)", scenario,
			 h->states[h->state_count - 1].kind, h->states[h->state_count - 1].details);
}

static void test_odd_servers_lose_nothing(void **state)
{
	static const char *const scenarios[] = { "ok",        "unsolicited", "dup",
						 "expunge",   "uidlast",     "quotedbody",
						 "forged",    "nul",         "permflags",
						 "wrongsize", "gmail",       "nouidvalidity",
						 "deepnest",  "negative",    "wrongtag" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		CLEANUP(harness_release) struct harness h;

		pass(&h, scenarios[i]);
		if (harness_stored(&h) != MAILS || h.doubles != 0 || h.pass_failed != 0)
			fail_msg("%s: %zu messages, %d doubles", scenarios[i], harness_stored(&h),
				 h.doubles);
		assert_int_equal(h.vault_opens, 1);
	}
}

/* Bodies come as they are, text that looks like the protocol included. */
static void test_bodies_are_exact(void **state)
{
	CLEANUP(harness_release) struct harness plain;
	CLEANUP(harness_release) struct harness forged;
	CLEANUP(harness_release) struct harness quoted;
	const struct harness_message *a, *b;

	(void)state;
	pass(&plain, "ok");
	pass(&forged, "forged");
	pass(&quoted, "quotedbody");
	a = &harness_folder(&plain, "INBOX")->list[0];
	b = &harness_folder(&forged, "INBOX")->list[0];
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(b->len - a->len,
			 strlen(")\r\nF0 OK FETCH completed\r\n1 OK done\r\n* 99 FETCH (UID 9999 "
				"BODY[] {5}\r\nhello)\r\n"));
	assert_int_equal(harness_folder(&quoted, "INBOX")->list[0].len,
			 strlen("Subject: quoted 1"));
	assert_int_equal(a->date_ms, 1704067200000);
	assert_int_equal(a->flags, IMAP_FLAG_SEEN);
	assert_int_equal(harness_folder(&plain, "INBOX")->list[2].flags, 0);
}

/* Names as people know them; only a server with labels is asked for them. */
static void test_labels(void **state)
{
	static const char gmail[] = "Inbox\nImportant\nProjekte/Übersicht\nwith \"quote\"\nplain\n";
	CLEANUP(harness_release) struct harness h;
	CLEANUP(harness_release) struct harness plain;
	char expected[300];

	(void)state;
	pass(&h, "gmail");
	for (size_t i = 0; i < MAILS; i++) {
		const struct harness_message *m = &harness_folder(&h, "INBOX")->list[i];
		const uint32_t n = m->uid - 1000;

		snprintf(expected, sizeof(expected), "%s%s%s",
			 n % 10 == 1 ? "$Forwarded\nweird]flag\n" : "", gmail,
			 n % 4 == 0 ? "lit er\n" : "");
		assert_string_equal(m->labels, expected);
		assert_int_equal(m->flags, n % 3 ? IMAP_FLAG_SEEN : 0);
	}
	pass(&plain, "ok");
	assert_string_equal(harness_folder(&plain, "INBOX")->list[0].labels,
			    "$Forwarded\nweird]flag\n");
	assert_string_equal(harness_folder(&plain, "INBOX")->list[1].labels, "");
}

/* What a server makes up is bounded, and so is what index gets of it. */
static void test_labels_without_end(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	pass(&h, "manylabels");
	assert_int_equal(harness_stored(&h), MAILS);
	for (size_t i = 0; i < MAILS; i++) {
		const struct harness_message *m = &harness_folder(&h, "INBOX")->list[i];

		assert_in_range(m->label_count, 1, IMAP_LABELS_MAX);
		assert_in_range(m->label_bytes, 1, IMAP_LABELS_BYTES_MAX);
		assert_null(strpbrk(m->labels, "\033\r\a"));
	}
}

static void again(struct harness *h)
{
	h->passes = 0;
	harness_sync(h, 5);
	if (!harness_until(h, harness_passed, WAIT_MS))
		fail_msg("no pass, last trouble %s", h->states[h->state_count - 1].kind);
}

/* A process that starts when the flags were compared so many hours earlier. */
static void come_back(struct harness *h, int hours)
{
	harness_stop(h);
	h->passes = 0;
	h->store[0].compared_ms -= hours * INT64_C(3600000);
	harness_start(h);
	assert_true(harness_until(h, harness_passed, WAIT_MS));
}

/* A server that counts no changes: all are compared, but not each time. */
static void test_flags_are_compared_every_few_hours(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	pass(&h, "ok");
	assert_int_equal(h.flags_said, 0);
	assert_int_equal(h.flags_done, 1);
	lab_write(&lab, "flags", "\\Flagged Later");
	again(&h);
	assert_int_equal(h.flags_said, 0);
	come_back(&h, 3);
	assert_int_equal(h.flags_said, 0);
	come_back(&h, 3);
	lab_write(&lab, "flags", NULL);
	assert_int_equal(h.flags_said, MAILS);
	assert_int_equal(h.flags_done, 2);
	assert_string_equal(h.store[0].list[0].labels, "$Forwarded\nweird]flag\nLater\n");
	assert_int_equal(h.store[0].list[0].flags, IMAP_FLAG_SEEN | IMAP_FLAG_FLAGGED);
	again(&h);
	assert_int_equal(h.flags_said, MAILS);
}

/* Labels of Gmail are changes, too. A count that goes back is not a reason to ask for everything. */
static void test_counted_changes(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	pass(&h, "gmail");
	assert_int_equal(h.store[0].modseq, 5000);
	lab_write(&lab, "modseq", "5001");
	lab_write(&lab, "flags", "New");
	again(&h);
	lab_write(&lab, "flags", NULL);
	assert_int_equal(h.flags_said, MAILS);
	assert_int_equal(h.store[0].modseq, 5001);
	assert_non_null(strstr(h.store[0].list[1].labels, "New\nInbox\nImportant\n"));
	lab_write(&lab, "modseq", "4000");
	again(&h);
	assert_int_equal(h.flags_said, MAILS);
	assert_int_equal(h.store[0].modseq, 5001);
	lab_write(&lab, "modseq", "18446744073709551615");
	again(&h);
	lab_write(&lab, "modseq", NULL);
	assert_int_equal(h.store[0].modseq, 5001);
	assert_int_equal(harness_stored(&h), MAILS);
}

/* The log names the kind of trouble; what a server answers may be anything, an address too. */
static void assert_no_answer_in(int log_fd, const char *kind, const char *answer)
{
	char text[8192] = "";

	assert_true(pread(log_fd, text, sizeof(text) - 1, 0) > 0);
	if (!strstr(text, kind) || strstr(text, answer))
		fail_msg("%s", text);
}

/* A server that breaks whenever it is asked for flags still gives its mail. */
static void test_flags_do_not_keep_mail_away(void **state)
{
	static const char *const scenarios[] = { "flagsbreak", "flagsrefused" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		CLEANUP(harness_release) struct harness h;
		AUTO_FD int log = memfd_create("log", MFD_CLOEXEC);

		pass(&h, scenarios[i]);
		h.store[0].compared_ms = 0;
		harness_stop(&h);
		lab_write(&lab, "count", "52");
		h.passes = 0;
		h.log_fd = log;
		harness_start(&h);
		/* It would wait for minutes after each failure; asking helps. */
		for (int k = 0; k < 200 && h.passes == 0; k++) {
			harness_sync(&h, k);
			harness_until(&h, harness_passed, 300);
		}
		lab_write(&lab, "count", NULL);
		assert_true(h.passes > 0);
		assert_int_equal(harness_stored(&h), 52);
		assert_int_equal(h.flags_done, 1);
		/* Three times, and no more. */
		assert_int_equal(h.dials, i == 0 ? 1 + 4 : 2);
		if (i == 1)
			assert_no_answer_in(log, " kind=server-refused flags ", "not today");
	}
}

static void test_permanentflags_in_the_greeting(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	lab_write(&lab, "scenario", "permgreeting");
	begin(&h, "ok");
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, WAIT_MS));
	lab_write(&lab, "scenario", NULL);
	assert_int_equal(harness_stored(&h), MAILS);
}

struct ledger_case {
	const char *scenario, *reason;
	size_t failed;
};

static void test_messages_that_are_not_given(void **state)
{
	static const struct ledger_case cases[] = {
		{ "skip", "missing", 10 },
		{ "nilbody", "empty", 10 },
		{ "emptybody", "empty", 10 },
		{ "uidzero", "missing", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(harness_release) struct harness h;

		pass(&h, cases[i].scenario);
		if (harness_folder(&h, "INBOX")->failed_count != cases[i].failed)
			fail_msg("%s: %zu failed", cases[i].scenario,
				 harness_folder(&h, "INBOX")->failed_count);
		assert_string_equal(harness_folder(&h, "INBOX")->reason, cases[i].reason);
		assert_int_equal(harness_stored(&h), MAILS - cases[i].failed);
		assert_int_equal(h.pass_failed, cases[i].failed);
	}
}

static void test_names_of_folders(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "badnames");
	h.mode = IMAP_MODE_TEST;
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, WAIT_MS));
	assert_false(harness_troubled(&h));
	assert_true(h.listed_count >= 8);
	harness_release(&h);
	begin(&h, "gmail");
	h.folder_choices = 0;
	h.mode = IMAP_MODE_TEST;
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, WAIT_MS));
	for (size_t i = 0; i < h.listed_count; i++) {
		assert_int_equal(h.listed_chosen[i], strcmp(h.listed[i], "[Gmail]/All Mail") == 0);
		if (strncmp(h.listed[i], "Projekte", 8) == 0)
			assert_string_equal(h.listed[i], "Projekte/Übersicht");
	}
}

/* ---- the line breaks, or the server refuses: what came stays, and it goes on ---- */

static bool is_complete(const struct harness *h)
{
	return harness_stored(h) == MAILS;
}

static void test_broken_lines_go_on(void **state)
{
	/* The parameter is the message at which it happens, in every connection. */
	static const struct {
		const char *scenario, *kind;
	} cases[] = {
		{ "dropliteral+20", "connection-lost" }, { "rstliteral+20", "connection-lost" },
		{ "byefetch+20", "closed-by-server" },   { "stall+20", "timeout" },
		{ "garbage+20", "server-garbage" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h, cases[i].scenario);
		harness_start(&h);
		if (!harness_until(&h, harness_troubled, WAIT_MS))
			fail_msg("%s: no trouble", cases[i].scenario);
		if (strcmp(h.states[h.state_count - 1].kind, cases[i].kind) != 0)
			fail_msg("%s gave %s (%s)", cases[i].scenario,
				 h.states[h.state_count - 1].kind,
				 h.states[h.state_count - 1].details);
		assert_int_equal(harness_stored(&h), 19);
		/* A server that is garbled waits half a minute; asking helps. */
		harness_sync(&h, 1);
		harness_serve(&h, 300);
		harness_sync(&h, 2);
		if (!harness_until(&h, is_complete, WAIT_MS))
			fail_msg("%s: stays at %zu", cases[i].scenario, harness_stored(&h));
		assert_int_equal(h.doubles, 0);
		assert_int_equal(harness_folder(&h, "INBOX")->failed_count, 0);
	}
}

static void test_limits_of_the_provider(void **state)
{
	static const struct {
		const char *scenario, *kind;
		int64_t least_ms, most_ms;
	} cases[] = {
		{ "overquota+59", "over-quota", 2700000, 4500000 },
		{ "throttled+59", "throttled", 45000, 75000 },
		{ "msthrottled+59", "throttled", 1500, 2500 },
		{ "fetchunavailable+59", "unavailable", 22500, 37500 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(harness_release) struct harness h;
		const struct harness_state *last;

		begin(&h, cases[i].scenario);
		harness_start(&h);
		assert_true(harness_until(&h, harness_troubled, WAIT_MS));
		last = &h.states[h.state_count - 1];
		if (strcmp(last->kind, cases[i].kind) != 0)
			fail_msg("%s gave %s (%s)", cases[i].scenario, last->kind, last->details);
		assert_in_range(last->retry_ms, cases[i].least_ms, cases[i].most_ms);
		assert_int_equal(harness_stored(&h), 4);
		assert_int_equal(harness_folder(&h, "INBOX")->failed_count, 0);
	}
}

/* From the fifth body on (sizes count too) every FETCH is refused: that is the server, not the messages. */
static void test_a_server_that_refuses_all_fills_no_ledger(void **state)
{
	static const char *const scenarios[] = { "someerror+59", "serverbug+59",
						 "expungeissued+59" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		CLEANUP(harness_release) struct harness h;

		begin(&h, scenarios[i]);
		harness_start(&h);
		assert_true(harness_until(&h, harness_troubled, WAIT_MS));
		assert_string_equal(h.states[h.state_count - 1].kind, "server-refused");
		assert_int_equal(harness_stored(&h), 4);
		assert_int_equal(harness_folder(&h, "INBOX")->failed_count, 0);
	}
}

static void test_hostile_answers_end_the_connection(void **state)
{
	static const char *const scenarios[] = { "hugeliteral", "overflow", "longline+2", "flood",
						 "nouid" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		CLEANUP(harness_release) struct harness h;
		const struct harness_state *last;

		begin(&h, scenarios[i]);
		harness_start(&h);
		if (!harness_until(&h, harness_troubled, WAIT_MS))
			fail_msg("%s: no trouble", scenarios[i]);
		last = &h.states[h.state_count - 1];
		if (strcmp(last->kind, "server-garbage") != 0 && strcmp(last->kind, "timeout") != 0)
			fail_msg("%s gave %s (%s)", scenarios[i], last->kind, last->details);
		assert_true(last->retry_ms > 0);
		assert_true(h.pid > 0); /* and the process lives */
		assert_false(h.exited);
	}
}

/* A message that breaks the connection each time goes to the ledger at last. */
static bool has_poison(const struct harness *h)
{
	return harness_folder(h, "INBOX") && harness_folder(h, "INBOX")->failed_count > 0;
}

static void test_poison_is_given_up_after_three(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "dropliteral+1");
	lab_write(&lab, "count", "1");
	harness_start(&h);
	assert_true(harness_until(&h, has_poison, WAIT_MS));
	lab_write(&lab, "count", NULL);
	assert_int_equal(harness_folder(&h, "INBOX")->failed_count, 1);
	assert_string_equal(harness_folder(&h, "INBOX")->reason, "breaks-connection");
	/* Three that broke and the one that went on; a busy machine may run into a time-out between. */
	assert_in_range(h.dials, 4, 8);
}

static void test_a_server_that_always_breaks_fills_no_ledger(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "dropliteral+1");
	harness_start(&h);
	for (int i = 0; i < 60; i++) {
		harness_serve(&h, 60);
		harness_sync(&h, i);
	}
	harness_serve(&h, 500);
	assert_true(h.dials > 12);
	assert_in_range(harness_folder(&h, "INBOX")->failed_count, 1, 3);
}

/* ---- IDLE ---- */

static bool has_51(const struct harness *h)
{
	return harness_stored(h) == MAILS + 1;
}

static void test_idle_that_speaks_first(void **state)
{
	static const char *const scenarios[] = { "idlebefore", "idlefast" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		CLEANUP(harness_release) struct harness h;
		int before;

		pass(&h, scenarios[i]);
		assert_true(harness_until(&h, harness_idle, WAIT_MS));
		lab_write(&lab, "count", "51");
		assert_true(harness_until(&h, has_51, WAIT_MS));
		/* It cries "news" at once, each time: that must not become a loop. */
		harness_serve(&h, 500);
		before = (int)h.state_count;
		harness_serve(&h, 1500);
		assert_in_range(h.state_count - (size_t)before, 0, 12);
		assert_int_equal(h.vault_opens, 1);
		lab_write(&lab, "count", NULL);
	}
}

static bool has_logged_in_again(const struct harness *h)
{
	return h->vault_opens >= 2;
}

static void test_idle_that_ends(void **state)
{
	static const struct {
		const char *scenario, *kind;
		bool again; /* soon */
	} cases[] = { { "idlebye", "closed-by-server", false },
		      { "idledrop", "connection-lost", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(harness_release) struct harness h;

		pass(&h, cases[i].scenario);
		assert_true(harness_until(&h, harness_idle, WAIT_MS));
		assert_true(harness_until(&h, harness_troubled, WAIT_MS));
		assert_string_equal(h.states[h.state_count - 1].kind, cases[i].kind);
		if (cases[i].again)
			assert_true(harness_until(&h, has_logged_in_again, WAIT_MS));
	}
}

/* ---- the folder changes ---- */

static void test_new_uidvalidity_is_a_new_folder(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	pass(&h, "ok");
	lab_write(&lab, "uidvalidity", "1700000099");
	h.passes = 0;
	harness_sync(&h, 2);
	assert_true(harness_until(&h, harness_passed, WAIT_MS));
	lab_write(&lab, "uidvalidity", NULL);
	assert_int_equal(h.folder_count, 2);
	assert_int_equal(h.store[1].uidvalidity, 1700000099);
	assert_int_equal(h.store[1].count, MAILS);
}

static void test_poll_looks_without_being_asked(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "ok");
	h.poll_s = 1;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, WAIT_MS));
	lab_write(&lab, "count", "51");
	assert_true(harness_until(&h, has_51, WAIT_MS));
	lab_write(&lab, "count", NULL);
	assert_int_equal(h.dials, 1);
}

static void test_gone_messages_are_counted(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	pass(&h, "ok");
	lab_write(&lab, "count", "40");
	h.passes = 0;
	harness_sync(&h, 2);
	assert_true(harness_until(&h, harness_passed, WAIT_MS));
	lab_write(&lab, "count", NULL);
	assert_int_equal(harness_folder(&h, "INBOX")->todo_gone, 10);
	assert_int_equal(h.pass_server, 40);
}

static void test_one_pass_then_the_end(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "ok");
	h.mode = IMAP_MODE_ONCE;
	harness_start(&h);
	assert_true(harness_until(&h, harness_exited, WAIT_MS));
	assert_int_equal(h.passes, 1);
	assert_int_equal(harness_stored(&h), MAILS);
	assert_int_equal(h.status, 0);
}

static void test_large_messages(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "big+20");
	lab_write(&lab, "count", "6");
	h.message_max = 50 << 20;
	h.timeout_s = 10;
	harness_start(&h);
	assert_true(harness_until(&h, harness_passed, 60000));
	lab_write(&lab, "count", NULL);
	assert_int_equal(harness_stored(&h), 6);
	assert_int_equal(h.batches, 6);
	assert_in_range(harness_folder(&h, "INBOX")->list[0].len, 20000000, 20000400);
}

static void test_stop_during_silence(void **state)
{
	CLEANUP(harness_release) struct harness h;

	(void)state;
	begin(&h, "stall+5");
	h.timeout_s = 60;
	harness_start(&h);
	harness_serve(&h, 1000);
	harness_stop(&h);
}

/* ---- a server that says OK to everything, and nothing else ---- */

static void answer_lines(int fd)
{
	static const char hello[] = "* OK hi\r\n";
	char line[1024];
	size_t len = 0;

	if (write(fd, hello, sizeof(hello) - 1) < 0)
		return;
	while (len < sizeof(line) && read(fd, &line[len], 1) == 1) {
		char answer[64];
		int n;

		if (line[len++] != '\n')
			continue;
		n = snprintf(answer, sizeof(answer), "%.*s OK done\r\n", (int)strcspn(line, " "),
			     line);
		len = 0;
		if (write(fd, answer, (size_t)n) < 0)
			return;
	}
}

static pid_t start_terse_server(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

			if (fd < 0)
				_exit(0);
			answer_lines(fd);
			close(fd);
		}
	}
	close(listener);
	return pid;
}

static void test_a_server_that_says_ok_only(void **state)
{
	CLEANUP(harness_release) struct harness h;
	int status, port;
	const pid_t server = start_terse_server(&port);

	(void)state;
	begin(&h, "ok");
	h.port = port;
	harness_start(&h);
	assert_true(harness_until(&h, harness_troubled, WAIT_MS));
	assert_string_equal(h.states[h.state_count - 1].kind, "server-garbage");
	assert_int_equal(h.vault_opens, 1);
	harness_serve(&h, 200);
	assert_false(h.exited);
	kill(server, SIGKILL);
	waitpid(server, &status, 0);
}

static int start(void **state)
{
	(void)state;
	lab_start(&lab, "badimap.sh");
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_in_refused),
		cmocka_unit_test(test_before_the_log_in),
		cmocka_unit_test(test_starttls_is_not_fooled),
		cmocka_unit_test(test_old_tls_is_refused),
		cmocka_unit_test(test_tls_from_the_start_at_a_clear_port),
		cmocka_unit_test(test_odd_servers_lose_nothing),
		cmocka_unit_test(test_bodies_are_exact),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_labels_without_end),
		cmocka_unit_test(test_flags_are_compared_every_few_hours),
		cmocka_unit_test(test_counted_changes),
		cmocka_unit_test(test_flags_do_not_keep_mail_away),
		cmocka_unit_test(test_permanentflags_in_the_greeting),
		cmocka_unit_test(test_messages_that_are_not_given),
		cmocka_unit_test(test_names_of_folders),
		cmocka_unit_test(test_broken_lines_go_on),
		cmocka_unit_test(test_limits_of_the_provider),
		cmocka_unit_test(test_a_server_that_refuses_all_fills_no_ledger),
		cmocka_unit_test(test_hostile_answers_end_the_connection),
		cmocka_unit_test(test_poison_is_given_up_after_three),
		cmocka_unit_test(test_a_server_that_always_breaks_fills_no_ledger),
		cmocka_unit_test(test_idle_that_speaks_first),
		cmocka_unit_test(test_idle_that_ends),
		cmocka_unit_test(test_new_uidvalidity_is_a_new_folder),
		cmocka_unit_test(test_poll_looks_without_being_asked),
		cmocka_unit_test(test_gone_messages_are_counted),
		cmocka_unit_test(test_one_pass_then_the_end),
		cmocka_unit_test(test_large_messages),
		cmocka_unit_test(test_stop_during_silence),
		cmocka_unit_test(test_a_server_that_says_ok_only),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("imap/badimap", tests, start, stop);
}
