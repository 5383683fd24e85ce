/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_operator.h"

#include <strings.h>

#include "query/query_date.h"
#include "query/query_term.h"
#include "query/query_value.h"

/* The value at p as text, with its token. NULL: no room. */
static const char *value_take(struct query_parser *parser, const char *name,
			      struct lex_slice *ret_slice)
{
	const char *value;

	*ret_slice = term_value(parser);
	value = build_text(parser->tree, ret_slice->text, ret_slice->len);
	term_token(parser, QUERY_TOKEN_OPERATOR, name, value);
	return value;
}

/* A value that was not understood: what it may have been, or how such values look. */
static struct query_node *value_refuse(struct query_parser *parser, const char *name,
				       const char *value, const char *const *words,
				       const char *format)
{
	const struct lex_slice slice = { .text = value ? value : "",
					 .len = value ? strlen(value) : 0 };
	const char *near = value ? query_value_near(value, words) : NULL;

	if (near)
		build_hint(parser->tree,
			   "Did you mean %s:%s? We do not know %s:%.*s, so we left it out.", name,
			   near, name, SHOWN(slice));
	else
		build_hint(parser->tree, "We could not read %s:%.*s, so we left it out. %s", name,
			   SHOWN(slice), format);
	return NULL;
}

static struct query_node *type_term(struct query_parser *parser, const char *value)
{
	struct query_node *node = build_term(parser, QUERY_TYPE);

	if (node)
		node->text = value;
	return node;
}

static struct query_node *parse_has(struct query_parser *parser, const char *name)
{
	struct lex_slice slice;
	const char *value = value_take(parser, name, &slice);

	/* "file" and the plural are what people coming from elsewhere type. */
	for (const char *const *word = query_has_words; value && *word; word++)
		if (strcasecmp(value, *word) == 0)
			return build_term(parser, QUERY_ATTACHMENT);
	if (value && query_type_known(value))
		return type_term(parser, value);
	return value_refuse(parser, name, value, query_has_words,
			    "Try has:attachment or a kind of file, as in has:pdf.");
}

static struct query_node *parse_type(struct query_parser *parser, const char *name)
{
	struct lex_slice slice;
	const char *value = value_take(parser, name, &slice), *near;

	if (!value || !lex_has_word(slice))
		return value_refuse(parser, name, value, query_type_words,
				    "Try type:pdf, type:image or another end of file names.");
	near = query_type_known(value) ? NULL : query_value_near(value, query_type_words);
	if (near)
		build_hint(parser->tree, "Did you mean %s:%s?", name, near);
	return type_term(parser, value);
}

static struct query_node *parse_state(struct query_parser *parser, const char *name)
{
	struct lex_slice slice;
	const char *value = value_take(parser, name, &slice);
	const enum query_state state = value ? query_state_parse(value) : 0;
	struct query_node *node;

	if (!state)
		return value_refuse(parser, name, value, query_state_words,
				    "Try is:unread, is:read, is:flagged, is:answered, is:draft, "
				    "is:bulk, is:automatic or is:encrypted.");
	node = build_term(parser, QUERY_STATE);
	if (node)
		node->state = state;
	return node;
}

static struct query_node *range_term(struct query_parser *parser, enum query_field field,
				     int64_t low, int64_t high)
{
	struct query_node *node = build_term(parser, field);

	if (node) {
		node->low = low;
		node->high = high;
	}
	return node;
}

static struct query_node *parse_size(struct query_parser *parser, struct operator_name op)
{
	static const char *const none[] = { NULL };
	struct lex_slice slice;
	const char *value = value_take(parser, op.name, &slice);
	int64_t bytes;

	if (!value || !query_size_parse(value, &bytes))
		return value_refuse(parser, op.name, value, none, "Sizes look like 5M or 300k.");
	return op.which == LEX_LARGER ? range_term(parser, QUERY_SIZE, bytes, INT64_MAX)
				      : range_term(parser, QUERY_SIZE, INT64_MIN, bytes);
}

static struct query_node *parse_date(struct query_parser *parser, struct operator_name op)
{
	struct lex_slice slice;
	const char *value = value_take(parser, op.name, &slice);
	struct query_span span;
	bool known = value && query_date_parse(value, parser->options, &span);

	if (!known && value && op.which != LEX_ON) {
		known = query_age_parse(value, parser->options, &span.from_ms);
		span.before_ms = span.from_ms;
	}
	if (!known)
		return value_refuse(parser, op.name, value, query_date_words,
				    "Dates look like 2026-11-21, 2026-11, today or 7d.");
	if (op.which == LEX_BEFORE || op.which == LEX_OLDER)
		return range_term(parser, QUERY_DATE, INT64_MIN, span.from_ms);
	return range_term(parser, QUERY_DATE, span.from_ms,
			  op.which == LEX_ON ? span.before_ms : INT64_MAX);
}

