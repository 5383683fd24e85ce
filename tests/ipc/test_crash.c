/* SPDX-License-Identifier: Apache-2.0 */
/* A real crash leaves one line and ends by its own signal; figures outlive the process. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ipc/crash.h"
#include "ipc/memory.h"
#include "ipc/metric.h"
#include "ipc/sandbox.h"

#ifndef THREADS_SANITIZE
static int recurse(volatile int depth)
{
	volatile char room[4096] = { (char)depth };

	return depth < 0 ? room[0] : recurse(depth + 1) + room[1];
}

static void crash(int how)
{
	volatile uintptr_t nowhere = 0x18;
	struct sandbox_rules rules = { 0 };
	struct threads_error err;

	crash_words();
	if (sandbox_enter(&rules, true, &err) < 0)
		_exit(99);
	switch (how) {
	case 0:
		*(volatile int *)nowhere = 1; /* NOLINT */
		break;
	case 1:
		abort();
	default:
		_exit(recurse(0));
	}
	_exit(0);
}

static int crashed(int how, char *said, size_t size)
{
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		crash(how);
	}
	close(ends[1]);
	n = read(ends[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WTERMSIG(status);
}
#endif

static void test_a_crash_leaves_one_line(void **state)
{
	(void)state;
#ifndef THREADS_SANITIZE
	char said[300];

	assert_int_equal(crashed(0, said, sizeof(said)), SIGSEGV);
	assert_non_null(strstr(said, "<3>crash: signal=SIGSEGV address=0x18 at=program+0x"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_int_equal(crashed(1, said, sizeof(said)), SIGABRT);
	assert_string_equal(said, "<3>crash: signal=SIGABRT at=library\n");
	assert_int_equal(crashed(2, said, sizeof(said)), SIGSEGV); /* no stack left */
	assert_non_null(strstr(said, "signal=SIGSEGV"));
#endif
}

static void test_figures_outlive_who_counted_them(void **state)
{
	const int64_t *slots;
	struct threads_error err;
	const unsigned first = metric_first_slot(METRIC_SEARCH_SECONDS);
	int fd, status;
	pid_t pid;

	(void)state;
	assert_rc(metric_page_new(&fd, &slots, &err), 0, &err);
	assert_int_not_equal(ftruncate(fd, 0), 0); /* sealed */
	pid = fork();
	if (pid == 0) {
		if (metric_attach(fd, &err) < 0)
			_exit(1);
		metric_time(METRIC_SEARCH_SECONDS, 900);
		metric_time(METRIC_SEARCH_SECONDS, 1000);
		metric_time(METRIC_SEARCH_SECONDS, 1001);
		metric_time(METRIC_SEARCH_SECONDS, 99000000);
		metric_add(METRIC_HTTP_REQUESTS, metric_http_which(ROUTE_FILE, 404), 2);
		metric_add(METRIC_SIGN_INS, 77, 5); /* no such label: stays in its family */
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(metric_page_read(slots, first), 2);
	assert_int_equal(metric_page_read(slots, first + 1), 1);
	assert_int_equal(metric_page_read(slots, first + METRIC_BUCKETS - 1), 1);
	assert_int_equal(metric_page_read(slots, first + METRIC_BUCKETS), 99002901);
	assert_int_equal(
		metric_page_read(slots, metric_first_slot(METRIC_HTTP_REQUESTS) + 3 * 5 + 3), 2);
	assert_int_equal(metric_page_read(slots, metric_first_slot(METRIC_SIGN_INS)), 5);
	assert_true(metric_first_slot(METRIC_COUNT - 1) + metric_slots(METRIC_COUNT - 1) <=
		    METRIC_SLOTS_MAX);
	close(fd);
}

static void test_the_statuses_of_http(void **state)
{
	(void)state;
	assert_int_equal(metric_http_which(ROUTE_API, 100), 0);
	assert_int_equal(metric_http_which(ROUTE_API, 599), 4);
	assert_int_equal(metric_http_which(ROUTE_AUTH, 200), 6);
	assert_int_equal(metric_http_which(ROUTE_API, 0), 4); /* never answered */
}

static void test_memory_is_known_after_confinement(void **state)
{
	const int fd = memory_open();
	int64_t rss = 0, pss = 0;

	(void)state;
	assert_true(memory_read(fd, &rss, &pss));
	assert_true(rss > 0 && pss > 0 && pss <= rss);
	assert_false(memory_read(-1, &rss, &pss));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_crash_leaves_one_line),
		cmocka_unit_test(test_figures_outlive_who_counted_them),
		cmocka_unit_test(test_the_statuses_of_http),
		cmocka_unit_test(test_memory_is_known_after_confinement),
	};

	return cmocka_run_group_tests_name("ipc/crash", tests, NULL, NULL);
}
