/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive descent over the input, with the field of an operator ("from:")
 * handed down to the words of its group. Grammar only: query_build.h makes the nodes.
 */
#include "query/query_tree.h"

#include "core/utf8.h"
#include "query/query_build.h"
#include "query/query_date.h"

/* The descent is QUERY_DEPTH_MAX brackets deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static struct query_node *parse_any(struct query_parser *parser, enum query_field field);
static struct query_node *parse_item(struct query_parser *parser, enum query_field field);

static void skip_space(struct query_parser *parser)
{
	size_t len;

	while ((len = lex_space(parser->p, parser->end)) > 0)
		parser->p += len;
}

static void token_add(struct query_parser *parser, enum query_token_kind kind, const char *name,
		      const char *value)
{
	struct query_tree *tree = parser->tree;

	if (tree->token_count == QUERY_TERMS_MAX || !value)
		return;
	/* start and negated are set by parse_item(), which knows where the piece began. */
	tree->tokens[tree->token_count++] = (struct query_token){
		.kind = kind,
		.name = name,
		.value = value,
		.end = (size_t)(parser->p - parser->start),
	};
}

/* A beginning too short to be looked up in every word of every message. */
static bool prefix_is_narrow(const char *text)
{
	const char *end = text + strlen(text);
	size_t count = 0, len;
	uint32_t c;

	for (; text < end && count < QUERY_PREFIX_MIN; text += len, count++) {
		len = utf8_decode(text, end, &c);
		if (len == 0 ||
		    c >= 0x2E80) /* scripts that pack a word into one or two characters */
			return false;
	}
	return count < QUERY_PREFIX_MIN;
}

static void prefix_mark(struct query_parser *parser, struct query_node *node)
{
	const struct lex_slice slice = { .text = node->text, .len = strlen(node->text) };

	node->prefix = true;
	node->narrow = prefix_is_narrow(node->text);
	if (node->narrow && node->field == QUERY_TEXT)
		build_hint_about(parser->tree,
				 "“%s*” is short, so we looked for it in names and subjects only.",
				 slice);
}

/* A word without its stars at both ends; sets ret_prefix if one stood at its end. */
static struct lex_slice stars_strip(struct query_parser *parser, struct lex_slice word,
				    bool *ret_prefix)
{
	bool leading = false;

	while (word.len > 0 && word.text[0] == '*') {
		word.text++;
		word.len--;
		leading = true;
	}
	while (word.len > 0 && word.text[word.len - 1] == '*') {
		word.len--;
		*ret_prefix = true;
	}
	if (word.len > 0 && (leading || memchr(word.text, '*', word.len)))
		build_hint(parser, "A * works only at the end of a word.");
	return word;
}

/* Quoted text; the mark at p is known to be there. */
static struct lex_slice phrase_read(struct query_parser *parser, bool *ret_prefix)
{
	struct lex_slice slice;
	size_t mark = lex_quote(parser->p, parser->end);

	parser->p += mark;
	slice.text = parser->p;
	while (parser->p < parser->end && lex_quote(parser->p, parser->end) == 0)
		parser->p++;
	slice.len = (size_t)(parser->p - slice.text);
	mark = lex_quote(parser->p, parser->end);
	parser->p += mark;
	if (mark == 0)
		build_hint(parser, "We added the quotation mark that was missing at the end.");
	if (parser->p < parser->end && *parser->p == '*') {
		parser->p++;
		*ret_prefix = true;
	}
	return slice;
}

