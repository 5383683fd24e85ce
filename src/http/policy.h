/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer says to the browser about itself, and what a browser must say to change anything. */
#ifndef THREADS_HTTP_POLICY_H
#define THREADS_HTTP_POLICY_H

#include <stdbool.h>
#include <stddef.h>

struct policy_header {
	const char *name, *value;
};

/* The app's own Content-Security-Policy. */
extern const char policy_csp_app[];
/* The script-less frames in which HTML mail is shown; the second may load remote pictures. */
extern const char policy_csp_mail[];
extern const char policy_csp_mail_images[];
/* For what is not a document at all (JSON, plain answers): nothing may load. */
extern const char policy_csp_data[];

/* Headers that stand on every answer, CSP and Cache-Control excepted. */
const struct policy_header *policy_fixed_headers(size_t *ret_count);

/* Strict-Transport-Security, only for a hub that is reached by https. */
extern const char policy_hsts[];

/* What a request brings to show that our own page sent it. "" for an absent field. */
struct policy_source {
	const char *sec_fetch_site, *origin, *host, *public_url;
};

/* Whether a request that changes something comes from our own page. */
bool policy_same_origin(const struct policy_source *source);

#endif
