/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t timespec_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(const struct clock *clk)
{
	if (clk && clk->now_ms)
		return clk->now_ms(clk->arg);
	return timespec_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* 0000-01-01 and 9999-12-31T23:59:59.999Z: what RFC 3339 can write. */
static const int64_t first_ms = -62167219200000LL, last_ms = 253402300799999LL;

const char *clock_format_rfc3339(int64_t ms, char *out, size_t out_size)
{
	struct tm tm;
	time_t seconds;
	int rest;

	if (ms < first_ms)
		ms = first_ms;
	if (ms > last_ms)
		ms = last_ms;
	seconds = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
	rest = (int)(ms - (int64_t)seconds * 1000);
	gmtime_r(&seconds, &tm);
	snprintf(out, out_size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
	return out;
}

/* Exactly count digits at *p, as a number; -1 if they are not there. */
static int digits(const char **p, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		value = value * 10 + (**p - '0');
	}
	return value;
}

static int literal(const char **p, char c)
{
	if (**p != c)
		return -1;
	(*p)++;
	return 0;
}

static int parse_day(const char **p, struct tm *tm)
{
	tm->tm_year = digits(p, 4) - 1900;
	if (tm->tm_year < -1900 || literal(p, '-') < 0)
		return -1;
	tm->tm_mon = digits(p, 2) - 1;
	if (tm->tm_mon < 0 || tm->tm_mon > 11 || literal(p, '-') < 0)
		return -1;
	tm->tm_mday = digits(p, 2);
	return tm->tm_mday >= 1 && tm->tm_mday <= 31 ? 0 : -1;
}

/* "hh:mm:ss", then an optional fraction of which milliseconds count. */
static int parse_time(const char **p, struct tm *tm, int *ms)
{
	int scale = 100;

	tm->tm_hour = digits(p, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || literal(p, ':') < 0)
		return -1;
	tm->tm_min = digits(p, 2);
	if (tm->tm_min < 0 || tm->tm_min > 59 || literal(p, ':') < 0)
		return -1;
	tm->tm_sec = digits(p, 2);
	if (tm->tm_sec < 0 || tm->tm_sec > 60)
		return -1;
	if (literal(p, '.') == 0)
		for (; **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
			*ms += (**p - '0') * scale;
	return 0;
}

/* "Z" or "+hh:mm"; the offset from UTC in minutes. */
static int parse_zone(const char **p, int *minutes)
{
	int sign = **p == '-' ? -1 : 1, hours, rest;

	if (literal(p, 'Z') == 0)
		return 0;
	if (literal(p, '+') < 0 && literal(p, '-') < 0)
		return -1;
	hours = digits(p, 2);
	if (hours < 0 || literal(p, ':') < 0)
		return -1;
	rest = digits(p, 2);
	*minutes = sign * (hours * 60 + rest);
	return rest < 0 ? -1 : 0;
}

int clock_parse_rfc3339(const char *text, int64_t *ret_ms, struct threads_error *err)
{
	struct tm tm = { 0 };
	int ms = 0, zone_minutes = 0, rc;
	const char *p = text;

	rc = parse_day(&p, &tm);
	if (rc == 0 && (*p == 'T' || *p == 't' || *p == ' ')) {
		p++;
		rc = parse_time(&p, &tm, &ms);
		if (rc == 0)
			rc = parse_zone(&p, &zone_minutes);
	}
	if (rc < 0 || *p)
		return threads_error_set(err, THREADS_EINVAL, "not a date or time (RFC 3339)");
	*ret_ms = ((int64_t)timegm(&tm) - (int64_t)zone_minutes * 60) * 1000 + ms;
	return 0;
}
