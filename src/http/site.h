/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hub's address offers: the web interface, /healthz, /readyz, and
 * /api/v1 behind the gateway. Decides for each request head whether it may go
 * on: method, origin, media type, size.
 */
#ifndef THREADS_HTTP_SITE_H
#define THREADS_HTTP_SITE_H

#include "http/gateway.h"

struct site;

struct site_setup {
	const char *public_url; /* borrowed */
	uint64_t upload_max;    /* bytes of one piece */
	size_t body_max;
};

int site_new(const struct site_setup *setup, struct gateway *gateway, struct site **ret_site,
	     struct threads_error *err) MUST_CHECK;
struct site *site_free(struct site *site); /* accepts NULL, returns NULL */

/* For requests that begin from now on. */
void site_set_sizes(struct site *site, uint64_t upload_max, size_t body_max);

/* The handler that http_server_new() wants. */
struct http_handler site_handler(struct site *site);

/* CTL_ROLES: who is ready. Errors: THREADS_EINVAL (malformed). */
int site_roles_changed(struct site *site, struct frame *f, struct threads_error *err) MUST_CHECK;

#endif
