/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648: standard, and URL-safe without padding), Base32 and hex. */
#ifndef THREADS_CORE_ENCODE_H
#define THREADS_CORE_ENCODE_H

#include <stdint.h>

#include "core/strbuf.h"

void base64_append(struct strbuf *out, const void *data, size_t len);
void base64url_append(struct strbuf *out, const void *data, size_t len);
void base32_append(struct strbuf *out, const void *data, size_t len); /* upper case, no padding */
void hex_append(struct strbuf *out, const void *data, size_t len);    /* lower case */

/*
 * Strict decoders: no white space, no other characters, no bits left over.
 * No padding. base32 takes either case.
 * Errors: THREADS_EINVAL; THREADS_ELIMIT from out.
 */
int base64url_decode(struct strbuf *out, const char *text, size_t len,
		     struct threads_error *err) MUST_CHECK;
int base32_decode(struct strbuf *out, const char *text, size_t len,
		  struct threads_error *err) MUST_CHECK;
int hex_decode(struct strbuf *out, const char *text, size_t len,
	       struct threads_error *err) MUST_CHECK;

/* The value of one hex digit of either case, or -1. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the two digits before end say, as in "%41" or "=41"; -1 if they are none. */
static inline int hex_pair(const char *p, const char *end)
{
	const int high = end - p >= 2 ? hex_value(p[0]) : -1;
	const int low = high >= 0 ? hex_value(p[1]) : -1;

	return low >= 0 ? high << 4 | low : -1;
}

#endif