/* Words or a phrase at p as one term of a text field. */
static struct query_node *parse_text(struct query_parser *parser, enum query_field field,
				     const char *name)
{
	const bool phrase = lex_quote(parser->p, parser->end) > 0;
	enum query_token_kind kind = phrase ? QUERY_TOKEN_PHRASE : QUERY_TOKEN_WORD;
	struct query_node *node;
	struct lex_slice slice;
	bool prefix = false;

	if (phrase) {
		slice = phrase_read(parser, &prefix);
	} else {
		slice = lex_word(parser->p, parser->end);
		parser->p += slice.len;
		slice = stars_strip(parser, slice, &prefix);
	}
	if (!lex_has_word(slice))
		return NULL;
	node = build_term(parser, field);
	if (!node)
		return NULL;
	node->text = build_text(parser->tree, slice.text, slice.len);
	if (!node->text)
		return NULL;
	node->phrase = phrase;
	if (prefix)
		prefix_mark(parser, node);
	if (*name)
		kind = QUERY_TOKEN_OPERATOR;
	else if (prefix)
		kind = QUERY_TOKEN_PREFIX;
	token_add(parser, kind, name, node->text);
	return node;
}

/* The value of an operator that takes one word: a date, "attachment". */
static struct lex_slice value_read(struct query_parser *parser)
{
	struct lex_slice slice;
	bool prefix = false;

	if (lex_quote(parser->p, parser->end) > 0)
		return phrase_read(parser, &prefix);
	slice = lex_word(parser->p, parser->end);
	parser->p += slice.len;
	return slice;
}

static struct query_node *parse_has(struct query_parser *parser, const char *name)
{
	const struct lex_slice slice = value_read(parser);
	const char *value = build_text(parser->tree, slice.text, slice.len);

	token_add(parser, QUERY_TOKEN_OPERATOR, name, value);
	/* "file" and the plural are what people coming from elsewhere type. */
	if (value && (strcasecmp(value, "attachment") == 0 ||
		      strcasecmp(value, "attachments") == 0 || strcasecmp(value, "file") == 0))
		return build_term(parser, QUERY_ATTACHMENT);
	build_hint_about(parser->tree, "We only know has:attachment, so we left has:%s out.",
			 slice);
	return NULL;
}

static struct query_node *parse_date(struct query_parser *parser, enum lex_operator which,
				     const char *name)
{
	const struct lex_slice slice = value_read(parser);
	const char *value = build_text(parser->tree, slice.text, slice.len);
	struct query_node *node;
	struct query_span span;

	token_add(parser, QUERY_TOKEN_OPERATOR, name, value);
	if (!value || !query_date_parse(value, parser->options->now_ms,
					parser->options->utc_offset_ms, &span)) {
		build_hint_about(parser->tree,
				 "We could not read the date “%s”, so we left it out. "
				 "Dates look like 2026-11-21, 2026-11 or today.",
				 slice);
		return NULL;
	}
	node = build_term(parser, QUERY_DATE);
	if (!node)
		return NULL;
	node->from_ms = which == LEX_BEFORE ? INT64_MIN : span.from_ms;
	node->before_ms = INT64_MAX;
	if (which != LEX_AFTER)
		node->before_ms = which == LEX_BEFORE ? span.from_ms : span.before_ms;
	return node;
}

/* with:x is from:x OR to:x. */
static struct query_node *parse_with(struct query_parser *parser, const char *name)
{
	struct query_node *from = parse_text(parser, QUERY_FROM, name), *to;
	struct query_list both = { 0 };

	if (!from)
		return NULL;
	to = build_term(parser, QUERY_TO);
	build_list_add(&both, from);
	if (to) {
		to->text = from->text;
		to->phrase = from->phrase;
		to->prefix = from->prefix;
		to->narrow = from->narrow;
		build_list_add(&both, to);
	}
	return build_list(parser, QUERY_ANY, both);
}

static struct query_node *parse_later(struct query_parser *parser, const char *name)
{
	const struct lex_slice label = { .text = name, .len = strlen(name) };
	const struct lex_slice slice = value_read(parser);

	token_add(parser, QUERY_TOKEN_OPERATOR, name,
		  build_text(parser->tree, slice.text, slice.len));
	build_hint_about(parser->tree, "We cannot search by %s: yet, so we left that part out.",
			 label);
	return NULL;
}

static enum query_field field_of(enum lex_operator which)
{
	if (which == LEX_FROM)
		return QUERY_FROM;
	if (which == LEX_TO)
		return QUERY_TO;
	return which == LEX_SUBJECT ? QUERY_SUBJECT : QUERY_ACCOUNT;
}

