/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of the hub in the text format of Prometheus, version 0.0.4.
 * Labels are words of a fixed list and numbers of accounts: never a name, an
 * address or a subject.
 */
#ifndef THREADS_API_METRICS_H
#define THREADS_API_METRICS_H

#include "api/overview.h"

enum { METRICS_TEXT_MAX = 1024 * 1024, METRICS_ACCOUNTS_MAX = 1000 };

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Errors: THREADS_ELIMIT, THREADS_EIO (database). */
int metrics_write(struct api *api, const struct overview *overview, struct strbuf *out,
		  struct threads_error *err) MUST_CHECK;

#endif
