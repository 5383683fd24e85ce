/* SPDX-License-Identifier: Apache-2.0 */
/* Any input gives a tree within the limits, and its printed form reads back as itself. */
#include "../query/tree_print.h"

#include "core/utf8.h"
#include "require.h"

static const struct query_options options = { .now_ms = 1795224600000LL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t node_check(const struct query_node *node, size_t depth)
{
	size_t terms = node->op == QUERY_TERM, children = 0;

	REQUIRE(depth < 64);
	REQUIRE(utf8_valid(node->text, strlen(node->text)));
	for (const struct query_node *child = node->first; child; child = child->next) {
		terms += node_check(child, depth + 1);
		children++;
	}
	REQUIRE((node->op == QUERY_TERM) == (children == 0));
	REQUIRE(node->op != QUERY_NOT || (children == 1 && node->first->op != QUERY_NOT));
	REQUIRE(node->op == QUERY_TERM || node->op == QUERY_NOT || children >= 2);
	return terms;
}

static void tokens_check(const struct query_tree *tree)
{
	size_t last = 0;

	for (size_t i = 0; i < tree->token_count; i++) {
		REQUIRE(tree->tokens[i].start >= last);
		REQUIRE(tree->tokens[i].start < tree->tokens[i].end);
		last = tree->tokens[i].end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(query_tree_freep) struct query_tree *tree = NULL, *again = NULL;
	CLEANUP(strbuf_release) struct strbuf one = STRBUF_INIT(65536);
	CLEANUP(strbuf_release) struct strbuf two = STRBUF_INIT(65536);
	struct threads_error err;

	REQUIRE(query_tree_parse((const char *)data, size, &options, &tree, &err) == 0);
	REQUIRE(!tree->root || node_check(tree->root, 0) <= QUERY_TERMS_MAX);
	tokens_check(tree);
	for (size_t i = 0; i < tree->hint_count; i++)
		REQUIRE(utf8_valid(tree->hints[i], strlen(tree->hints[i])));
	tree_print(&one, tree->root);
	/* Dates print as numbers and very long or deep ones are cut again: not for these. */
	if (one.len > QUERY_BYTES_MAX || tree->hint_count || strchr(strbuf_str(&one), '['))
		return 0;
	if (strstr(strbuf_str(&one), "..") || strstr(strbuf_str(&one), "(-("))
		return 0;
	REQUIRE(query_tree_parse(strbuf_str(&one), one.len, &options, &again, &err) == 0);
	tree_print(&two, again->root);
	REQUIRE(again->hint_count || strcmp(strbuf_str(&one), strbuf_str(&two)) == 0);
	return 0;
}
