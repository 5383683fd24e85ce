/* SPDX-License-Identifier: Apache-2.0 */
/* Values of header fields that browsers send. Pure; every function accepts "" for "absent". */
#ifndef THREADS_HTTP_FIELDS_H
#define THREADS_HTTP_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"

/* Appends the value of the cookie called name; appends nothing if there is none, or if there
 * are two: one of them may have been put there by somebody else. */
void field_cookie(const char *cookies, const char *name, struct strbuf *out);

/* Whether a Content-Type is media ("application/json"), whatever parameters follow. */
bool field_media_is(const char *content_type, const char *media);

/* Appends the last entry of X-Forwarded-For: the one our own proxy wrote. */
void field_forwarded(const char *value, struct strbuf *out);

enum field_encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_BR, ENCODING_COUNT };

/* The best encoding that an Accept-Encoding allows and has[] offers. */
enum field_encoding field_encoding(const char *accept, const bool has[ENCODING_COUNT]);

/* Whether an If-None-Match lists etag (weak comparison), or "*". */
bool field_etag_listed(const char *list, const char *etag);

enum field_range_result { RANGE_NONE, RANGE_PART, RANGE_UNSATISFIABLE };

/*
 * A Range of one part against a thing of size bytes. RANGE_NONE: serve the
 * whole (no, malformed or several ranges). *ret_first and *ret_length are
 * written for RANGE_PART.
 */
enum field_range_result field_range(const char *range, uint64_t size, uint64_t *ret_first,
				    uint64_t *ret_length);

#endif
