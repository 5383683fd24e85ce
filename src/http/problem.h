/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9457 answers that http itself gives. */
#ifndef THREADS_HTTP_PROBLEM_H
#define THREADS_HTTP_PROBLEM_H

#include "core/strbuf.h"

enum { PROBLEM_MAX = 2048 };

struct problem {
	unsigned status;
	const char *kind;   /* "not-found": the end of the type */
	const char *title;  /* one sentence for a person */
	const char *detail; /* what to do, or NULL */
};

extern const char problem_media_type[];

/* Appends the JSON. title and detail are our own words; quotes and controls are escaped. */
void problem_append(struct strbuf *out, const struct problem *problem);

#endif
