/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/clock.h"
#include "query/query_date.h"

/* 2026-11-21T01:30:00Z */
static const int64_t now_ms = 1795224600000LL;

static const struct {
	const char *text, *from, *before;
} cases[] = {
	{ "2026", "2026-01-01", "2027-01-01" },       { "2024-02", "2024-02-01", "2024-03-01" },
	{ "2026-12", "2026-12-01", "2027-01-01" },    { "2024-02-29", "2024-02-29", "2024-03-01" },
	{ "2026-1-5", "2026-01-05", "2026-01-06" },   { "2026/11/21", "2026-11-21", "2026-11-22" },
	{ "1969-12-31", "1969-12-31", "1970-01-01" }, { "today", "2026-11-21", "2026-11-22" },
	{ "Yesterday", "2026-11-20", "2026-11-21" },
};

static void dates_become_spans(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct threads_error err;
		struct query_span span;
		int64_t from, before;

		assert_rc(clock_parse_rfc3339(cases[i].from, &from, &err), 0, &err);
		assert_rc(clock_parse_rfc3339(cases[i].before, &before, &err), 0, &err);
		if (!query_date_parse(cases[i].text, now_ms, 0, &span))
			fail_msg("%s is not read", cases[i].text);
		assert_int_equal(span.from_ms, from);
		assert_int_equal(span.before_ms, before);
	}
}

static void other_text_is_no_date(void **state)
{
	static const char *const bad[] = { "",           "tomorrow",   "26",
					   "2026-",      "2026-13",    "2026-00",
					   "2025-02-29", "2026-11-31", "2026-11-21x",
					   "20266",      "2026-11-",   "1899",
					   "3000",       "2026.11.21", "-2026" };
	struct query_span span;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (query_date_parse(bad[i], now_ms, 0, &span))
			fail_msg("%s is taken for a date", bad[i]);
}

static void the_viewers_midnight_counts(void **state)
{
	const int64_t hour = 3600000;
	struct query_span here, west;

	(void)state;
	assert_true(query_date_parse("today", now_ms, 2 * hour, &here));
	assert_true(query_date_parse("today", now_ms, -5 * hour, &west));
	assert_true(here.from_ms <= now_ms && now_ms < here.before_ms);
	assert_true(west.from_ms <= now_ms && now_ms < west.before_ms);
	assert_int_equal(here.from_ms - west.from_ms, 24 * hour - 7 * hour);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_become_spans),
		cmocka_unit_test(other_text_is_no_date),
		cmocka_unit_test(the_viewers_midnight_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
