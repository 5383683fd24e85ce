/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_build.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/utf8.h"

const char *build_text(struct query_tree *tree, const char *text, size_t len)
{
	char *copy = tree->pool + tree->pool_used;

	if (len >= sizeof(tree->pool) - tree->pool_used)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	tree->pool_used += len + 1;
	return copy;
}

void build_hint(struct query_tree *tree, const char *fmt, ...)
{
	char *out = tree->pool + tree->pool_used;
	const size_t room = sizeof(tree->pool) - tree->pool_used;
	va_list args;
	int len;

	if (tree->hint_count == QUERY_HINTS_MAX)
		return;
	va_start(args, fmt);
	len = vsnprintf(out, room, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		return;
	for (size_t i = 0; i < tree->hint_count; i++)
		if (strcmp(tree->hints[i], out) == 0)
			return;
	tree->pool_used += (size_t)len + 1;
	tree->hints[tree->hint_count++] = out;
}

int build_shown(struct lex_slice slice)
{
	return (int)utf8_cut(slice.text, slice.len < 60 ? slice.len : 60);
}

static struct query_node *build_node(struct query_parser *parser, enum query_op op)
{
	struct query_node *node;

	if (parser->tree->node_count == QUERY_NODES_MAX)
		return NULL;
	node = &parser->tree->nodes[parser->tree->node_count++];
	node->op = op;
	node->text = "";
	return node;
}

struct query_node *build_term(struct query_parser *parser, enum query_field field)
{
	struct query_node *node;

	if (parser->terms >= QUERY_TERMS_MAX) {
		if (!parser->limit_told)
			build_hint(parser->tree, "The search is long: we used its first 64 words.");
		parser->limit_told = true;
		return NULL;
	}
	node = build_node(parser, QUERY_TERM);
	if (!node)
		return NULL;
	parser->terms++;
	node->field = field;
	return node;
}

void build_list_add(struct query_list *list, struct query_node *node)
{
	if (!node)
		return;
	node->next = NULL;
	if (list->last)
		list->last->next = node;
	else
		list->first = node;
	list->last = node;
	list->count++;
}

struct query_node *build_list(struct query_parser *parser, enum query_op op, struct query_list list)
{
	struct query_node *node;

	if (list.count < 2)
		return list.first;
	node = build_node(parser, op);
	if (!node)
		return list.first;
	node->first = list.first;
	return node;
}

struct query_node *build_not(struct query_parser *parser, struct query_node *node)
{
	struct query_node *not_node;

	if (!node)
		return NULL;
	if (node->op == QUERY_NOT)
		return node->first;
	not_node = build_node(parser, QUERY_NOT);
	if (!not_node)
		return NULL;
	not_node->first = node;
	node->next = NULL;
	return not_node;
}
