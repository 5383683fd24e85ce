/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one search, of the web and of threadsctl: visible messages that match a
 * query tree, newest first or by relevance, by pages.
 */
#ifndef THREADS_STORE_SEARCH_H
#define THREADS_STORE_SEARCH_H

#include "query/query_tree.h"
#include "store/reader.h"

enum search_sort { SEARCH_NEWEST, SEARCH_RELEVANCE };

enum {
	SEARCH_LIMIT_MAX = 200,
	SEARCH_COUNT_MAX = 1000,        /* more is "1,000+" */
	SEARCH_RANKED_MAX = 5000,       /* relevance looks at the newest so many */
	SEARCH_TIME_MS = 2500,          /* then what was found so far is the answer */
	SEARCH_COUNT_TIME_MS = 150,     /* of it for counting beyond the page */
	SEARCH_SNIPPET_BYTES = 2 << 20, /* text read for the snippets of one page */
};

/* Where the next page begins. Zeroes: the first one. */
struct search_cursor {
	int64_t id; /* newest first: of the last hit */
	/* Relevance: hits before this page, of the messages up to as_of_id. Not a
	 * score: each mail that arrives changes all of them a little. */
	int64_t offset, as_of_id;
};

struct search_request {
	const struct query_tree *tree;
	const struct viewer *viewer;
	enum search_sort sort;
	struct search_cursor after;
	int limit;    /* 1 to SEARCH_LIMIT_MAX */
	bool counted; /* wanted for the first page only */
};

struct search_result {
	json_t *hits; /* array of HIT of the API */
	bool more;
	struct search_cursor next; /* if more */
	int64_t count;
	bool count_capped;
	bool stopped; /* the time was up */
	double took_ms;
};

void search_result_release(struct search_result *result);

int search_run(struct reader *reader, const struct search_request *request,
	       struct search_result *result, struct threads_error *err) MUST_CHECK;

#endif
