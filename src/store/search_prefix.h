/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A prefix as the words of the index that begin so. FTS5 collects all rows of a prefix before
 * it gives the first one; of words joined by OR it reads no more than it is asked for.
 * Internal to src/store.
 */
#ifndef THREADS_STORE_SEARCH_PREFIX_H
#define THREADS_STORE_SEARCH_PREFIX_H

#include "store/reader_internal.h"
#include "store/search_term.h"

enum {
	SEARCH_PREFIX_WORDS_MAX = 64, /* of one query: it stays far below SEARCH_MATCH_MAX */
	SEARCH_PREFIX_WORD_BYTES = 128,
	SEARCH_PREFIX_BYTES = SEARCH_PREFIX_WORDS_MAX * (SEARCH_PREFIX_WORD_BYTES + 8),
};

/*
 * Appends to out, which is empty, an FTS5 expression that finds what the only token of a term
 * finds as a prefix: "anchor" OR "anchors". Nothing is appended if the prefix costs less: more
 * than most words begin so, or all of them are rare. Returns the number of words.
 * Errors: those of query_step(); THREADS_ENOMEM.
 */
int search_prefix_spell(struct reader *reader, const struct search_term *term, size_t most,
			struct strbuf *out, struct threads_error *err) MUST_CHECK;

#endif