/* A group in brackets, whose first one is at p. */
static struct query_node *parse_group(struct query_parser *parser, enum query_field field)
{
	struct query_node *node;

	parser->p++;
	if (parser->depth == QUERY_DEPTH_MAX) {
		build_hint(parser, "There are very many brackets, so we left the innermost out.");
		return NULL;
	}
	parser->depth++;
	node = parse_any(parser, field);
	parser->depth--;
	if (parser->p < parser->end && *parser->p == ')')
		parser->p++;
	else
		build_hint(parser, "We searched without the open bracket.");
	return node;
}

/* What follows "name:". Spaces after the colon are a habit of some people. */
static struct query_node *parse_operator(struct query_parser *parser, enum lex_operator which,
					 const char *name)
{
	const struct lex_slice label = { .text = name, .len = strlen(name) };

	skip_space(parser);
	if (parser->p == parser->end || *parser->p == ')') {
		build_hint_about(parser->tree,
				 "%s: needs something after the colon, so we left it out.", label);
		return NULL;
	}
	switch (which) {
	case LEX_HAS:
		return parse_has(parser, name);
	case LEX_BEFORE:
	case LEX_AFTER:
	case LEX_ON:
		return parse_date(parser, which, name);
	case LEX_WITH:
		return parse_with(parser, name);
	case LEX_LATER:
		return parse_later(parser, name);
	case LEX_FROM:
	case LEX_TO:
	case LEX_SUBJECT:
	case LEX_ACCOUNT:
	case LEX_NONE:
		break;
	}
	if (*parser->p == '(')
		return parse_group(parser, field_of(which));
	return parse_text(parser, field_of(which), name);
}

static const char *field_name(enum query_field field)
{
	switch (field) {
	case QUERY_FROM:
		return "from";
	case QUERY_TO:
		return "to";
	case QUERY_SUBJECT:
		return "subject";
	case QUERY_ACCOUNT:
		return "account";
	case QUERY_TEXT:
	case QUERY_ATTACHMENT:
	case QUERY_DATE:
		break;
	}
	return "";
}

/* A group, an operator, a phrase or a word; at least one byte is consumed. */
static struct query_node *parse_item(struct query_parser *parser, enum query_field field)
{
	const char *name = NULL;
	enum lex_operator which;
	size_t len;

	if (*parser->p == '(')
		return parse_group(parser, field);
	which = lex_operator_at(parser->p, parser->end, &name, &len);
	if (which == LEX_NONE)
		return parse_text(parser, field, field_name(field));
	parser->p += len;
	return parse_operator(parser, which, name);
}

/* An item with the minus signs before it. */
static struct query_node *parse_signed(struct query_parser *parser, enum query_field field)
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
	node = parse_item(parser, field);
	for (size_t i = first_token; i < tree->token_count; i++) {
		if (!group && i == first_token)
			tree->tokens[i].start = start;
		tree->tokens[i].negated ^= negated;
	}
	return negated ? build_not(parser, node) : node;
}

/* Items side by side, up to OR, a closing bracket or the end. */
static struct query_node *parse_all(struct query_parser *parser, enum query_field field)
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
			build_hint(parser, "We searched without the closing bracket.");
			parser->p++;
			continue;
		}
		build_list_add(&list, parse_signed(parser, field));
	}
	return build_list(parser, QUERY_ALL, list);
}

static struct query_node *parse_any(struct query_parser *parser, enum query_field field)
{
	struct query_list list = { 0 };
	bool empty_side = false, more;

	do {
		struct query_node *node = parse_all(parser, field);

		more = parser->p < parser->end && *parser->p != ')';
		empty_side |= !node;
		build_list_add(&list, node);
		if (more)
			parser->p += strlen("OR");
		else if (empty_side && list.count > 0)
			build_hint(parser, "OR needs words on both sides, so we left it out.");
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
	tree->root = parse_any(&parser, QUERY_TEXT);
	if (cut)
		build_hint(&parser, "The search is long: we used its first 1,024 letters.");
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
