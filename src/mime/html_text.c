/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/html_text.h"

#include <stdint.h>
#include <strings.h>

#include "core/utf8.h"
#include "mime/html_entity.h"

enum { NAME_MAX_LEN = 16 };

struct tokenizer {
	const char *p, *end;
	struct strbuf *out;
	size_t start;                   /* out->len at the beginning */
	char pending;                   /* '\0', ' ' or '\n': written before the next text */
	char hidden_name[NAME_MAX_LEN]; /* the element that hides, while hidden_depth > 0 */
	size_t hidden_len;
	uint32_t hidden_depth; /* how many of that name are open inside each other */
};

struct tag {
	const char *name;
	size_t name_len;
	const char *attributes, *attributes_end;
	bool closing;
};

/* Their content is not markup and not text. */
static const char *const raw_elements[] = { "script", "style",    "title",
					    "iframe", "noframes", "noembed" };

static const char *const line_elements[] = {
	"address", "article", "aside", "blockquote", "body",     "br",     "caption", "center",
	"dd",      "div",     "dl",    "dt",         "fieldset", "figure", "footer",  "form",
	"h1",      "h2",      "h3",    "h4",         "h5",       "h6",     "header",  "hr",
	"li",      "main",    "nav",   "ol",         "option",   "p",      "pre",     "section",
	"table",   "tbody",   "tfoot", "thead",      "tr",       "ul",
};

static const char *const cell_elements[] = { "td", "th", "img", "input", "button" };

/* Never have content, so they cannot hide any. */
static const char *const void_elements[] = { "area", "base",  "br",   "col",  "hr",
					     "img",  "input", "link", "meta", "wbr" };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == ':' || c == '-';
}

static bool name_is(const char *want, const char *name, size_t len)
{
	return strlen(want) == len && strncasecmp(want, name, len) == 0;
}

static bool name_in(const char *const *list, size_t count, const struct tag *tag)
{
	if (tag->name_len == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i][0] == (tag->name[0] | 0x20) &&
		    name_is(list[i], tag->name, tag->name_len))
			return true;
	return false;
}

static void text_add(struct tokenizer *t, const char *s, size_t len)
{
	if (t->hidden_depth > 0)
		return;
	if (t->pending && t->out->len > t->start)
		strbuf_add_char(t->out, t->pending);
	t->pending = '\0';
	strbuf_add(t->out, s, len);
}

static void text_break(struct tokenizer *t, char kind)
{
	if (t->pending != '\n' && t->hidden_depth == 0)
		t->pending = kind;
}

/* Soft hyphen, zero-width space and joiners, byte order mark: padding of newsletters. */
static bool is_invisible(uint32_t c)
{
	return c == 0xAD || c == 0x34F || (c >= 0x200B && c <= 0x200F) || c == 0x2060 ||
	       c == 0xFEFF;
}

static void code_point_add(struct tokenizer *t, uint32_t c)
{
	if (c == '\t' || c == '\n' || c == '\r' || c == ' ' || c == 0xA0) {
		text_break(t, ' ');
	} else if (!is_invisible(c) && t->hidden_depth == 0) {
		text_add(t, "", 0); /* what is pending */
		utf8_append(t->out, c < 0x20 ? 0 : c);
	}
}

/* Browsers read 128..159 as Windows-1252, because people wrote them so. */
static uint32_t repair_c1(uint32_t c)
{
	static const uint16_t table[32] = {
		0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
		0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
		0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
		0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178,
	};

	return c >= 0x80 && c < 0xA0 ? table[c - 0x80] : c;
}

