/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a search's page, as JSON, with its snippet. Internal to src/store. */
#ifndef THREADS_STORE_SEARCH_HIT_H
#define THREADS_STORE_SEARCH_HIT_H

#include "store/reader_internal.h"
#include "store/snippet.h"

/* What the rows of a page share. */
struct search_hits {
	struct reader *reader;
	const struct search_plan *plan;
	size_t bytes_left; /* of message text that may still be read for snippets */
	struct snippet snippet;
	struct strbuf text;
	void *zstd; /* ZSTD_DCtx */
};

void search_hits_release(struct search_hits *hits);

/* HIT of the API. id was found a moment ago in the same transaction. */
int search_hit_make(struct search_hits *hits, int64_t id, json_t **ret_hit,
		    struct threads_error *err) MUST_CHECK;

#endif
