/* SPDX-License-Identifier: Apache-2.0 */
/* What operators make of what follows their colon. Internal to src/query. */
#ifndef THREADS_QUERY_QUERY_OPERATOR_H
#define THREADS_QUERY_QUERY_OPERATOR_H

#include "query/query_build.h"

/* As the hints name it. LEX_NONE and "": words. */
struct operator_name {
	enum lex_operator which;
	const char *name;
};

/* The value at p, which is not white space, a bracket or the end. NULL if nothing can be
 * looked for; then there is a hint, unless it had no letter and no digit. */
struct query_node *operator_parse(struct query_parser *parser, struct operator_name op);

/* Tells if the word at p looks like an operator that there is not. */
void operator_hint(struct query_parser *parser);

#endif
