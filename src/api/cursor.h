/* SPDX-License-Identifier: Apache-2.0 */
/* Where the next page begins, as text that only we read. */
#ifndef THREADS_API_CURSOR_H
#define THREADS_API_CURSOR_H

#include "core/strbuf.h"

enum { CURSOR_TEXT_MAX = 200 };

/* kind tells cursors of different lists apart: one letter. */
void cursor_append(struct strbuf *out, char kind, const int64_t *numbers, size_t count);

/* Reads exactly count numbers >= 0. Returns false if text is no such cursor. */
bool cursor_read(const char *text, char kind, int64_t *numbers, size_t count);

#endif
