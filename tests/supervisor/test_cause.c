/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the end of a role: every signal by a process that dies of it. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "supervisor/cause.h"
#include "supervisor/journal.h"

/* The status of a process that sends itself the signal, or ends with the status. */
static int die(int by_signal, int status)
{
	int wait_status;
	const pid_t pid = fork();

	if (pid == 0) {
		signal(by_signal ? by_signal : SIGUSR1, SIG_DFL);
		prctl(PR_SET_DUMPABLE, 0);
		if (by_signal)
			raise(by_signal);
		_exit(status);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	return wait_status;
}

static enum cause describe(struct cause_end end, char *out, size_t size)
{
	if (!end.last_line)
		end.last_line = "";
	return cause_describe(&end, out, size);
}

static void test_each_signal_has_its_words(void **state)
{
	static const struct {
		int number;
		enum cause cause;
		const char *words;
	} cases[] = {
		{ SIGSEGV, CAUSE_CRASH, "SIGSEGV: a bad memory access" },
		{ SIGBUS, CAUSE_CRASH, "SIGBUS: memory or a piece of a file that is not there" },
		{ SIGILL, CAUSE_CRASH, "SIGILL: a bad instruction" },
		{ SIGFPE, CAUSE_CRASH, "SIGFPE: impossible arithmetic" },
		{ SIGABRT, CAUSE_CRASH, "SIGABRT: it gave itself up" },
		{ SIGTRAP, CAUSE_CRASH, "SIGTRAP: a trap" },
		{ SIGSYS, CAUSE_SANDBOX, "SIGSYS: a system call that its sandbox forbids" },
		{ SIGXCPU, CAUSE_LIMIT, "SIGXCPU: too much processor time" },
		{ SIGXFSZ, CAUSE_LIMIT, "SIGXFSZ: a file larger than it may write" },
		{ SIGKILL, CAUSE_KILLED, "SIGKILL: killed from outside" },
		{ SIGTERM, CAUSE_KILLED, "SIGTERM: asked from outside to end" },
		{ SIGUSR2, CAUSE_KILLED, "signal 12 (SIGUSR2)" },
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cause_end end = { .wait_status = die(cases[i].number, 0) };

		assert_int_equal(describe(end, got, sizeof(got)), cases[i].cause);
		assert_string_equal(got, cases[i].words);
	}
}

static void test_what_it_said_last_stands_there(void **state)
{
	char got[200];
	struct cause_end end = { .wait_status = die(0, 70), .last_line = "no room" };

	(void)state;
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_EXIT);
	assert_string_equal(got, "exit 70 after: no room");
	end.wait_status = die(0, 0); /* SIGTERM from outside: that line has nothing to do with it */
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_KILLED);
	assert_string_equal(got, "exit 0: asked from outside to end");
	end.wait_status = die(SIGSEGV, 0);
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_CRASH);
	assert_string_equal(got, "SIGSEGV: a bad memory access; it said last: no room");
	end.last_line = "";
	assert_int_equal(describe(end, got, 8), CAUSE_CRASH); /* cut, not overrun */
	assert_string_equal(got, "SIGSEGV");
}

static void test_our_own_kill_is_told_as_ours(void **state)
{
	char got[200];
	struct cause_end end = {
		.wait_status = die(SIGKILL, 0),
		.killed_as = CAUSE_WATCHDOG,
		.killed_for = "it did not answer the watchdog",
	};

	(void)state;
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_WATCHDOG);
	assert_string_equal(got, "killed: it did not answer the watchdog");
	end.killed_for = NULL;
	end.memory_short = true;
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_MEMORY);
	assert_string_equal(got, "out of memory: the kernel killed it");
	/* It died by itself before our signal came. */
	end.wait_status = die(SIGSEGV, 0);
	end.killed_for = "it did not end";
	assert_int_equal(describe(end, got, sizeof(got)), CAUSE_CRASH);
}

static void test_the_kernel_counts_kills_for_memory(void **state)
{
	(void)state;
	assert_true(cause_memory_kills() >= 0);
}

static void test_lines_are_cleaned_and_the_last_warnings_kept(void **state)
{
	struct journal journal = { 0 };
	struct journal_pipe said = {
		.journal = &journal, .role = ROLE_IMAP, .instance = 17, .fd = -1, .last_level = 7
	};
	char line[40];

	(void)state;
	journal_line(&said, "<6>2026-11-21T09:41:34.123Z imap 17: all is well");
	assert_string_equal(said.last, ""); /* that is no reason to end */
	assert_null(journal_at(&journal, 0));
	journal_line(&said, "<3>api: \x1b[2Jforged: name");
	assert_string_equal(said.last, "?[2Jforged: name");
	assert_int_equal(journal_at(&journal, 0)->role, ROLE_IMAP); /* not what the line says */
	journal_line(&said, "<6>imap: later and calm");
	assert_string_equal(said.last, "?[2Jforged: name"); /* the error stays */
	journal_line(&said, "==12==ERROR: AddressSanitizer");
	assert_string_equal(journal_at(&journal, 0)->text, "==12==ERROR: AddressSanitizer");
	for (int i = 0; i < 3 * JOURNAL_KEPT; i++) {
		snprintf(line, sizeof(line), "<4>imap: number %d", i);
		journal_line(&said, line);
	}
	assert_string_equal(journal_at(&journal, 0)->text, "number 119");
	assert_string_equal(journal_at(&journal, JOURNAL_KEPT - 1)->text, "number 80");
	assert_null(journal_at(&journal, JOURNAL_KEPT));
}

static void test_lines_come_whole_out_of_the_pipe(void **state)
{
	struct journal journal = { 0 };
	struct journal_pipe said = { .journal = &journal, .role = ROLE_HTTP, .fd = -1 };
	static const char words[] = "<4>http: one\n<4>http: two\n<4>http: cut off";
	struct loop *loop;
	struct threads_error err;
	char flood[3000];
	int fd;

	(void)state;
	assert_rc(loop_new(&loop, &err), 0, &err);
	assert_rc(journal_open(&said, loop, &fd, &err), 0, &err);
	assert_int_equal(write(fd, words, 16), 16);
	assert_int_equal(loop_turn(loop, 100, &err), 1);
	assert_string_equal(journal_at(&journal, 0)->text, "one");
	assert_null(journal_at(&journal, 1));
	assert_int_equal(write(fd, words + 16, sizeof(words) - 17), sizeof(words) - 17);
	close(fd);
	journal_close(&said); /* as when its process has ended */
	assert_string_equal(journal_at(&journal, 0)->text, "cut off");
	assert_string_equal(journal_at(&journal, 1)->text, "two");
	/* No line end at all: bounded pieces. */
	assert_rc(journal_open(&said, loop, &fd, &err), 0, &err);
	memset(flood, 'x', sizeof(flood));
	assert_int_equal(write(fd, flood, sizeof(flood)), sizeof(flood));
	close(fd);
	journal_close(&said);
	assert_int_equal(journal.written, 3 + 3);
	assert_int_equal(strlen(journal_at(&journal, 0)->text), JOURNAL_TEXT_BYTES - 1);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_signal_has_its_words),
		cmocka_unit_test(test_what_it_said_last_stands_there),
		cmocka_unit_test(test_our_own_kill_is_told_as_ours),
		cmocka_unit_test(test_the_kernel_counts_kills_for_memory),
		cmocka_unit_test(test_lines_are_cleaned_and_the_last_warnings_kept),
		cmocka_unit_test(test_lines_come_whole_out_of_the_pipe),
	};

	return cmocka_run_group_tests_name("supervisor/cause", tests, NULL, NULL);
}
