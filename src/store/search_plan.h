/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a query tree to what the database can do with it: one FTS5 expression
 * and a few filters for what stands side by side at the top, and a rest that is
 * checked row by row (brackets that mix words with filters, NOT without words).
 */
#ifndef THREADS_STORE_SEARCH_PLAN_H
#define THREADS_STORE_SEARCH_PLAN_H

#include "query/query_tree.h"
#include "store/search_prefix.h"

enum {
	SEARCH_MATCH_MAX = 32 * 1024,
	SEARCH_SPELLED_MAX = 8, /* prefixes of a query; further ones are looked up as they are */
};

/* A prefix and the words that begin so; none: it is looked up as it is. */
struct search_words {
	const struct query_node *node;
	struct strbuf words;
};

/* A part of the tree that is one FTS5 expression, looked up by message. */
struct search_leaf {
	const struct query_node *node;
	struct strbuf match;
};

struct search_plan {
	const struct query_node *root;
	struct strbuf match; /* empty: no words */
	int64_t from_ms, before_ms;
	bool attachment;
	const struct query_node *rest[QUERY_TERMS_MAX]; /* all of them must hold */
	size_t rest_count;
	struct search_leaf leaves[QUERY_TERMS_MAX];
	size_t leaf_count;
	struct search_words spelled[SEARCH_SPELLED_MAX];
	size_t spelled_count;
	size_t words_left;                          /* for further prefixes */
	struct search_term *terms[QUERY_TERMS_MAX]; /* positive ones */
	size_t term_count;
};

/* tree is borrowed for the life of the plan. scored: prefixes stay what they are, because the
 * score of a word depends on how rare it is; else they may become words of the index of reader.
 * Errors: those of query_step(); THREADS_ENOMEM, THREADS_ELIMIT. */
int search_plan_make(const struct query_tree *tree, struct reader *reader, bool scored,
		     struct search_plan **ret_plan, struct threads_error *err) MUST_CHECK;
struct search_plan *search_plan_free(struct search_plan *plan);
void search_plan_freep(struct search_plan **plan);

/* Makes the whole tree the rest, for rows that come without the filters. Errors: as above. */
int search_plan_by_row(struct search_plan *plan, struct reader *reader,
		       struct threads_error *err) MUST_CHECK;

/* The leaf for exactly this node, or NULL if it is no expression by itself. */
const struct search_leaf *search_plan_leaf(const struct search_plan *plan,
					   const struct query_node *node);

#endif
