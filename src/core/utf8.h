/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside the hub is valid UTF-8 without NUL, always; it is repaired once, at the border. */
#ifndef THREADS_CORE_UTF8_H
#define THREADS_CORE_UTF8_H

#include <stdint.h>

#include "core/strbuf.h"

/* Decodes one code point at p < end. Returns its length in bytes, or 0 if the
 * bytes are not well-formed UTF-8 (RFC 3629: no surrogates, shortest form). */
size_t utf8_decode(const char *p, const char *end, uint32_t *ret_code_point);

bool utf8_valid(const char *text, size_t len);

/* Appends text; every ill-formed byte and every NUL becomes U+FFFD. */
void utf8_append_repaired(struct strbuf *out, const char *text, size_t len);

/* Appends one code point; anything not a scalar value, and 0, becomes U+FFFD. */
void utf8_append(struct strbuf *out, uint32_t code_point);

/* Largest n <= len at which text may be cut without splitting a character. */
size_t utf8_cut(const char *text, size_t len);

/* Copies text and its NUL; what is too long ends with a whole character. size > 0. */
void utf8_copy(char *out, size_t size, const char *text);

#endif
