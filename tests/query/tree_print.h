/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a query tree in a form that reads back as the same tree. */
#ifndef THREADS_TESTS_QUERY_TREE_PRINT_H
#define THREADS_TESTS_QUERY_TREE_PRINT_H

#include <inttypes.h>

#include "core/strbuf.h"
#include "query/query_tree.h"

static inline void tree_print_term(struct strbuf *out, const struct query_node *node)
{
	static const char *const names[] = { [QUERY_TEXT] = "",
					     [QUERY_FROM] = "from:",
					     [QUERY_TO] = "to:",
					     [QUERY_SUBJECT] = "subject:",
					     [QUERY_ACCOUNT] = "account:" };

	if (node->field == QUERY_ATTACHMENT) {
		strbuf_add_str(out, "has:attachment");
	} else if (node->field == QUERY_DATE) {
		if (node->from_ms != INT64_MIN)
			strbuf_addf(out, "[%" PRId64, node->from_ms / 1000);
		if (node->before_ms != INT64_MAX)
			strbuf_addf(out, "..%" PRId64, node->before_ms / 1000);
		strbuf_add_str(out, "]");
	} else {
		strbuf_addf(out, "%s%s%s%s%s", names[node->field], node->phrase ? "\"" : "",
			    node->text, node->phrase ? "\"" : "", node->prefix ? "*" : "");
	}
}

static inline void tree_print(struct strbuf *out, const struct query_node *node)
{
	if (!node)
		return;
	if (node->op == QUERY_TERM) {
		tree_print_term(out, node);
		return;
	}
	if (node->op == QUERY_NOT) {
		strbuf_add_str(out, "-");
		tree_print(out, node->first);
		return;
	}
	strbuf_add_str(out, "(");
	for (const struct query_node *child = node->first; child; child = child->next) {
		if (child != node->first)
			strbuf_add_str(out, node->op == QUERY_ALL ? " " : " OR ");
		tree_print(out, child);
	}
	strbuf_add_str(out, ")");
}

#endif
