/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a query: words, quoted text, names of operators. Internal to src/query. */
#ifndef THREADS_QUERY_QUERY_LEX_H
#define THREADS_QUERY_QUERY_LEX_H

#include <stdbool.h>
#include <stddef.h>

/* A slice of the input. */
struct lex_slice {
	const char *text;
	size_t len;
};

enum lex_operator {
	LEX_NONE = 0,
	LEX_FROM,
	LEX_TO,
	LEX_CC,
	LEX_BCC,
	LEX_WITH,
	LEX_SUBJECT,
	LEX_FILENAME,
	LEX_ACCOUNT,
	LEX_FOLDER,
	LEX_LABEL,
	LEX_HAS,
	LEX_TYPE,
	LEX_IS,
	LEX_BEFORE,
	LEX_AFTER,
	LEX_ON,
	LEX_OLDER,
	LEX_NEWER,
	LEX_LARGER,
	LEX_SMALLER,
	LEX_LATER, /* part of the language, not of this version */
};

/* Length of the white space (ASCII, and U+00A0, U+3000) at p. */
size_t lex_space(const char *p, const char *end);

/* Length of a quotation mark at p ('"' or a typographic double one), 0 if there is none. */
size_t lex_quote(const char *p, const char *end);

/* The bare word at p: up to white space, a bracket or a quotation mark. */
struct lex_slice lex_word(const char *p, const char *end);

/* The keyword (OR, AND; upper case, standing alone) at p. */
bool lex_keyword(const char *p, const char *end, const char *keyword);

/* If p starts with the name of an operator and ":", which one, its name and the length with ":". */
enum lex_operator lex_operator_at(const char *p, const char *end, const char **ret_name,
				  size_t *ret_len);

/* The names, for hints; NULL behind the last one. */
const char *lex_operator_name(size_t index);

/* Whether text has anything that a word can be made of. */
bool lex_has_word(struct lex_slice text);

#endif
