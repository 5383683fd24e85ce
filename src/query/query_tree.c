/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive descent over the input, with the operator ("from:") handed down
 * to the words of its group. Grammar only: query_operator.h reads what is in between.
 */
#include "query/query_tree.h"

#include "core/utf8.h"
#include "query/query_operator.h"

/* The descent is QUERY_DEPTH_MAX brackets deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static struct query_node *parse_any(struct query_parser *parser, struct operator_name op);
static struct query_node *parse_item(struct query_parser *parser, struct operator_name op);

static void skip_space(struct query_parser *parser)
{
	size_t len;

	while ((len = lex_space(parser->p, parser->end)) > 0)
		parser->p += len;
}

/* A group in brackets, whose first one is at p. */
static struct query_node *parse_group(struct query_parser *parser, struct operator_name op)
{
	struct query_node *node;

	parser->p++;
	if (parser->depth == QUERY_DEPTH_MAX) {
		build_hint(parser->tree,
			   "There are very many brackets, so we left the innermost out.");
		return NULL;
	}
	parser->depth++;
	node = parse_any(parser, op);
	parser->depth--;
	if (parser->p < parser->end && *parser->p == ')')
		parser->p++;
	else
		build_hint(parser->tree, "We searched without the open bracket.");
	return node;
}

/* What follows "name:". Spaces after the colon are a habit of some people. */
static struct query_node *parse_operator(struct query_parser *parser, struct operator_name op)
{
	skip_space(parser);
	if (parser->p == parser->end || *parser->p == ')') {
		build_hint(parser->tree, "%s: needs something after the colon, so we left it out.",
			   op.name);
		return NULL;
	}
	return *parser->p == '(' ? parse_group(parser, op) : operator_parse(parser, op);
}

/* A group, an operator, a phrase or a word; at least one byte is consumed. */
static struct query_node *parse_item(struct query_parser *parser, struct operator_name op)
{
	struct operator_name own = { 0 };
	size_t len;

	if (*parser->p == '(')
		return parse_group(parser, op);
	own.which = lex_operator_at(parser->p, parser->end, &own.name, &len);
	if (own.which == LEX_NONE) {
		operator_hint(parser);
		return operator_parse(parser, op);
	}
	parser->p += len;
	return parse_operator(parser, own);
}

/* An item with the minus signs before it. */
static struct query_node *parse_signed(struct query_parser *parser, struct operator_name op)
{
	struct query_tree *tree = parser->tree;
	const size_t first_token = tree->token_count;
	const size_t start = (size_t)(parser->p - parser->start);
	const bool group = *parser->p == '(' || (*parser->p == '-' && parser->p + 1 < parser->end &&
						 parser->p[1] == '(');
	struct query_node *node;
	bool negated = false;

	while (parser->p < parser->end && *parser->p == '-') {
		parser->p++;
		negated = true;
	}
	if (parser->p == parser->end || lex_space(parser->p, parser->end) > 0 || *parser->p == ')')
		return NULL; /* a dash between words */
	node = parse_item(parser, op);
	for (size_t i = first_token; i < tree->token_count; i++) {
		if (!group && i == first_token)
			tree->tokens[i].start = start;
		tree->tokens[i].negated ^= negated;
	}
	return negated ? build_not(parser, node) : node;
}

/* Items side by side, up to OR, a closing bracket or the end. */
static struct query_node *parse_all(struct query_parser *parser, struct operator_name op)
{
	struct query_list list = { 0 };

	for (;;) {
		skip_space(parser);
		if (parser->p == parser->end || lex_keyword(parser->p, parser->end, "OR"))
			break;
		if (lex_keyword(parser->p, parser->end, "AND")) {
			parser->p += strlen("AND");
			continue;
		}
		if (*parser->p == ')') {
			if (parser->depth > 0)
				break;
			build_hint(parser->tree, "We searched without the closing bracket.");
			parser->p++;
			continue;
		}
		build_list_add(&list, parse_signed(parser, op));
	}
	return build_list(parser, QUERY_ALL, list);
}

static struct query_node *parse_any(struct query_parser *parser, struct operator_name op)
{
	struct query_list list = { 0 };
	bool empty_side = false, more;

	do {
		struct query_node *node = parse_all(parser, op);

		more = parser->p < parser->end && *parser->p != ')';
		empty_side |= !node;
		build_list_add(&list, node);
		if (more)
			parser->p += strlen("OR");
		else if (empty_side && list.count > 0)
			build_hint(parser->tree,
				   "OR needs words on both sides, so we left it out.");
	} while (more);
	return build_list(parser, QUERY_ANY, list);
}

/* NOLINTEND(misc-no-recursion) */

/* The input as valid UTF-8 without NUL, within the limit. */
static int input_prepare(struct strbuf *out, const char *text, size_t len, bool *ret_cut,
			 struct threads_error *err)
{
	*ret_cut = len > QUERY_BYTES_MAX;
	if (*ret_cut)
		len = utf8_cut(text, QUERY_BYTES_MAX);
	utf8_append_repaired(out, text, len);
	return strbuf_check(out, err);
}

int query_tree_parse(const char *text, size_t len, const struct query_options *options,
		     struct query_tree **ret_tree, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf input = STRBUF_INIT((size_t)3 * QUERY_BYTES_MAX);
	struct query_tree *tree;
	struct query_parser parser = { .options = options };
	bool cut;
	int rc = input_prepare(&input, text, len, &cut, err);

	if (rc < 0)
		return rc;
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	parser.tree = tree;
	parser.start = parser.p = strbuf_str(&input);
	parser.end = parser.start + input.len;
	tree->root = parse_any(&parser, (struct operator_name){ LEX_NONE, "" });
	if (cut)
		build_hint(tree, "The search is long: we used its first 1,024 letters.");
	*ret_tree = tree;
	return 0;
}

struct query_tree *query_tree_free(struct query_tree *tree)
{
	free(tree);
	return NULL;
}

void query_tree_freep(struct query_tree **tree)
{
	*tree = query_tree_free(*tree);
}

const char *query_token_kind_name(enum query_token_kind kind)
{
	static const char *const names[] = { "word", "phrase", "prefix", "operator" };

	return names[kind];
}
