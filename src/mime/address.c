/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/address.h"

#include <strings.h>

#include "core/utf8.h"
#include "mime/header_text.h"

enum { RAW_NAME_MAX = 4 * ADDRESS_NAME_MAX, RAW_ADDRESS_MAX = 4 * ADDRESS_MAX };

/* One entry of the list while it is read. All buffers hold raw bytes. */
struct parser {
	struct charsets *charsets;
	const char *p, *end;
	address_fn *fn;
	void *arg;
	bool stop;
	struct strbuf words;   /* everything outside <>: the name, if an address in <> comes */
	struct strbuf bare;    /* the same without blanks: the address, if none comes */
	struct strbuf comment; /* inside (): the name, if there is no other */
	struct strbuf angle;   /* inside <> */
	bool has_angle;
	bool was_quoted; /* words hold a quoted string */
	bool no_close;   /* no '"' further on closes one: do not look again */
};

static void entry_reset(struct parser *a)
{
	strbuf_reset(&a->words);
	strbuf_reset(&a->bare);
	strbuf_reset(&a->comment);
	strbuf_reset(&a->angle);
	a->has_angle = a->was_quoted = false;
}

/* A name as people see it: encoded words decoded, outer quotes gone. */
static void name_decode(struct parser *a, const struct strbuf *raw, struct strbuf *out)
{
	size_t from = 0, to;

	header_decode(a->charsets, strbuf_str(raw), raw->len, out);
	to = out->len;
	/* "'Name'" of Outlook, or quotes inside an encoded word. */
	while (to - from >= 2 && (out->data[from] == '\'' || out->data[from] == '"') &&
	       out->data[to - 1] == out->data[from]) {
		from++;
		to--;
	}
	while (from < to && header_blank(out->data[from]))
		from++;
	if (from > 0 || to < out->len) {
		memmove(out->data, out->data + from, to - from);
		out->len = to - from;
		out->data[out->len] = '\0';
	}
}

/* An addr-spec: source route and stray characters off, UTF-8. */
static void spec_decode(const struct parser *a, const struct strbuf *raw, struct strbuf *out)
{
	const char *p = strbuf_str(raw), *end = p + raw->len, *colon;

	if (p < end && *p == '@' && (colon = memchr(p, ':', raw->len)) != NULL)
		p = colon + 1; /* <@relay,@relay:user@host> */
	while (p < end && (*p == '<' || header_blank(*p)))
		p++;
	while (p < end && header_blank(end[-1]))
		end--;
	if (end - p > 7 && strncasecmp(p, "mailto:", 7) == 0)
		p += 7;
	if (memmem(p, (size_t)(end - p), "=?", 2))
		header_decode(a->charsets, p, (size_t)(end - p), out);
	else
		charset_decode(a->charsets, "", 0, p, (size_t)(end - p), out);
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7F)
			out->data[i] = ' ';
}

/* Hands out the entry that was read, if it is one. */
static void entry_emit(struct parser *a)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(ADDRESS_NAME_MAX);
	CLEANUP(strbuf_release) struct strbuf spec = STRBUF_INIT(ADDRESS_MAX);

	if (a->has_angle)
		spec_decode(a, &a->angle, &spec);
	else if (memchr(strbuf_str(&a->bare), '@', a->bare.len))
		spec_decode(a, &a->bare, &spec); /* else it is a name: "undisclosed recipients" */
	if (a->has_angle || spec.len == 0)
		name_decode(a, &a->words, &name);
	if (name.len == 0)
		name_decode(a, &a->comment, &name);
	if (name.len > 0 || spec.len > 0)
		a->stop = !a->fn(a->arg, strbuf_str(&name), strbuf_str(&spec));
	entry_reset(a);
}

/* At '"': the quoted text goes to words unescaped, to bare as it is. */
static void quoted(struct parser *a)
{
	const char *close = a->no_close ? a->end : a->p + 1;

	while (close < a->end && *close != '"')
		close += *close == '\\' && close + 1 < a->end ? 2 : 1;
	if (close >= a->end) { /* never closed: an ordinary character */
		strbuf_add_char(&a->words, '"');
		a->no_close = true;
		a->p++;
		return;
	}
	strbuf_add(&a->bare, a->p, (size_t)(close + 1 - a->p));
	for (const char *q = a->p + 1; q < close; q++) {
		if (*q == '\\' && q + 1 < close)
			q++;
		strbuf_add_char(&a->words, *q);
	}
	a->was_quoted = true;
	a->p = close + 1;
}

