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

	days += before_month[month - 1] + day - 1;
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

static bool span_set(struct query_span *ret_span, int64_t first_day, int64_t days,
		     int64_t utc_offset_ms)
{
	ret_span->from_ms = first_day * day_ms - utc_offset_ms;
	ret_span->before_ms = (first_day + days) * day_ms - utc_offset_ms;
	return true;
}

static bool relative_parse(const char *text, int64_t now_ms, int64_t utc_offset_ms,
			   struct query_span *ret_span)
{
	const int64_t local = now_ms + utc_offset_ms;
	const int64_t today = (local >= 0 ? local : local - day_ms + 1) / day_ms;

	if (strcasecmp(text, "today") == 0)
		return span_set(ret_span, today, 1, utc_offset_ms);
	if (strcasecmp(text, "yesterday") == 0)
		return span_set(ret_span, today - 1, 1, utc_offset_ms);
	return false;
}

bool query_date_parse(const char *text, int64_t now_ms, int64_t utc_offset_ms,
		      struct query_span *ret_span)
{
	const char *p = text;
	int year, month, day;

	if (relative_parse(text, now_ms, utc_offset_ms, ret_span))
		return true;
	year = number_read(&p, 4);
	if (year < 1900 || year > 2999)
		return false;
	if (!*p)
		return span_set(ret_span, days_of(year, 1, 1),
				days_of(year + 1, 1, 1) - days_of(year, 1, 1), utc_offset_ms);
	if (!separator_read(&p))
		return false;
	month = number_read(&p, 2);
	if (month < 1 || month > 12)
		return false;
	if (!*p)
		return span_set(ret_span, days_of(year, month, 1), days_in_month(year, month),
				utc_offset_ms);
	if (!separator_read(&p))
		return false;
	day = number_read(&p, 2);
	if (*p || day < 1 || day > days_in_month(year, month))
		return false;
	return span_set(ret_span, days_of(year, month, day), 1, utc_offset_ms);
}
