/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/date.h"

#include <string.h>
#include <strings.h>

#include "threads/compiler.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 2199, UNSET = -1 };

struct parts {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
	int zone_minutes;
	bool has_zone, afternoon, morning;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads up to 9 digits; more make the number useless (UNSET). */
static int number(const char **p, const char *end)
{
	int value = 0, digits = 0;

	for (; *p < end && is_digit(**p); (*p)++)
		if (digits++ < 9)
			value = value * 10 + (**p - '0');
	return digits > 9 ? UNSET : value;
}

static int month_find(const char *p, size_t len)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (len >= 3)
		for (int i = 0; i < 12; i++)
			if (strncasecmp(names + (size_t)i * 3, p, 3) == 0)
				return i + 1;
	return UNSET;
}

/* Names of zones that RFC 5322 and mailers use; others count as UTC. */
static bool zone_find(const char *p, size_t len, int *ret_minutes)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "UT", 0 },     { "UTC", 0 },    { "GMT", 0 },    { "Z", 0 },      { "EST", -300 },
		{ "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 },
		{ "PST", -480 }, { "PDT", -420 }, { "CET", 60 },   { "CEST", 120 }, { "MET", 60 },
		{ "MEST", 120 }, { "WET", 0 },    { "WEST", 60 },  { "EET", 120 },  { "EEST", 180 },
		{ "BST", 60 },   { "MSK", 180 },  { "IST", 330 },  { "JST", 540 },  { "KST", 540 },
		{ "HKT", 480 },  { "AEST", 600 }, { "AEDT", 660 }, { "NZST", 720 }, { "NZDT", 780 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		if (strlen(zones[i].name) == len && strncasecmp(zones[i].name, p, len) == 0) {
			*ret_minutes = zones[i].minutes;
			return true;
		}
	}
	return false;
}

static void word(struct parts *d, const char *p, size_t len)
{
	const int month = month_find(p, len);

	if (month != UNSET && d->month == UNSET)
		d->month = month;
	else if (len == 2 && strncasecmp(p, "pm", 2) == 0)
		d->afternoon = true;
	else if (len == 2 && strncasecmp(p, "am", 2) == 0)
		d->morning = true;
	else if (!d->has_zone && d->hour != UNSET && zone_find(p, len, &d->zone_minutes))
		d->has_zone = true;
}

/* "+0200", "+02:00", "+2", behind the sign. */
static void zone_number(struct parts *d, const char **p, const char *end, int sign)
{
	const char *start = *p;
	int value = number(p, end);
	const size_t digits = (size_t)(*p - start);

	if (*p < end && **p == ':' && digits <= 2) {
		(*p)++;
		value = value * 100 + number(p, end);
	} else if (digits <= 2) {
		value *= 100;
	}
	if (value < 0 || value > 2400 || value % 100 > 59)
		value = 0; /* nonsense such as +9999 */
	d->zone_minutes = sign * (value / 100 * 60 + value % 100);
	d->has_zone = true;
}

static void time_of_day(struct parts *d, int hour, const char **p, const char *end, char separator)
{
	d->hour = hour;
	(*p)++;
	d->minute = number(p, end);
	d->second = 0;
	if (*p < end && **p == separator) {
		(*p)++;
		d->second = number(p, end);
	}
	if (*p + 1 < end && (**p == '.' || **p == ',') && is_digit((*p)[1])) {
		(*p)++;
		(void)number(p, end); /* fractions of a second */
	}
}

/* 2024-01-31, 31/1/2024, 2024/1/31: two more numbers follow with the same separator. */
static void numeric_date(struct parts *d, int first, size_t digits, const char **p, const char *end)
{
	const char separator = *(*p)++;
	const int second = number(p, end);
	int third = UNSET;

	if (*p < end && **p == separator) {
		(*p)++;
		third = number(p, end);
	}
	d->month = second;
	d->day = digits == 4 ? third : first;
	d->year = digits == 4 ? first : third;
	if (d->month > 12 && d->day <= 12) { /* American order */
		d->day = second;
		d->month = digits == 4 ? third : first;
	}
}

static int full_year(int year, size_t digits)
{
	if (digits == 2)
		return year < 50 ? 2000 + year : 1900 + year;
	return digits == 3 ? 1900 + year : year; /* 3: year 2000 problem of old mailers */
}

static void digits_at(struct parts *d, const char **p, const char *end)
{
	const char *start = *p;
	const int value = number(p, end);
	const size_t digits = (size_t)(*p - start);
	const char next = *p < end ? **p : ' ';
	const bool more = *p + 1 < end && is_digit((*p)[1]);

	if (digits <= 2 && more && d->hour == UNSET &&
	    (next == ':' || (next == '.' && d->day != UNSET && d->month != UNSET)))
		time_of_day(d, value, p, end, next);
	else if ((next == '-' || next == '/' || next == '.') && more && d->day == UNSET &&
		 d->month == UNSET)
		numeric_date(d, value, digits, p, end);
	else if (digits <= 2 && d->day == UNSET)
		d->day = value;
	else if (digits >= 2 && digits <= 4 && d->year == UNSET)
		d->year = full_year(value, digits);
}

static void scan(struct parts *d, const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		const char *start = p;

		if (*p == '(' || *p == ')') { /* comments: "(CEST)" */
			depth += *p++ == '(' ? 1 : depth > 0 ? -1 : 0;
		} else if (depth == 0 && is_letter(*p)) {
			while (p < end && is_letter(*p))
				p++;
			word(d, start, (size_t)(p - start));
		} else if (depth == 0 && (*p == '+' || *p == '-') && d->hour != UNSET &&
			   !d->has_zone && p + 1 < end && is_digit(p[1])) {
			p++;
			zone_number(d, &p, end, *start == '+' ? 1 : -1);
		} else if (depth == 0 && is_digit(*p)) {
			digits_at(d, &p, end);
		} else {
			p++;
		}
	}
}

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t days_from(int year, int month, int day)
{
	const int64_t y = month > 2 ? year : year - 1;
	const int64_t m = (month + 9) % 12; /* from March */

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static bool parts_valid(struct parts *d)
{
	if (d->day >= YEAR_MIN && d->year != UNSET &&
	    d->year <= 31) { /* read the wrong way round */
		const int day = d->year;

		d->year = d->day;
		d->day = day;
	}
	if (d->year < YEAR_MIN || d->year > YEAR_MAX || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > 31)
		return false;
	if (d->hour < 0 || d->hour > 24 || d->minute < 0 || d->minute > 59 || d->second < 0 ||
	    d->second > 60)
		d->hour = d->minute = d->second = 0;
	if (d->afternoon && d->hour < 12)
		d->hour += 12;
	else if (d->morning && d->hour == 12)
		d->hour = 0;
	return true;
}

bool date_parse(const char *raw, size_t len, int64_t *ret_ms)
{
	enum { LONGEST = 200 }; /* nobody's date is longer */
	struct parts d = { .year = UNSET, .month = UNSET, .day = UNSET, .hour = UNSET };
	int64_t seconds;

	scan(&d, raw, raw + (len < LONGEST ? len : LONGEST));
	if (!parts_valid(&d))
		return false;
	seconds = days_from(d.year, d.month, d.day) * 86400 + (int64_t)d.hour * 3600 +
		  (int64_t)d.minute * 60 + d.second - (int64_t)d.zone_minutes * 60;
	*ret_ms = seconds * 1000;
	return true;
}
