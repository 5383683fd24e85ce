/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The piece of a text that shows why a search found it, with the places of the
 * searched words. Marks are byte ranges, never markup.
 */
#ifndef THREADS_STORE_SNIPPET_H
#define THREADS_STORE_SNIPPET_H

#include "core/strbuf.h"
#include "store/search_plan.h"

enum { SNIPPET_MARKS_MAX = 32, SNIPPET_CHARACTERS = 180, SNIPPET_BYTES_MAX = 1024 };

struct snippet_mark {
	size_t start, end;
};

struct snippet {
	struct strbuf text; /* one line, white space folded, "…" where it was cut */
	struct snippet_mark marks[SNIPPET_MARKS_MAX]; /* ascending, apart from each other */
	size_t mark_count;
	bool found; /* at least one word is in the text */
};

void snippet_release(struct snippet *snippet);

/* Where to look. Terms count if they search everywhere or in field. */
struct snippet_source {
	enum query_field field;
	const char *text;
	size_t len;
	bool whole; /* keep all of the text: a subject */
};

/*
 * Fills snippet (zeroed or used before): all of the text, or the window with
 * the most different words; without any, its beginning. Errors: THREADS_ENOMEM.
 */
int snippet_make(struct tokenizer *tokenizer, const struct search_plan *plan,
		 const struct snippet_source *source, struct snippet *snippet,
		 struct threads_error *err) MUST_CHECK;

#endif