/* Parses "&#65;" and "&#x41;" at t->p. Returns false if it is not one. */
static bool numeric_entity(struct tokenizer *t)
{
	const char *p = t->p + 2;
	uint32_t base = 10, value = 0;
	bool any = false;

	if (p < t->end && (*p == 'x' || *p == 'X')) {
		base = 16;
		p++;
	}
	for (; p < t->end; p++, any = true) {
		uint32_t digit;

		if (*p >= '0' && *p <= '9')
			digit = (uint32_t)(*p - '0');
		else if (base == 16 && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')
			digit = (uint32_t)((*p | 0x20) - 'a' + 10);
		else
			break;
		if (value <= 0x10FFFF) /* once too large it stays too large */
			value = value * base + digit;
	}
	if (!any)
		return false;
	t->p = p < t->end && *p == ';' ? p + 1 : p;
	code_point_add(t, repair_c1(value));
	return true;
}

static bool named_entity(struct tokenizer *t)
{
	const char *name = t->p + 1, *p = name;
	uint32_t c;

	while (p < t->end && (size_t)(p - name) <= HTML_ENTITY_MAX && is_name_char(*p))
		p++;
	if (p < t->end && *p == '=') /* "?a=1&copy=2" */
		return false;
	c = html_entity(name, (size_t)(p - name), p < t->end && *p == ';');
	if (c == 0)
		return false;
	t->p = p < t->end && *p == ';' ? p + 1 : p;
	code_point_add(t, c);
	return true;
}

static void entity(struct tokenizer *t)
{
	const bool numeric = t->p + 2 < t->end && t->p[1] == '#';

	if (numeric ? numeric_entity(t) : named_entity(t))
		return;
	text_add(t, "&", 1);
	t->p++;
}

/* Moves past needle, or to the end of the input: an unclosed comment hides the rest. */
static void skip_past(struct tokenizer *t, const char *needle)
{
	const char *hit = memmem(t->p, (size_t)(t->end - t->p), needle, strlen(needle));

	t->p = hit ? hit + strlen(needle) : t->end;
}

/* Moves to the '<' of "</name", or to the end of the input. */
static void skip_raw(struct tokenizer *t, const struct tag *tag)
{
	while (t->p < t->end) {
		const char *lt = memchr(t->p, '<', (size_t)(t->end - t->p));

		if (!lt) {
			t->p = t->end;
			return;
		}
		t->p = lt;
		if (t->end - lt >= 2 && (size_t)(t->end - lt) - 2 >= tag->name_len &&
		    lt[1] == '/' && strncasecmp(lt + 2, tag->name, tag->name_len) == 0)
			return;
		t->p++;
	}
}

/* Moves past the '>' that ends a tag, minding quoted attribute values. */
static void skip_attributes(struct tokenizer *t)
{
	char quote = '\0';

	for (; t->p < t->end; t->p++) {
		char c = *t->p;

		if (quote) {
			if (c == quote)
				quote = '\0';
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			t->p++;
			return;
		}
	}
}

/* Whether a style says that the element is not shown. Blanks are skipped. */
static bool style_hides(const char *p, const char *end)
{
	static const char *const signs[] = { "display:none", "visibility:hidden", "mso-hide:all" };
	char squeezed[256];
	size_t len = 0;

	for (; p < end && len < sizeof(squeezed) - 1; p++)
		if (!is_space(*p))
			squeezed[len++] = (char)((*p >= 'A' && *p <= 'Z') ? *p | 0x20 : *p);
	squeezed[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(squeezed, signs[i]))
			return true;
	return false;
}

/* Reads one attribute at *p; returns whether it hides the element. */
static bool attribute_hides(const char **at, const char *end)
{
	const char *name = *at, *p = *at, *value, *value_end;
	size_t name_len;

	while (p < end && !is_space(*p) && *p != '=')
		p++;
	name_len = (size_t)(p - name);
	while (p < end && is_space(*p))
		p++;
	value = value_end = p;
	if (p < end && *p == '=') {
		p++;
		while (p < end && is_space(*p))
			p++;
		value = p;
		if (p < end && (*p == '"' || *p == '\'')) {
			const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));

			value = p + 1;
			value_end = close ? close : end;
			p = close ? close + 1 : end;
		} else {
			while (p < end && !is_space(*p))
				p++;
			value_end = p;
		}
	}
	*at = p > name ? p : p + 1;
	return name_is("hidden", name, name_len) ||
	       (name_is("style", name, name_len) && style_hides(value, value_end));
}

