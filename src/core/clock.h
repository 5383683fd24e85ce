/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as the hub keeps it: int64_t milliseconds since 1970-01-01 UTC.
 * Code that decides by time takes a struct clock, so that tests set it.
 */
#ifndef THREADS_CORE_CLOCK_H
#define THREADS_CORE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

struct clock {
	int64_t (*now_ms)(void *arg); /* NULL: the system's clock */
	void *arg;
};

/* Wall clock by clk; clk may be NULL (system). */
int64_t clock_now_ms(const struct clock *clk);

/* Monotonic milliseconds, for durations and deadlines within one process. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

enum { CLOCK_RFC3339_SIZE = sizeof("2026-11-21T09:41:34.123Z") };

/* Writes RFC 3339 UTC with milliseconds; out holds CLOCK_RFC3339_SIZE bytes.
 * Years outside 0..9999 are clamped. Returns out. */
const char *clock_format_rfc3339(int64_t ms, char *out, size_t out_size);

/* Parses "YYYY-MM-DD" or a full RFC 3339 time. Errors: THREADS_EINVAL. */
int clock_parse_rfc3339(const char *text, int64_t *ret_ms, struct threads_error *err) MUST_CHECK;

#endif
