/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/parts_limit.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARIES_MAX = 64, BOUNDARY_MAX = 200 };

/* What may stand behind "--" in a boundary line. */
struct boundaries {
	struct {
		const char *text;
		size_t len;
	} list[BOUNDARIES_MAX];
	size_t count;
	bool any; /* too many, or written in a way that is not understood here */
};

/* Next line that begins with "--" at or behind p, or NULL. */
static const char *dashes_next(const char *data, const char *p, const char *end)
{
	while (p < end && (p = memchr(p, '-', (size_t)(end - p))) != NULL) {
		if (end - p >= 2 && p[1] == '-' && (p == data || p[-1] == '\n'))
			return p;
		p++;
	}
	return NULL;
}

/* At the text behind "boundary": keeps the value, if there is one. */
static void boundary_add(struct boundaries *b, const char *p, const char *end)
{
	size_t len = 0;

	while (p < end && *p != '\0' && strchr(" \t\r\n\"=", *p))
		p++;
	if (p < end && *p == '*') { /* RFC 2231 */
		b->any = true;
		return;
	}
	while (p + len < end && len < BOUNDARY_MAX && p[len] != '\0' && !strchr("\"\r\n;", p[len]))
		b->any |= p[len++] == '\\';
	if (len == 0)
		return;
	if (b->count == BOUNDARIES_MAX) {
		b->any = true;
		return;
	}
	b->list[b->count].text = p;
	b->list[b->count++].len = len;
}

/* All values behind the word "boundary", wherever it stands. */
static void boundaries_find(struct boundaries *b, const char *data, const char *end)
{
	static const char word[] = "boundary";
	const size_t len = sizeof(word) - 1;

	for (const char *p = data; (size_t)(end - p) > len && !b->any; p++)
		if ((*p | 0x20) == 'b' && strncasecmp(p, word, len) == 0)
			boundary_add(b, p + len, end);
}

static bool is_boundary(const struct boundaries *b, const char *line, const char *end)
{
	const size_t left = (size_t)(end - line - 2);

	for (size_t i = 0; i < b->count && !b->any; i++)
		if (left >= b->list[i].len &&
		    memcmp(line + 2, b->list[i].text, b->list[i].len) == 0)
			return true;
	return b->any;
}

size_t parts_limit(const char *data, size_t len, size_t max)
{
	struct boundaries boundaries = { .count = 0 };
	const char *end = data + len, *p = data;
	size_t lines = 0;

	/* Nearly all mails end here: too few such lines of any kind. */
	while (lines <= max && (p = dashes_next(data, p, end)) != NULL) {
		lines++;
		p += 2;
	}
	if (lines <= max)
		return len;
	boundaries_find(&boundaries, data, end);
	lines = 0;
	for (p = data; (p = dashes_next(data, p, end)) != NULL; p += 2)
		if (is_boundary(&boundaries, p, end) && ++lines > max)
			return (size_t)(p - data);
	return len;
}
