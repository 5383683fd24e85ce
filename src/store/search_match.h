/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the rest of a plan holds for a candidate. Candidates come newest first,
 * so that each word of the rest is one walk down the index beside them.
 * Internal to src/store.
 */
#ifndef THREADS_STORE_SEARCH_MATCH_H
#define THREADS_STORE_SEARCH_MATCH_H

#include "store/search_names.h"
#include "store/search_plan.h"

struct candidate {
	int64_t id, date_ms, size_bytes;
	int64_t attachments, flags;
	double score;
};

enum { SEARCH_LEAF_BLOCK = 256 };

/* The newest matches of a leaf that are not above the candidate in hand. */
struct leaf_walk {
	int64_t ids[SEARCH_LEAF_BLOCK]; /* descending */
	size_t count, next;
	size_t asked;  /* how many the last look-up wanted */
	size_t served; /* candidates it answered */
	bool ended;    /* there are no more below */
};

/* What a node with a name or a person was looked up for, once. */
struct match_facts {
	const struct query_node *node;
	struct search_term *term;
	struct search_ids ids;
};

struct search_match {
	struct reader *reader;
	const struct search_plan *plan;
	struct leaf_walk walks[QUERY_TERMS_MAX]; /* as plan->leaves */
	struct match_facts facts[QUERY_TERMS_MAX];
	size_t fact_count;
};

void search_match_release(struct search_match *match);

/* 1, 0, or an error. Ids must descend from call to call. */
int search_match_rest(struct search_match *match, const struct candidate *c,
		      struct threads_error *err) MUST_CHECK;

/* The ids of a node, as search_names_find() gives them; borrowed. */
int search_match_ids(struct search_match *match, const struct query_node *node,
		     const struct search_ids **ret_ids, struct threads_error *err) MUST_CHECK;

#endif
