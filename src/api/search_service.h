/* SPDX-License-Identifier: Apache-2.0 */
/* A search from text to JSON: one code path for the web and for threadsctl. */
#ifndef THREADS_API_SEARCH_SERVICE_H
#define THREADS_API_SEARCH_SERVICE_H

#include "api/state.h"

enum { SEARCH_LIMIT_DEFAULT = 50 };

struct search_question {
	const char *text, *cursor, *sort; /* "" = none, "" = newest */
	int64_t limit;
};

/* The answer of GET /search. Errors: THREADS_EINVAL (cursor, sort, limit), as search_run(). */
int search_answer(struct api *api, const struct viewer *viewer,
		  const struct search_question *question, json_t **ret_answer,
		  struct threads_error *err) MUST_CHECK;

#endif
