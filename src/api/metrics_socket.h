/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures for a monitoring system: HTTP on a unix socket that answers
 * GET /metrics, one request a connection. Who may connect is decided by the
 * socket's mode and group.
 */
#ifndef THREADS_API_METRICS_SOCKET_H
#define THREADS_API_METRICS_SOCKET_H

#include "api/metrics.h"

enum {
	SCRAPES_MAX = 8,            /* connections at once; more are closed */
	SCRAPE_HEAD_MAX = 4096,     /* bytes of a request */
	SCRAPE_WITHIN_MS = 5 * 1000 /* for request and answer together */
};

/* The status of a request as far as it came: 0 = not whole yet, 200, 400, 404, 405, 431, 505. Pure. */
int metrics_request(const char *head, size_t len);

/* fd is borrowed. Errors: THREADS_ENOMEM, THREADS_EIO. */
int metrics_listen(struct api *api, int fd, struct threads_error *err) MUST_CHECK;
void metrics_close_all(struct api *api);

#endif
