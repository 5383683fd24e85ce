/* SPDX-License-Identifier: Apache-2.0 */
/* Date headers, also broken ones: "Mon, 1 Jan 2024 00:00:00 +0000" and relatives. */
#ifndef THREADS_MIME_DATE_H
#define THREADS_MIME_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds day, month, year, time and zone in any order that mailers produced.
 * Missing zone is UTC, missing time is midnight. Returns false if there is no
 * day, month and year between 1970 and 2199.
 */
bool date_parse(const char *raw, size_t len, int64_t *ret_ms);

#endif