/* with:x is from:x OR to:x. */
static struct query_node *parse_with(struct query_parser *parser, const char *name)
{
	struct query_node *from = term_text(parser, QUERY_FROM, name), *to;
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
	struct lex_slice slice;

	(void)value_take(parser, name, &slice);
	build_hint(parser->tree, "We cannot search by %s: yet, so we left that part out.", name);
	return NULL;
}

static enum query_field field_of(enum lex_operator which)
{
	static const enum query_field fields[LEX_LATER + 1] = {
		[LEX_FROM] = QUERY_FROM,       [LEX_TO] = QUERY_TO,
		[LEX_CC] = QUERY_CC,           [LEX_BCC] = QUERY_BCC,
		[LEX_SUBJECT] = QUERY_SUBJECT, [LEX_FILENAME] = QUERY_FILENAME,
		[LEX_ACCOUNT] = QUERY_ACCOUNT, [LEX_FOLDER] = QUERY_FOLDER,
		[LEX_LABEL] = QUERY_LABEL,
	};

	return fields[which] ? fields[which] : QUERY_TEXT;
}

struct query_node *operator_parse(struct query_parser *parser, struct operator_name op)
{
	switch (op.which) {
	case LEX_HAS:
		return parse_has(parser, op.name);
	case LEX_TYPE:
		return parse_type(parser, op.name);
	case LEX_IS:
		return parse_state(parser, op.name);
	case LEX_BEFORE:
	case LEX_AFTER:
	case LEX_ON:
	case LEX_OLDER:
	case LEX_NEWER:
		return parse_date(parser, op);
	case LEX_LARGER:
	case LEX_SMALLER:
		return parse_size(parser, op);
	case LEX_WITH:
		return parse_with(parser, op.name);
	case LEX_LATER:
		return parse_later(parser, op.name);
	case LEX_FROM:
	case LEX_TO:
	case LEX_CC:
	case LEX_BCC:
	case LEX_SUBJECT:
	case LEX_FILENAME:
	case LEX_ACCOUNT:
	case LEX_FOLDER:
	case LEX_LABEL:
	case LEX_NONE:
		break;
	}
	return term_text(parser, field_of(op.which), op.name);
}

/* ---- operators that there are not ---- */

enum { NAME_MIN = 3, NAME_MAX = 16 };

/* What other programs, or people, call an operator of ours. */
static const struct {
	const char *name, *means;
} meant[] = {
	{ "sender", "from" },
	{ "author", "from" },
	{ "recipient", "to" },
	{ "title", "subject" },
	{ "betreff", "subject" },
	{ "von", "from" },
	{ "attachment", "filename" },
	{ "mailbox", "folder" },
	{ "tag", "label" },
	{ "file", "filename" },
	{ "keyword", "label" },
	{ "since", "after" },
	{ "until", "before" },
	{ "date", "on" },
	{ "size", "larger" },
	{ "bigger", "larger" },
	{ "status", "is" },
	{ "state", "is" },
	{ "flag", "is" },
	{ "kind", "type" },
	{ "ext", "type" },
};

/* Words before a colon that are none of ours and nobody's mistake. */
static const char *const ordinary[] = { "fwd", "http", "https", "ftp",  "mailto", "tel", "sip",
					"urn", "cid",  "news",  "xmpp", "ticket", NULL };

static bool name_is(struct lex_slice name, const char *word)
{
	return strlen(word) == name.len && strncasecmp(name.text, word, name.len) == 0;
}

static const char *meant_by(struct lex_slice name)
{
	const char *names[32] = { NULL };
	char text[NAME_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(meant); i++)
		if (name_is(name, meant[i].name))
			return meant[i].means;
	/* Of two and three letters too many words are one slip away. */
	for (size_t i = 0; lex_operator_name(i) && count + 1 < ARRAY_SIZE(names); i++)
		if (strlen(lex_operator_name(i)) >= 4)
			names[count++] = lex_operator_name(i);
	memcpy(text, name.text, name.len);
	text[name.len] = '\0';
	return query_value_near(text, names);
}

void operator_hint(struct query_parser *parser)
{
	const struct lex_slice word = lex_word(parser->p, parser->end);
	struct lex_slice name = { .text = word.text }, value;
	const char *means;

	while (name.len < word.len && (word.text[name.len] | 0x20) >= 'a' &&
	       (word.text[name.len] | 0x20) <= 'z')
		name.len++;
	if (name.len < NAME_MIN || name.len > NAME_MAX || name.len == word.len ||
	    word.text[name.len] != ':')
		return;
	value.text = word.text + name.len + 1;
	value.len = word.len - name.len - 1;
	if (!lex_has_word(value) || *value.text == '/' || *value.text == ':')
		return;
	for (const char *const *known = ordinary; *known; known++)
		if (name_is(name, *known))
			return;
	means = meant_by(name);
	if (means)
		build_hint(parser->tree, "Did you mean %s:%.*s?", means, SHOWN(value));
	else
		build_hint(parser->tree, "We have no filter %.*s: and looked for it as words.",
			   SHOWN(name));
}
