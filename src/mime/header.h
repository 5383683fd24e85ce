/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header values: folded raw bytes -> UTF-8. RFC 2047 encoded words, RFC 2231
 * parameters, and what mailers make of them. All functions are linear in the
 * input and never fail: they stop at out's limit and mark out as failed.
 * Results hold no control characters: a decoded line break becomes a space.
 */
#ifndef THREADS_MIME_HEADER_H
#define THREADS_MIME_HEADER_H

#include "mime/charset.h"

/* Text with encoded words; white space at both ends is dropped. */
void header_decode(struct charsets *charsets, const char *raw, size_t len, struct strbuf *out);

/*
 * The parameter name of a value like "attachment; filename=x". Joins RFC 2231
 * segments (at most 1,000), decodes encoded words in plain values. Plain bytes
 * beyond ASCII that are not UTF-8 are read in the charset preset; with NULL they
 * are not guessed at but replaced. Returns false if there is none; out is then
 * unchanged.
 */
bool header_param(struct charsets *charsets, const char *raw, size_t len, const char *name,
		  const char *preset, struct strbuf *out);

/* What stands before the first ';', without comments and blanks, lower case: "attachment". */
void header_token(const char *raw, size_t len, struct strbuf *out);

/* Calls fn for each <...> of a References or In-Reply-To value, without the brackets
 * and blanks; a value without brackets counts as one id. Stops when fn returns false. */
typedef bool header_id_fn(void *arg, const char *id, size_t len);
void header_ids(const char *raw, size_t len, header_id_fn *fn, void *arg);

#endif
