/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a query tree in a form that reads back as the same tree. */
#ifndef THREADS_TESTS_QUERY_TREE_PRINT_H
#define THREADS_TESTS_QUERY_TREE_PRINT_H

#include <inttypes.h>

#include "core/strbuf.h"
#include "query/query_tree.h"

static inline void tree_print_range(struct strbuf *out, const struct query_node *node, int64_t unit)
{
	strbuf_add_str(out, "[");
	if (node->low != INT64_MIN)
		strbuf_addf(out, "%" PRId64, node->low / unit);
	if (node->high != INT64_MAX)
		strbuf_addf(out, "..%" PRId64, node->high / unit);
	strbuf_add_str(out, "]");
}

static inline void tree_print_term(struct strbuf *out, const struct query_node *node)
{
	static const char *const names[] = {
		[QUERY_TEXT] = "",
		[QUERY_FROM] = "from:",
		[QUERY_TO] = "to:",
		[QUERY_SUBJECT] = "subject:",
		[QUERY_FILENAME] = "filename:",
		[QUERY_CC] = "cc:",
		[QUERY_BCC] = "bcc:",
		[QUERY_ACCOUNT] = "account:",
		[QUERY_FOLDER] = "folder:",
		[QUERY_LABEL] = "label:",
		[QUERY_TYPE] = "type:",
	};
	static const char *const states[] = {
		[QUERY_UNREAD] = "unread",       [QUERY_READ] = "read",
		[QUERY_FLAGGED] = "flagged",     [QUERY_ANSWERED] = "answered",
		[QUERY_DRAFT] = "draft",         [QUERY_BULK] = "bulk",
		[QUERY_AUTOMATIC] = "automatic", [QUERY_ENCRYPTED] = "encrypted",
	};
	const char *quote = node->phrase || node->field == QUERY_TYPE ? "\"" : "";

	if (node->field == QUERY_ATTACHMENT)
		strbuf_add_str(out, "has:attachment");
	else if (node->field == QUERY_STATE)
		strbuf_addf(out, "is:%s", states[node->state]);
	else if (node->field == QUERY_DATE)
		tree_print_range(out, node, 1000);
	else if (node->field == QUERY_SIZE)
		tree_print_range(out, node, 1);
	else
		strbuf_addf(out, "%s%s%s%s%s", names[node->field], quote, node->text, quote,
			    node->prefix ? "*" : "");
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
