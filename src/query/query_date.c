/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_date.h"

#include <strings.h>

static const int64_t day_ms = 86400000;

/* Days since 1970-01-01 of a day in the Gregorian calendar (proleptic). */
static int64_t days_of(int year, int month, int day)
{
	static const int before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	const int64_t past = year - 1;
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;

	days += before_month[(unsigned int)(month - 1) % 12] + day - 1;
	return days + (leap && month > 2);
}

static int days_in_month(int year, int month)
{
	const int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);

	return (int)(next - days_of(year, month, 1));
}

/* One to count digits at *p; -1 if there is none. */
static int number_read(const char **p, int count)
{
	int value = -1;

	for (int i = 0; i < count && **p >= '0' && **p <= '9'; i++, (*p)++)
		value = (value < 0 ? 0 : value) * 10 + (**p - '0');
	return value;
}

static bool separator_read(const char **p)
{
	if (**p != '-' && **p != '/')
		return false;
	(*p)++;
	return true;
}

/* The days as the viewer's clocks count them; two of a year last 23 and 25 hours. */
static bool span_set(struct query_span *ret_span, const struct zone *zone, int64_t first_day,
		     int64_t days)
{
	ret_span->from_ms = zone_utc_ms(zone, first_day * day_ms);
	ret_span->before_ms = zone_utc_ms(zone, (first_day + days) * day_ms);
	return true;
}

static int64_t today_of(const struct query_options *options)
{
	const int64_t local = options->now_ms + zone_offset_ms(options->zone, options->now_ms);

	return (local >= 0 ? local : local - day_ms + 1) / day_ms;
}

static bool day_set(struct query_span *ret_span, const struct zone *zone, int year, int month,
		    int day)
{
	if (year < 1900 || year > 2999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	return span_set(ret_span, zone, days_of(year, month, day), 1);
}

/* 21.11.2026 */
static bool dotted_parse(const char *text, const struct zone *zone, struct query_span *ret_span)
{
	const char *p = text;
	const int day = number_read(&p, 2);
	int month, year;

	if (*p != '.')
		return false;
	p++;
	month = number_read(&p, 2);
	if (*p != '.')
		return false;
	p++;
	year = number_read(&p, 4);
	return !*p && day_set(ret_span, zone, year, month, day);
}

bool query_date_parse(const char *text, const struct query_options *options,
		      struct query_span *ret_span)
{
	const struct zone *zone = options->zone;
	const char *p = text;
	int year, month, day;

	if (strcasecmp(text, "today") == 0)
		return span_set(ret_span, zone, today_of(options), 1);
	if (strcasecmp(text, "yesterday") == 0)
		return span_set(ret_span, zone, today_of(options) - 1, 1);
	if (dotted_parse(text, zone, ret_span))
		return true;
	year = number_read(&p, 4);
	if (year < 1900 || year > 2999)
		return false;
	if (!*p)
		return span_set(ret_span, zone, days_of(year, 1, 1),
				days_of(year + 1, 1, 1) - days_of(year, 1, 1));
	if (!separator_read(&p))
		return false;
	month = number_read(&p, 2);
	if (month < 1 || month > 12)
		return false;
	if (!*p)
		return span_set(ret_span, zone, days_of(year, month, 1),
				days_in_month(year, month));
	if (!separator_read(&p))
		return false;
	day = number_read(&p, 2);
	return !*p && day_set(ret_span, zone, year, month, day);
}

/* The day so many months before; the 31st becomes the last one of a shorter month. */
static int64_t months_before(int64_t today, unsigned int months)
{
	int year = 1970 + (int)(today / 366), month = 12, day;

	while (days_of(year + 1, 1, 1) <= today)
		year++;
	while (month > 1 && days_of(year, month, 1) > today)
		month--;
	day = (int)(today - days_of(year, month, 1)) + 1;
	year -= (int)(months / 12);
	month -= (int)(months % 12);
	if (month < 1) {
		month += 12;
		year--;
	}
	if (year < 1)
		return 0;
	return days_of(year, month,
		       day < days_in_month(year, month) ? day : days_in_month(year, month));
}

/* d, day, days ...: the letter, or 0. */
static char unit_of(const char *text)
{
	static const char *const units[][3] = { { "h", "hour", "hours" },
						{ "d", "day", "days" },
						{ "w", "week", "weeks" },
						{ "m", "month", "months" },
						{ "y", "year", "years" } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		for (size_t k = 0; k < ARRAY_SIZE(units[i]); k++)
			if (strcasecmp(text, units[i][k]) == 0)
				return units[i][0][0];
	return 0;
}

bool query_age_parse(const char *text, const struct query_options *options, int64_t *ret_ms)
{
	const char *p = text;
	const int count = number_read(&p, 4);
	const char unit = unit_of(p);
	int64_t day = today_of(options);

	if (count < 0 || !unit)
		return false;
	if (unit == 'h') {
		*ret_ms = options->now_ms - (int64_t)count * 3600000;
		return true;
	}
	if (unit == 'd' || unit == 'w')
		day -= (int64_t)count * (unit == 'w' ? 7 : 1);
	else
		day = months_before(day, (unsigned int)count * (unit == 'y' ? 12 : 1));
	*ret_ms = zone_utc_ms(options->zone, day * day_ms);
	return true;
}
