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
 * base64 wants padding, base64url takes none. base32 takes either case.
 * Errors: THREADS_EINVAL; THREADS_ELIMIT from out.
 */
int base64_decode(struct strbuf *out, const char *text, size_t len,
		  struct threads_error *err) MUST_CHECK;
int base64url_decode(struct strbuf *out, const char *text, size_t len,
		     struct threads_error *err) MUST_CHECK;
int base32_decode(struct strbuf *out, const char *text, size_t len,
		  struct threads_error *err) MUST_CHECK;
int hex_decode(struct strbuf *out, const char *text, size_t len,
	       struct threads_error *err) MUST_CHECK;

#endif
