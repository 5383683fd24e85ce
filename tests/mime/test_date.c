/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/date.h"

static const struct {
	const char *raw;
	int64_t seconds; /* -1: no date */
} cases[] = {
	{ "Mon, 1 Jan 2024 00:00:00 +0000", 1704067200 },
	{ "1 Jan 2024 00:00 GMT", 1704067200 },
	{ "Mon, 01 Jan 2024 01:00:00 +0100 (CET)", 1704067200 },
	{ "Sun, 31 Dec 2023 19:00:00 EST", 1704067200 },
	{ "Sun, 31 Dec 2023 19:00:00 -0500", 1704067200 },
	{ "Mon Jan  1 00:00:00 2024", 1704067200 },
	{ "Mon Jan  1 00:00:00 UTC 2024", 1704067200 },
	{ "2024-01-01T00:00:00Z", 1704067200 },
	{ "2024-01-01 00:00:00.123 +0000", 1704067200 },
	{ "Monday, January 1, 2024 12:00:00 AM", 1704067200 },
	{ "01.01.2024 00:00", 1704067200 },
	{ "Thu, 29 Feb 2024 12:00:00 +0000", 1709208000 },
	{ "Fri, 31 Dec 99 23:59:59 +0000", 946684799 },
	{ "Fri, 31 Dec 1999 23:59:60 +0000", 946684800 },
	{ "1 Jan 2024", 1704067200 },
	{ "Mon, 1 Jan 2024 99:99:99 +0000", 1704067200 },
	{ "Mon, 1 Jan 2024 00:00:00 +9999", 1704067200 },
	{ "Fri, 99 Foo 99999999999 99:99:99 +9999", -1 },
	{ "Mon, 1 Jan 1824 00:00:00 +0000", -1 },
	{ "yesterday", -1 },
	{ "", -1 },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = -1000;

		if (date_parse(cases[i].raw, strlen(cases[i].raw), &ms) !=
			    (cases[i].seconds != -1) ||
		    ms != cases[i].seconds * 1000)
			fail_msg("%s: got %lld", cases[i].raw, (long long)ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

	return cmocka_run_group_tests_name("mime/date", tests, NULL, NULL);
}
