/* SPDX-License-Identifier: Apache-2.0 */
/* What header.c and header_param.c share. */
#ifndef THREADS_MIME_HEADER_TEXT_H
#define THREADS_MIME_HEADER_TEXT_H

#include "mime/header.h"

/* White space of folded text. */
static inline bool header_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * From start on, controls become blanks and blanks at the end go. Touches
 * ASCII only, so UTF-8 stays UTF-8.
 */
void header_clean(struct strbuf *out, size_t start);

#endif
