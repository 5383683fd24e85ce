/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in the charset that a mail names -> UTF-8 without NUL. Mail lies about
 * charsets: names are mapped to what senders mean (gb2312 is GB 18030,
 * iso-8859-1 is Windows-1252), and text that is evidently UTF-8 is taken as
 * such whatever the label says. Never fails: what cannot be read is U+FFFD.
 */
#ifndef THREADS_MIME_CHARSET_H
#define THREADS_MIME_CHARSET_H

#include "core/strbuf.h"

struct charsets;

/*
 * Opens all converters at once. glibc loads them as shared objects, which a
 * confined process cannot do any more. Errors: THREADS_ENOMEM.
 */
int charsets_open(struct charsets **ret_charsets, struct threads_error *err) MUST_CHECK;
struct charsets *charsets_close(struct charsets *charsets);
void charsets_closep(struct charsets **charsets);

/* Appends data as UTF-8. name need not be NUL-terminated, may be empty (unknown).
 * A result beyond out's limit is cut there and out is marked as failed. */
void charset_decode(struct charsets *charsets, const char *name, size_t name_len, const void *data,
		    size_t len, struct strbuf *out);

#endif
