/* SPDX-License-Identifier: Apache-2.0 */
/* The leaves of a tree that are words, and the tokens they leave behind. Internal to src/query. */
#ifndef THREADS_QUERY_QUERY_TERM_H
#define THREADS_QUERY_QUERY_TERM_H

#include "query/query_build.h"

/* Adds a token that ends where the parser stands. NULL value: none. */
void term_token(struct query_parser *parser, enum query_token_kind kind, const char *name,
		const char *value);

/* The word or phrase at p as one term; NULL if there is nothing to look for in it. name: of
 * the operator, or "". */
struct query_node *term_text(struct query_parser *parser, enum query_field field, const char *name);

/* The word or phrase at p as the value of an operator. */
struct lex_slice term_value(struct query_parser *parser);

#endif
