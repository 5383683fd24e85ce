/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_term.h"

#include "core/utf8.h"

void term_token(struct query_parser *parser, enum query_token_kind kind, const char *name,
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
		build_hint(parser->tree,
			   "“%.*s*” is short, so we looked for it in names and subjects only.",
			   SHOWN(slice));
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
		build_hint(parser->tree, "A * works only at the end of a word.");
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
		build_hint(parser->tree,
			   "We added the quotation mark that was missing at the end.");
	if (parser->p < parser->end && *parser->p == '*') {
		parser->p++;
		*ret_prefix = true;
	}
	return slice;
}

struct query_node *term_text(struct query_parser *parser, enum query_field field, const char *name)
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
	term_token(parser, kind, name, node->text);
	return node;
}

struct lex_slice term_value(struct query_parser *parser)
{
	struct lex_slice slice;
	bool prefix = false;

	if (lex_quote(parser->p, parser->end) > 0)
		return phrase_read(parser, &prefix);
	slice = lex_word(parser->p, parser->end);
	parser->p += slice.len;
	return slice;
}