/* At '(': nested comments are flattened. */
static void comment(struct parser *a)
{
	size_t depth = 0;

	if (a->comment.len > 0)
		strbuf_add_char(&a->comment, ' ');
	for (; a->p < a->end; a->p++) {
		if (*a->p == '(') {
			if (depth++ == 0)
				continue;
		} else if (*a->p == ')' && --depth == 0) {
			a->p++;
			return;
		} else if (*a->p == '\\' && a->p + 1 < a->end) {
			a->p++;
		}
		strbuf_add_char(&a->comment, *a->p);
	}
}

/* At '<': up to '>', or to the end of the entry if that is missing. */
static void angle(struct parser *a)
{
	bool in_quotes = false;

	strbuf_reset(&a->angle);
	a->has_angle = true;
	for (a->p++; a->p < a->end; a->p++) {
		const char c = *a->p;

		if (c == '"')
			in_quotes = !in_quotes;
		if (c == '>' && !in_quotes) {
			a->p++;
			return;
		}
		if (!in_quotes && c == ',' && memchr(strbuf_str(&a->angle), '@', a->angle.len) &&
		    a->angle.data[0] != '@')
			return;
		if (c == '(' && !in_quotes) {
			comment(a);
			a->p--;
		} else if (!header_blank(c) || in_quotes) {
			strbuf_add_char(&a->angle, c);
		}
	}
}

/* Whether the comma at a->p only separates parts of an unquoted name, as in
 * "Doe, John <john@example.org>": what came has no '@', and a '<' follows
 * before the next comma, with something before it. */
static bool comma_in_name(const struct parser *a)
{
	const char *p = a->p + 1;

	if (a->has_angle || a->was_quoted || a->bare.len == 0 || a->comment.len > 0 ||
	    memchr(a->bare.data, '@', a->bare.len))
		return false;
	/* At most 100 characters: names are short, and this stays linear. */
	for (int i = 0; i < 100 && p < a->end && !strchr(",;:@\"(", *p); i++, p++)
		if (*p == '<')
			return true;
	return false;
}

static void step(struct parser *a)
{
	const char c = *a->p;

	switch (c) {
	case '"':
		quoted(a);
		return;
	case '(':
		comment(a);
		return;
	case '<':
		angle(a);
		return;
	case ',':
		if (comma_in_name(a))
			break;
		entry_emit(a);
		a->p++;
		return;
	case ';':
		entry_emit(a);
		a->p++;
		return;
	case ':': /* "Group: a@example.org, ...;": the name says nothing about a person */
		if (a->has_angle || memchr(strbuf_str(&a->bare), '@', a->bare.len) ||
		    (a->bare.len == 6 && strncasecmp(a->bare.data, "mailto", 6) == 0))
			break;
		entry_reset(a);
		a->p++;
		return;
	default:
		break;
	}
	strbuf_add_char(&a->words, c);
	if (!header_blank(c))
		strbuf_add_char(&a->bare, c);
	a->p++;
}

/* The inside of an encoded word may look like anything: "=?utf-8?Q?a,b?=". It is
 * taken whole. Words are short; looking 1,000 bytes ahead keeps this linear. */
static bool encoded_word(struct parser *a)
{
	const size_t left = (size_t)(a->end - a->p), reach = left < 1000 ? left : 1000;
	const char *from = a->p, *text, *stop;
	size_t rest;

	if (left < 8 || from[0] != '=' || from[1] != '?')
		return false;
	text = memchr(from + 2, '?', reach - 2);
	rest = text ? reach - (size_t)(text - from) : 0;
	if (rest < 5 || text[2] != '?')
		return false;
	stop = memmem(text + 3, rest - 3, "?=", 2);
	if (!stop || memchr(from, '<', (size_t)(stop - from)))
		return false;
	strbuf_add(&a->words, from, (size_t)(stop + 2 - from));
	strbuf_add(&a->bare, from, (size_t)(stop + 2 - from));
	a->p = stop + 2;
	return true;
}

void address_parse(struct charsets *charsets, const char *raw, size_t len, address_fn *fn,
		   void *arg)
{
	struct parser a = {
		.charsets = charsets,
		.p = raw,
		.end = raw + len,
		.fn = fn,
		.arg = arg,
		.words = STRBUF_INIT(RAW_NAME_MAX),
		.bare = STRBUF_INIT(RAW_NAME_MAX),
		.comment = STRBUF_INIT(RAW_NAME_MAX),
		.angle = STRBUF_INIT(RAW_ADDRESS_MAX),
	};

	while (a.p < a.end && !a.stop)
		if (!encoded_word(&a))
			step(&a);
	if (!a.stop)
		entry_emit(&a);
	strbuf_release(&a.words);
	strbuf_release(&a.bare);
	strbuf_release(&a.comment);
	strbuf_release(&a.angle);
}
