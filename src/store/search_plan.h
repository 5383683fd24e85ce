/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a query tree to what the database can do with it: one FTS5 expression
 * and a few filters for what stands side by side at the top, and a rest that is
 * checked row by row (brackets that mix words with filters, NOT without words).
 */
#ifndef THREADS_STORE_SEARCH_PLAN_H
#define THREADS_STORE_SEARCH_PLAN_H

#include "core/strbuf.h"
#include "query/query_tree.h"
#include "store/search_term.h"

enum {
	SEARCH_MATCH_MAX = 32 * 1024,
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
	struct search_term *terms[QUERY_TERMS_MAX]; /* positive ones */
	size_t term_count;
};

/* tree is borrowed for the life of the plan. Errors: THREADS_ENOMEM, THREADS_ELIMIT. */
int search_plan_make(const struct query_tree *tree, struct tokenizer *tokenizer,
		     struct search_plan **ret_plan, struct threads_error *err) MUST_CHECK;
struct search_plan *search_plan_free(struct search_plan *plan);
void search_plan_freep(struct search_plan **plan);

/* Makes the whole tree the rest, for rows that come without the filters. Errors: as above. */
int search_plan_by_row(struct search_plan *plan, struct tokenizer *tokenizer,
		       struct threads_error *err) MUST_CHECK;

/* The leaf for exactly this node, or NULL if it is no expression by itself. */
const struct search_leaf *search_plan_leaf(const struct search_plan *plan,
					   const struct query_node *node);

#endif
