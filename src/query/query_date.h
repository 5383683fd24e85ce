/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and ages as people type them in a search: 2026, 2026-11, 2026-11-21, 21.11.2026,
 * today, yesterday; 12h, 7d, 2w, 6m, 1y. */
#ifndef THREADS_QUERY_QUERY_DATE_H
#define THREADS_QUERY_QUERY_DATE_H

#include "query/query_tree.h"

/* [from_ms, before_ms) in UTC. */
struct query_span {
	int64_t from_ms;
	int64_t before_ms;
};

/*
 * Reads text (years 1900 to 2999; "/" counts as "-"; any case). A day begins
 * at midnight of the viewer. Returns false if text is no such date.
 */
bool query_date_parse(const char *text, const struct query_options *options,
		      struct query_span *ret_span);

/*
 * The moment that lies text before now: to the hour for hours, else the midnight that
 * began the day so many days, weeks, months or years ago. False if text is no age.
 */
bool query_age_parse(const char *text, const struct query_options *options, int64_t *ret_ms);

#endif
