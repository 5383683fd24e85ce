/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/zone.h"

static const char dir[] = "/usr/share/zoneinfo";

static const struct {
	const char *zone, *utc;
	int minutes;
} offsets[] = {
	{ "Etc/UTC", "2026-07-01T00:00:00Z", 0 },
	{ "Europe/Berlin", "2026-07-01T00:00:00Z", 120 },
	{ "Europe/Berlin", "2026-12-01T00:00:00Z", 60 },
	{ "Europe/Berlin", "2026-03-29T00:59:59Z", 60 },
	{ "Europe/Berlin", "2026-03-29T01:00:00Z", 120 },
	{ "America/New_York", "2026-07-01T00:00:00Z", -240 },
	{ "Asia/Kolkata", "2026-07-01T00:00:00Z", 330 },
	{ "Pacific/Auckland", "2026-01-01T00:00:00Z", 780 },
};

static void clocks_show_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		CLEANUP(zone_freep) struct zone *zone = NULL;
		struct threads_error err;
		int64_t ms;

		assert_rc(clock_parse_rfc3339(offsets[i].utc, &ms, &err), 0, &err);
		assert_rc(zone_load(dir, offsets[i].zone, &zone, &err), 1, &err);
		assert_int_equal(zone_offset_ms(zone, ms), offsets[i].minutes * 60000);
		assert_int_equal(zone_utc_ms(zone, ms + offsets[i].minutes * 60000), ms);
	}
	assert_int_equal(zone_offset_ms(NULL, 0), 0);
	assert_int_equal(zone_utc_ms(NULL, 7), 7);
}

static void odd_names_are_not_found(void **state)
{
	static const char *const bad[] = { "",       "/etc/passwd", "../../../etc/passwd",
					   "Europe", "No/Such",     "zone.tab",
					   "a\nb" };
	struct zone *zone = NULL;
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_rc(zone_load(dir, bad[i], &zone, &err), 0, &err);
	assert_rc(zone_load("/nowhere", "Europe/Berlin", &zone, &err), 0, &err);
	assert_null(zone);
}

/* Every beginning of a table, and a table with any one byte changed. */
static void damaged_tables_do_no_harm(void **state)
{
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
	unsigned char data[8192];
	size_t len;

	(void)state;
	assert_non_null(file);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	assert_true(len > 500);
	for (size_t i = 0; i < len; i++) {
		CLEANUP(zone_freep) struct zone *cut = NULL, *changed = NULL;
		AUTO_FREE unsigned char *copy = malloc(i + 1);
		struct threads_error err;

		memcpy(copy, data, i);
		(void)!zone_parse(copy, i, &cut, &err);
		data[i] ^= 0xFF;
		if (zone_parse(data, len, &changed, &err) == 0)
			(void)zone_utc_ms(changed, zone_offset_ms(changed, 1795224600000LL));
		data[i] ^= 0xFF;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_show_what_the_table_says),
		cmocka_unit_test(odd_names_are_not_found),
		cmocka_unit_test(damaged_tables_do_no_harm),
	};

	return cmocka_run_group_tests_name("core/zone", tests, NULL, NULL);
}
