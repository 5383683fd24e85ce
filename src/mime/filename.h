/* SPDX-License-Identifier: Apache-2.0 */
/* Names of attachments, made safe to show and to save. */
#ifndef THREADS_MIME_FILENAME_H
#define THREADS_MIME_FILENAME_H

#include "core/strbuf.h"

enum { FILENAME_MAX_BYTES = 200 };

/*
 * Appends what of name may be a file's name: the part behind the last path
 * separator, without control, bidi and invisible characters, without leading
 * dots and blanks at the ends; long ones are shortened in front of their
 * extension. name is UTF-8. May append nothing.
 */
void filename_clean(struct strbuf *out, const char *name, size_t len);

#endif
