/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "supervisor/bus.h"
#include "supervisor/child.h"
#include "supervisor/links.h"

static void test_a_role_that_worked_starts_at_once_twice(void **state)
{
	struct child child = { .was_ready = true };

	(void)state;
	assert_int_equal(child_delay_after(&child, 1000), 0);
	assert_int_equal(child_delay_after(&child, 2000), 0);
	assert_int_equal(child_delay_after(&child, 3000), 1000); /* third crash in a minute */
	assert_int_equal(child_delay_after(&child, 5000), 2000);
	assert_int_equal(child_delay_after(&child, 8000), 4000);
}

static void test_rare_crashes_cost_no_delay(void **state)
{
	struct child child = { .was_ready = true };

	(void)state;
	for (int64_t now_ms = 1000; now_ms < 1000000; now_ms += 40000)
		assert_int_equal(child_delay_after(&child, now_ms), 0);
}

static void test_a_role_that_never_worked_waits_longer_each_time(void **state)
{
	static const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	struct child child = { .was_ready = false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(child_delay_after(&child, (int64_t)i * 100000 + 1), want[i]);
}

static void test_links_are_those_of_the_protocol(void **state)
{
	(void)state;
	assert_true(links_has(ROLE_HTTP, ROLE_AUTH));
	assert_true(links_has(ROLE_AUTH, ROLE_HTTP));
	assert_true(links_has(ROLE_IMAP, ROLE_VAULT));
	/* Fetchers never parse, parsers never connect, http never reads mail. */
	assert_false(links_has(ROLE_IMAP, ROLE_PARSE));
	assert_false(links_has(ROLE_PARSE, ROLE_DIAL));
	assert_false(links_has(ROLE_HTTP, ROLE_INDEX));
	assert_false(links_has(ROLE_HTTP, ROLE_VAULT));
	assert_false(links_has(ROLE_DIAL, ROLE_INDEX));
}

/* How often api was started when index became ready; the programs are not there. */
static int64_t starts_of_api(bool stopping)
{
	struct supervisor s = { .notify_fd = -1, .stopping = stopping };
	struct child *index, *api;
	struct threads_error err;

	for (size_t i = 0; i < ARRAY_SIZE(s.programs); i++)
		s.programs[i] = -1;
	assert_rc(loop_new(&s.loop, &err), 0, &err);
	assert_rc(bus_open(&s, &err), 0, &err);
	assert_rc(child_add(&s, ROLE_INDEX, 0, true, &index, &err), 0, &err);
	assert_rc(child_add(&s, ROLE_API, 0, true, &api, &err), 0, &err);
	child_start_allowed(api);
	assert_int_equal(s.starts[ROLE_API], 0);
	child_ready(index, true);
	child_free(api);
	child_free(index);
	s.roles_timer = loop_timer_remove(s.roles_timer);
	s.loop = loop_free(s.loop);
	return s.starts[ROLE_API];
}

/* Index may become ready at last when the hub was told to end: nobody would end what starts then. */
static void test_nothing_starts_while_the_hub_ends(void **state)
{
	(void)state;
	assert_int_equal(starts_of_api(false), 1);
	assert_int_equal(starts_of_api(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_role_that_worked_starts_at_once_twice),
		cmocka_unit_test(test_rare_crashes_cost_no_delay),
		cmocka_unit_test(test_a_role_that_never_worked_waits_longer_each_time),
		cmocka_unit_test(test_links_are_those_of_the_protocol),
		cmocka_unit_test(test_nothing_starts_while_the_hub_ends),
	};

	return cmocka_run_group_tests_name("supervisor/child", tests, NULL, NULL);
}
