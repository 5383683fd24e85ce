/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as people type them in a search: 2026, 2026-11, 2026-11-21, today, yesterday. */
#ifndef THREADS_QUERY_QUERY_DATE_H
#define THREADS_QUERY_QUERY_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* [from_ms, before_ms) in UTC. */
struct query_span {
	int64_t from_ms;
	int64_t before_ms;
};

/*
 * Reads text (years 1900 to 2999; "/" counts as "-"; any case). A day begins
 * at midnight of the viewer, who is utc_offset_ms ahead of UTC. Returns false
 * if text is no such date.
 */
bool query_date_parse(const char *text, int64_t now_ms, int64_t utc_offset_ms,
		      struct query_span *ret_span);

#endif
