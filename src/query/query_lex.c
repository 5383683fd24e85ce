/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_lex.h"

#include <string.h>
#include <strings.h>

#include "threads/compiler.h"

/* What is offered to people comes first; behind it, what other programs call the same. */
static const struct {
	const char *name;
	enum lex_operator which;
} operators[] = {
	{ "from", LEX_FROM },
	{ "to", LEX_TO },
	{ "cc", LEX_CC },
	{ "bcc", LEX_BCC },
	{ "with", LEX_WITH },
	{ "subject", LEX_SUBJECT },
	{ "filename", LEX_FILENAME },
	{ "account", LEX_ACCOUNT },
	{ "folder", LEX_FOLDER },
	{ "label", LEX_LABEL },
	{ "has", LEX_HAS },
	{ "type", LEX_TYPE },
	{ "is", LEX_IS },
	{ "before", LEX_BEFORE },
	{ "after", LEX_AFTER },
	{ "on", LEX_ON },
	{ "older", LEX_OLDER },
	{ "newer", LEX_NEWER },
	{ "larger", LEX_LARGER },
	{ "smaller", LEX_SMALLER },
	{ "in", LEX_FOLDER },
	{ "older_than", LEX_OLDER },
	{ "newer_than", LEX_NEWER },
	{ "company", LEX_LATER },
	{ "verified", LEX_LATER },
	{ "duration", LEX_LATER },
};

static bool starts_with(const char *p, const char *end, const char *bytes)
{
	const size_t len = strlen(bytes);

	return (size_t)(end - p) >= len && memcmp(p, bytes, len) == 0;
}

size_t lex_space(const char *p, const char *end)
{
	if (p == end)
		return 0;
	if ((unsigned char)*p <= ' ' || *p == 0x7F)
		return 1;
	if (starts_with(p, end, "\xC2\xA0"))
		return 2;
	return starts_with(p, end, "\xE3\x80\x80") ? 3 : 0;
}

size_t lex_quote(const char *p, const char *end)
{
	/* U+201C, U+201D, U+201E, U+00AB, U+00BB: what phones and office programs make of it. */
	static const char *const marks[] = { "\"",           "\xE2\x80\x9C", "\xE2\x80\x9D",
					     "\xE2\x80\x9E", "\xC2\xAB",     "\xC2\xBB" };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (starts_with(p, end, marks[i]))
			return strlen(marks[i]);
	return 0;
}

struct lex_slice lex_word(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p != '(' && *p != ')' && !lex_space(p, end) && !lex_quote(p, end))
		p++;
	return (struct lex_slice){ .text = start, .len = (size_t)(p - start) };
}

bool lex_keyword(const char *p, const char *end, const char *keyword)
{
	const struct lex_slice word = lex_word(p, end);

	return word.len == strlen(keyword) && memcmp(word.text, keyword, word.len) == 0;
}

enum lex_operator lex_operator_at(const char *p, const char *end, const char **ret_name,
				  size_t *ret_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const size_t len = strlen(operators[i].name);

		if ((size_t)(end - p) <= len || p[len] != ':' ||
		    strncasecmp(p, operators[i].name, len) != 0)
			continue;
		*ret_name = operators[i].name;
		*ret_len = len + 1;
		return operators[i].which;
	}
	return LEX_NONE;
}

const char *lex_operator_name(size_t index)
{
	return index < ARRAY_SIZE(operators) ? operators[index].name : NULL;
}

bool lex_has_word(struct lex_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.text[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return true;
	}
	return false;
}
