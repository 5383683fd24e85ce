/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/guard.h"

#include <ctype.h>
#include <string.h>

#include "threads/compiler.h"

void guard_init(struct guard *g, uint64_t literal_max)
{
	memset(g, 0, sizeof(*g));
	g->literal_max = literal_max;
}

void guard_command(struct guard *g, uint64_t total_max, uint64_t outside_max)
{
	g->total = 0;
	g->outside = 0;
	g->total_max = total_max;
	g->outside_max = outside_max;
}

static bool refuse(struct guard *g, const char *why)
{
	g->why = why;
	return false;
}

static void line_begin(struct guard *g)
{
	g->line_len = 0;
	g->head_len = 0;
	g->depth = 0;
	g->word = 0;
	g->data = false;
	g->quoted = false;
	g->escaped = false;
	g->literal = GUARD_LITERAL_NONE;
}

/* Status lines ("* OK", tagged, "+") hold text for people: quotes and braces mean nothing there. */
static bool head_is_data(const char *head, size_t len)
{
	static const char *const keywords[] = { "LIST ", "LSUB ", "XLIST ", "STATUS ", "ID " };

	if (len < 3 || memcmp(head, "* ", 2) != 0)
		return false;
	if (isdigit((unsigned char)head[2]))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		const size_t n = strlen(keywords[i]);

		if (len == n + 2 && strncasecmp(head + 2, keywords[i], n) == 0)
			return true;
	}
	return false;
}

static void note_head(struct guard *g, char c)
{
	if (g->data || g->head_len == GUARD_HEAD_MAX)
		return;
	g->head[g->head_len++] = c;
	g->data = head_is_data(g->head, g->head_len);
}

/* The library does not tell why a server closes. */
static void note_bye(struct guard *g, char c)
{
	static const char bye[] = "* BYE ";

	if (g->line_len < sizeof(bye) || strncasecmp(g->head, bye, sizeof(bye) - 1) != 0)
		return;
	if (g->line_len == sizeof(bye))
		g->bye_len = 0;
	if (g->bye_len < sizeof(g->bye) - 1 && c != '\0' && c != '\r') {
		g->bye[g->bye_len++] = c;
		g->bye[g->bye_len] = '\0';
	}
}

/* Changes the last letter of the word, so that every spelling around it is covered. */
static void rewrite_word(struct guard *g, char *c)
{
	static const char word[] = "permanentflags";
	const char lower = (char)tolower((unsigned char)*c);

	if (lower == word[g->word])
		g->word++;
	else
		g->word = lower == word[0] ? 1 : 0;
	if (g->word == sizeof(word) - 1) {
		*c = 'X';
		g->word = 0;
	}
}

static bool note_literal(struct guard *g, char c)
{
	const enum guard_literal before = g->literal;

	g->literal = GUARD_LITERAL_NONE;
	if (c == '{') {
		g->literal = GUARD_LITERAL_OPEN;
		g->literal_size = 0;
	} else if (isdigit((unsigned char)c) &&
		   (before == GUARD_LITERAL_OPEN || before == GUARD_LITERAL_DIGITS)) {
		g->literal = GUARD_LITERAL_DIGITS;
		g->literal_size = g->literal_size * 10 + (uint64_t)(c - '0');
		if (g->literal_size > g->literal_max)
			return refuse(g, "the server announced a message larger than allowed");
	} else if ((c == '}' && before == GUARD_LITERAL_DIGITS) ||
		   (c == '\r' && before == GUARD_LITERAL_CLOSED)) {
		g->literal = GUARD_LITERAL_CLOSED;
	}
	return true;
}

static bool line_end(struct guard *g)
{
	if (g->data && g->quoted)
		return refuse(g, "the server sent a line that ends inside quotes");
	if (g->data && g->literal == GUARD_LITERAL_CLOSED) {
		g->literal_left = g->literal_size; /* a literal continues the line */
		g->literal = GUARD_LITERAL_NONE;
		return true;
	}
	line_begin(g);
	return true;
}

static bool nest(struct guard *g, char c)
{
	if (c == '(' && ++g->depth > GUARD_DEPTH_MAX)
		return refuse(g, "the server sent a line nested too deep");
	if (c == ')' && g->depth > 0)
		g->depth--;
	return true;
}

static bool feed_char(struct guard *g, char *c)
{
	if (++g->line_len > GUARD_LINE_MAX)
		return refuse(g, "the server sent a line that is too long");
	if (*c == '\n')
		return line_end(g);
	note_head(g, *c);
	if (!g->data) {
		rewrite_word(g, c);
		note_bye(g, *c);
		return nest(g, *c);
	}
	if (g->escaped) {
		g->escaped = false;
		return true;
	}
	if (g->quoted) {
		g->escaped = *c == '\\';
		g->quoted = *c != '"';
		return true;
	}
	if (*c == '"') {
		g->quoted = true;
		g->literal = GUARD_LITERAL_NONE;
		return true;
	}
	return note_literal(g, *c) && nest(g, *c);
}

static bool count(struct guard *g, size_t inside, size_t outside)
{
	g->total += inside + outside;
	g->outside += outside;
	if ((g->total_max && g->total > g->total_max) ||
	    (g->outside_max && g->outside > g->outside_max))
		return refuse(g, "the server sent too much data for one command");
	return true;
}

bool guard_feed(struct guard *g, char *data, size_t len)
{
	size_t i = 0;

	while (i < len && !g->why) {
		if (g->literal_left > 0) {
			const size_t rest = len - i;
			const size_t n = rest < g->literal_left ? rest : (size_t)g->literal_left;

			g->literal_left -= n;
			i += n;
			if (!count(g, n, 0))
				return false;
			continue;
		}
		if (!feed_char(g, &data[i]) || !count(g, 0, 1))
			return false;
		i++;
	}
	return !g->why;
}
