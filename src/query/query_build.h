/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the nodes, texts and hints of a tree while it is parsed. Memory is a
 * fixed pool in the tree: nodes and texts point into it and live as long, and
 * whatever does not fit is left out. Internal to src/query.
 */
#ifndef THREADS_QUERY_QUERY_BUILD_H
#define THREADS_QUERY_QUERY_BUILD_H

#include "query/query_lex.h"
#include "query/query_tree.h"
#include "threads/compiler.h"

struct query_parser {
	struct query_tree *tree;
	const struct query_options *options;
	const char *start, *p, *end;
	size_t terms;
	int depth;
	bool limit_told;
};

/* Children of a node under construction. */
struct query_list {
	struct query_node *first, *last;
	size_t count;
};

/* A copy of text with a NUL behind it; NULL if there is no room. */
const char *build_text(struct query_tree *tree, const char *text, size_t len);

/* Adds a sentence, once. A piece of the input goes in as "%.*s" with SHOWN(slice). */
void build_hint(struct query_tree *tree, const char *fmt, ...) PRINTF_LIKE(2, 3);
int build_shown(struct lex_slice slice);
#define SHOWN(slice) build_shown(slice), (slice).text

/* A leaf; NULL, with a hint, if there are QUERY_TERMS_MAX already. */
struct query_node *build_term(struct query_parser *parser, enum query_field field);

/* Appends node; NULL is left out. */
void build_list_add(struct query_list *list, struct query_node *node);

/* The list under one node. One child stands for itself; NULL for none. */
struct query_node *build_list(struct query_parser *parser, enum query_op op,
			      struct query_list list);

/* "Not node"; of NULL it is NULL, and twice not is the node itself. */
struct query_node *build_not(struct query_parser *parser, struct query_node *node);

#endif
