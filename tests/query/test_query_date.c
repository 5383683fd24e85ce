/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/clock.h"
#include "query/query_date.h"

/* 2026-11-21T01:30:00Z */
static const struct query_options utc = { .now_ms = 1795224600000LL };

static const struct {
	const char *text, *from, *before;
} cases[] = {
	{ "2026", "2026-01-01", "2027-01-01" },       { "2024-02", "2024-02-01", "2024-03-01" },
	{ "2026-12", "2026-12-01", "2027-01-01" },    { "2024-02-29", "2024-02-29", "2024-03-01" },
	{ "2026-1-5", "2026-01-05", "2026-01-06" },   { "2026/11/21", "2026-11-21", "2026-11-22" },
	{ "1969-12-31", "1969-12-31", "1970-01-01" }, { "today", "2026-11-21", "2026-11-22" },
	{ "Yesterday", "2026-11-20", "2026-11-21" },  { "21.11.2026", "2026-11-21", "2026-11-22" },
	{ "1.2.2024", "2024-02-01", "2024-02-02" },
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
		if (!query_date_parse(cases[i].text, &utc, &span))
			fail_msg("%s is not read", cases[i].text);
		assert_int_equal(span.from_ms, from);
		assert_int_equal(span.before_ms, before);
	}
}

static void other_text_is_no_date(void **state)
{
	static const char *const bad[] = {
		"",           "tomorrow",   "26",          "2026-",      "2026-13",  "2026-00",
		"2025-02-29", "2026-11-31", "2026-11-21x", "20266",      "2026-11-", "1899",
		"3000",       "2026.11.21", "-2026",       "31.11.2026", "1.2.",     "1.2.26"
	};
	struct query_span span;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (query_date_parse(bad[i], &utc, &span))
			fail_msg("%s is taken for a date", bad[i]);
}

static int64_t moment(const char *text)
{
	struct threads_error err;
	int64_t ms;

	assert_rc(clock_parse_rfc3339(text, &ms, &err), 0, &err);
	return ms;
}

/* The clocks of Berlin: two hours ahead in summer, one in winter. */
static void the_viewers_midnight_counts(void **state)
{
	static const struct {
		const char *now, *text, *from, *before;
	} days[] = {
		{ "2026-07-01T22:30:00Z", "today", "2026-07-01T22:00:00Z", "2026-07-02T22:00:00Z" },
		{ "2026-07-01T21:30:00Z", "today", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z" },
		{ "2026-11-21T01:30:00Z", "today", "2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z" },
		/* 23 and 25 hours */
		{ "2026-11-21T01:30:00Z", "2026-03-29", "2026-03-28T23:00:00Z",
		  "2026-03-29T22:00:00Z" },
		{ "2026-11-21T01:30:00Z", "2026-10-25", "2026-10-24T22:00:00Z",
		  "2026-10-25T23:00:00Z" },
	};
	CLEANUP(zone_freep) struct zone *zone = NULL;
	struct threads_error err;
	struct query_span span;

	(void)state;
	assert_rc(zone_load("/usr/share/zoneinfo", "Europe/Berlin", &zone, &err), 1, &err);
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		const struct query_options options = { moment(days[i].now), zone };

		assert_true(query_date_parse(days[i].text, &options, &span));
		assert_int_equal(span.from_ms, moment(days[i].from));
		assert_int_equal(span.before_ms, moment(days[i].before));
	}
}

static void ages_count_back_from_now(void **state)
{
	static const struct {
		const char *text, *moment;
	} ages[] = {
		{ "0d", "2026-11-21T00:00:00Z" },      { "1d", "2026-11-20T00:00:00Z" },
		{ "7Days", "2026-11-14T00:00:00Z" },   { "2w", "2026-11-07T00:00:00Z" },
		{ "1m", "2026-10-21T00:00:00Z" },      { "11m", "2025-12-21T00:00:00Z" },
		{ "9months", "2026-02-21T00:00:00Z" }, { "2y", "2024-11-21T00:00:00Z" },
		{ "3h", "2026-11-20T22:30:00Z" },
	};
	static const char *const bad[] = { "", "7", "d", "-1d", "7x", "7 d", "99999d" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		assert_true(query_age_parse(ages[i].text, &utc, &ms));
		if (ms != moment(ages[i].moment))
			fail_msg("%s is %lld", ages[i].text, (long long)ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(query_age_parse(bad[i], &utc, &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_become_spans),
		cmocka_unit_test(other_text_is_no_date),
		cmocka_unit_test(the_viewers_midnight_counts),
		cmocka_unit_test(ages_count_back_from_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