static bool tag_hides(const struct tag *tag)
{
	const char *p = tag->attributes;

	if (tag->closing || tag->name_len > NAME_MAX_LEN ||
	    name_in(void_elements, ARRAY_SIZE(void_elements), tag))
		return false;
	if (name_is("template", tag->name, tag->name_len))
		return true;
	while (p < tag->attributes_end) {
		if (is_space(*p) || *p == '/')
			p++;
		else if (attribute_hides(&p, tag->attributes_end))
			return true;
	}
	return false;
}

/* Follows the element that hides until it is closed. Returns true while hidden. */
static bool hidden_step(struct tokenizer *t, const struct tag *tag, bool line)
{
	const bool same = tag->name_len == t->hidden_len &&
			  strncasecmp(tag->name, t->hidden_name, t->hidden_len) == 0;
	/* "<p hidden>a<p>b": the second one closes the first. */
	const bool paragraph = name_is("p", t->hidden_name, t->hidden_len);

	if (same && tag->closing)
		t->hidden_depth--;
	else if (paragraph && line)
		t->hidden_depth = 0;
	else if (same)
		t->hidden_depth++;
	return t->hidden_depth > 0;
}

static void tag_apply(struct tokenizer *t, const struct tag *tag)
{
	const bool line = name_in(line_elements, ARRAY_SIZE(line_elements), tag);

	if (t->hidden_depth > 0 && hidden_step(t, tag, line))
		return;
	if (line)
		text_break(t, '\n');
	else if (name_in(cell_elements, ARRAY_SIZE(cell_elements), tag))
		text_break(t, ' ');
	if (tag_hides(tag)) {
		memcpy(t->hidden_name, tag->name, tag->name_len);
		t->hidden_len = tag->name_len;
		t->hidden_depth = 1;
	}
}

static void tag(struct tokenizer *t)
{
	struct tag tag = { .closing = t->p + 1 < t->end && t->p[1] == '/' };
	const char *p = t->p + 1 + (tag.closing ? 1 : 0);

	tag.name = p;
	while (p < t->end && is_name_char(*p))
		p++;
	tag.name_len = (size_t)(p - tag.name);
	tag.attributes = t->p = p;
	skip_attributes(t);
	tag.attributes_end = t->p > p && t->p[-1] == '>' ? t->p - 1 : t->p;
	if (!tag.closing && name_in(raw_elements, ARRAY_SIZE(raw_elements), &tag))
		skip_raw(t, &tag);
	else
		tag_apply(t, &tag);
}

static void markup(struct tokenizer *t)
{
	const size_t left = (size_t)(t->end - t->p);
	const char next = left > 1 ? t->p[1] : ' ';

	if (left >= 4 && memcmp(t->p, "<!--", 4) == 0) {
		skip_past(t, "-->");
	} else if (next == '!' || next == '?') {
		skip_past(t, ">");
	} else if (next == '/' || (is_name_char(next) && next != '-' && next != ':')) {
		tag(t);
	} else { /* a lone "<", as in "a < b" */
		text_add(t, "<", 1);
		t->p++;
	}
}

void html_text_append(struct strbuf *out, const char *html, size_t len)
{
	struct tokenizer t = { .p = html, .end = html + len, .out = out, .start = out->len };

	while (t.p < t.end && !out->failed) {
		const char *start = t.p;

		if (*t.p == '<') {
			markup(&t);
		} else if (*t.p == '&') {
			entity(&t);
		} else if (is_space(*t.p)) {
			text_break(&t, ' ');
			t.p++;
		} else {
			while (t.p < t.end && *t.p != '<' && *t.p != '&' && !is_space(*t.p))
				t.p++;
			text_add(&t, start, (size_t)(t.p - start));
		}
	}
}

void html_escape_append(struct strbuf *out, const char *text, size_t len)
{
	strbuf_add_str(out, "<pre>");
	for (size_t i = 0, run = 0; i < len; i += run) {
		for (run = 0; i + run < len && !strchr("<>&\"", text[i + run]); run++)
			continue;
		strbuf_add(out, text + i, run);
		if (i + run >= len)
			break;
		strbuf_add_str(out, text[i + run] == '<'   ? "&lt;"
				    : text[i + run] == '>' ? "&gt;"
				    : text[i + run] == '&' ? "&amp;"
							   : "&quot;");
		run++;
	}
	strbuf_add_str(out, "</pre>\n");
}
