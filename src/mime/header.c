/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/header.h"

#include <stdint.h>
#include <strings.h>

#include "core/utf8.h"
#include "mime/transfer.h"

enum { SEGMENTS_MAX = 1000, CHARSET_NAME_MAX = 40 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Decoding state of unstructured text. */
struct decoder {
	struct charsets *charsets;
	struct strbuf *out;
	struct strbuf bytes; /* of encoded words in a row with the same charset */
	const char *charset;
	size_t charset_len;
	bool after_word; /* the last thing was an encoded word */
	bool no_end;     /* no "?=" further on: do not look again */
};

struct word {
	const char *charset;
	size_t charset_len;
	char encoding;
	const char *text;
	size_t text_len;
	const char *end; /* behind "?=" */
};

/* Recognises "=?charset?B?text?=" at p. */
static bool word_find(struct decoder *d, const char *p, const char *end, struct word *w)
{
	const char *q, *stop;

	if (end - p < 8 || p[1] != '?' || d->no_end)
		return false;
	w->charset = p + 2;
	q = memchr(p + 2, '?',
		   (size_t)(end - p - 2) < CHARSET_NAME_MAX ? (size_t)(end - p - 2)
							    : CHARSET_NAME_MAX);
	if (!q || q == p + 2 || end - q < 3 || q[2] != '?' || !strchr("BbQq", q[1]))
		return false;
	w->charset_len = (size_t)(q - w->charset);
	stop = memchr(w->charset, '*', w->charset_len); /* RFC 2231 language */
	if (stop)
		w->charset_len = (size_t)(stop - w->charset);
	w->encoding = (char)(q[1] & 0x5F);
	w->text = q + 3;
	stop = memmem(w->text, (size_t)(end - w->text), "?=", 2);
	d->no_end = !stop;
	if (!stop)
		return false;
	w->text_len = (size_t)(stop - w->text);
	w->end = stop + 2;
	return true;
}

static void bytes_flush(struct decoder *d)
{
	if (d->bytes.len > 0)
		charset_decode(d->charsets, d->charset, d->charset_len, d->bytes.data, d->bytes.len,
			       d->out);
	strbuf_reset(&d->bytes);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_pair(const char *p, const char *end, char *out)
{
	const int high = end - p >= 2 ? hex_digit(p[0]) : -1;
	const int low = high >= 0 ? hex_digit(p[1]) : -1;

	if (low < 0)
		return false;
	*out = (char)(high << 4 | low);
	return true;
}

static void word_q(struct strbuf *bytes, const char *p, const char *end)
{
	while (p < end) {
		char c = *p;

		if (c == '=' && hex_pair(p + 1, end, &c))
			p += 2;
		else if (c == '_')
			c = ' ';
		strbuf_add_char(bytes, c);
		p++;
	}
}

static void word_b(struct strbuf *bytes, const char *text, size_t len)
{
	struct transfer_reader reader;
	char chunk[768];
	size_t n;

	transfer_begin(&reader, TRANSFER_BASE64, text, len);
	while ((n = transfer_read(&reader, chunk, sizeof(chunk))) > 0)
		strbuf_add(bytes, chunk, n);
}

static void word_decode(struct decoder *d, const struct word *w)
{
	if (d->charset_len != w->charset_len ||
	    strncasecmp(d->charset, w->charset, w->charset_len) != 0)
		bytes_flush(d);
	d->charset = w->charset;
	d->charset_len = w->charset_len;
	if (w->encoding == 'B')
		word_b(&d->bytes, w->text, w->text_len);
	else
		word_q(&d->bytes, w->text, w->text + w->text_len);
}

/* Bytes that are not in an encoded word, line breaks of folding left out. */
static void literal_add(struct decoder *d, const char *p, const char *end)
{
	CLEANUP(strbuf_release) struct strbuf flat = STRBUF_INIT((size_t)(end - p));

	bytes_flush(d);
	while (p < end) {
		size_t run = 0;

		while (p + run < end && p[run] != '\r' && p[run] != '\n')
			run++;
		strbuf_add(&flat, p, run);
		p += run;
		while (p < end && (*p == '\r' || *p == '\n'))
			p++;
	}
	charset_decode(d->charsets, "", 0, strbuf_str(&flat), flat.len, d->out);
}

static void decode_runs(struct decoder *d, const char *p, const char *end)
{
	const char *literal = p;

	while (p < end && !d->out->failed && !d->bytes.failed) {
		const char *eq = memchr(p, '=', (size_t)(end - p)), *blank;
		struct word w;

		if (!eq)
			break;
		if (!word_find(d, eq, end, &w)) {
			p = eq + 1;
			continue;
		}
		for (blank = literal; blank < eq && is_blank(*blank); blank++)
			continue;
		if (blank < eq || (!d->after_word && eq > literal))
			literal_add(d, literal, eq); /* blanks between two words are dropped */
		word_decode(d, &w);
		d->after_word = true;
		p = literal = w.end;
	}
	if (literal < end && !d->out->failed)
		literal_add(d, literal, end);
	bytes_flush(d);
	d->out->failed |= d->bytes.failed;
}

/* Controls become blanks; blanks at the end go. ASCII only, so UTF-8 stays UTF-8. */
static void clean_from(struct strbuf *out, size_t start)
{
	for (size_t i = start; i < out->len; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7F)
			out->data[i] = ' ';
	while (out->len > start && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

void header_decode(struct charsets *charsets, const char *raw, size_t len, struct strbuf *out)
{
	struct decoder d = {
		.charsets = charsets,
		.out = out,
		.charset = "",
		.bytes = STRBUF_INIT(out->max * 2 + 1024),
	};
	const size_t start = out->len;

	while (len > 0 && is_blank(raw[0])) {
		raw++;
		len--;
	}
	while (len > 0 && is_blank(raw[len - 1]))
		len--;
	decode_runs(&d, raw, raw + len);
	strbuf_release(&d.bytes);
	clean_from(out, start);
}

/* ---- parameters ---- */

struct param {
	const char *name;
	size_t name_len;
	const char *value; /* raw; quoted values without the quotes */
	size_t value_len;
	bool quoted;
};

/* Skips white space, comments and ';'. Comments may nest; unclosed ones end the value. */
static const char *skip_gap(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (depth > 0 && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_blank(*p) && *p != ';')
			break;
	}
	return p;
}

static const char *param_value(const char *p, const char *end, struct param *param)
{
	const char *start;

	while (p < end && is_blank(*p))
		p++;
	param->quoted = p < end && *p == '"';
	if (param->quoted) {
		start = ++p;
		while (p < end && *p != '"')
			p += *p == '\\' && p + 1 < end ? 2 : 1;
		param->value = start;
		param->value_len = (size_t)(p - start);
		for (p += p < end; p < end && *p != ';'; p++)
			continue;
		return p;
	}
	start = p;
	while (p < end && *p != ';')
		p++;
	param->value = start;
	param->value_len = (size_t)(p - start);
	while (param->value_len > 0 && is_blank(start[param->value_len - 1]))
		param->value_len--;
	return p;
}

/* Reads the next parameter at *at. Returns false at the end. */
static bool param_next(const char **at, const char *end, struct param *param)
{
	const char *p = skip_gap(*at, end);

	param->name = p;
	while (p < end && *p != '=' && *p != ';' && !is_blank(*p))
		p++;
	param->name_len = (size_t)(p - param->name);
	while (p < end && is_blank(*p))
		p++;
	param->value = p;
	param->value_len = 0;
	param->quoted = false;
	if (p < end && *p == '=')
		p = param_value(p + 1, end, param);
	*at = p;
	return param->name_len > 0 || p < end;
}

static const char *value_start(const char *raw, size_t len)
{
	const char *semicolon = memchr(raw, ';', len);

	return semicolon ? semicolon : raw + len;
}

struct segment {
	const char *value;
	size_t len;
	bool there, encoded, quoted;
};

/* "name*3*" -> 3 and encoded; "name*" -> 0 and encoded. Returns false for other names. */
static bool segment_number(const struct param *p, const char *name, size_t *number, bool *encoded)
{
	const size_t len = strlen(name);
	size_t n = 0, i = len + 1;

	if (p->name_len <= len || strncasecmp(p->name, name, len) != 0 || p->name[len] != '*')
		return false;
	for (; i < p->name_len && p->name[i] >= '0' && p->name[i] <= '9'; i++)
		n = n < SEGMENTS_MAX ? n * 10 + (size_t)(p->name[i] - '0') : n;
	*encoded = i == len + 1 || (i < p->name_len && p->name[i] == '*');
	*number = n;
	return n < SEGMENTS_MAX && (i == p->name_len || p->name[i] == '*');
}

/* Quoted text without its backslashes. Only \" and \\ are taken as escapes,
 * because Windows senders write "C:\dir\file". */
static void unquote(struct strbuf *out, const char *p, size_t len, bool quoted)
{
	for (size_t i = 0; i < len; i++) {
		if (quoted && p[i] == '\\' && i + 1 < len && strchr("\"\\", p[i + 1]))
			i++;
		if (p[i] != '\r' && p[i] != '\n')
			strbuf_add_char(out, p[i]);
	}
}

static void percent_decode(struct strbuf *out, const char *p, const char *end)
{
	while (p < end) {
		char c = *p;

		if (c == '%' && hex_pair(p + 1, end, &c))
			p += 2;
		strbuf_add_char(out, c);
		p++;
	}
}

/* Takes "charset'language'" off the first segment. */
static void charset_split(struct segment *first, const char **charset, size_t *charset_len)
{
	const char *one = memchr(first->value, '\'', first->len);
	const size_t rest = one ? first->len - (size_t)(one + 1 - first->value) : 0;
	const char *two = one ? memchr(one + 1, '\'', rest) : NULL;

	*charset = "";
	*charset_len = 0;
	if (!two)
		return;
	*charset = first->value;
	*charset_len = (size_t)(one - first->value);
	first->len -= (size_t)(two + 1 - first->value);
	first->value = two + 1;
}

/* A value that does not say its charset. */
static void plain_decode(struct charsets *charsets, const struct strbuf *bytes, const char *preset,
			 struct strbuf *out)
{
	const char *text = strbuf_str(bytes);
	const size_t start = out->len;

	if (memmem(text, bytes->len, "=?", 2))
		header_decode(charsets, text, bytes->len, out);
	else if (preset)
		charset_decode(charsets, preset, strlen(preset), text, bytes->len, out);
	else
		utf8_append_repaired(out, text, bytes->len);
	clean_from(out, start);
}

static void segments_join(struct charsets *charsets, struct segment *segments, const char *preset,
			  struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT(out->max * 3);
	const size_t start = out->len;
	const char *charset = "";
	size_t charset_len = 0;

	if (segments[0].encoded)
		charset_split(&segments[0], &charset, &charset_len);
	for (size_t i = 0; i < SEGMENTS_MAX && segments[i].there; i++) {
		if (segments[i].encoded)
			percent_decode(&bytes, segments[i].value,
				       segments[i].value + segments[i].len);
		else
			unquote(&bytes, segments[i].value, segments[i].len, segments[i].quoted);
	}
	if (segments[0].encoded)
		charset_decode(charsets, charset, charset_len, strbuf_str(&bytes), bytes.len, out);
	else
		plain_decode(charsets, &bytes, preset, out);
	clean_from(out, start);
	out->failed |= bytes.failed;
}

static void plain_param(struct charsets *charsets, const struct param *param, const char *preset,
			struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT(param->value_len);

	unquote(&bytes, param->value, param->value_len, param->quoted);
	plain_decode(charsets, &bytes, preset, out);
}

bool header_param(struct charsets *charsets, const char *raw, size_t len, const char *name,
		  const char *preset, struct strbuf *out)
{
	AUTO_FREE struct segment *segments = NULL;
	struct param param, plain = { 0 };
	const char *p = value_start(raw, len), *end = raw + len;
	size_t number;
	bool encoded;

	while (param_next(&p, end, &param)) {
		if (param.name_len == strlen(name) &&
		    strncasecmp(param.name, name, param.name_len) == 0) {
			plain = plain.name ? plain : param;
		} else if (segment_number(&param, name, &number, &encoded)) {
			if (!segments)
				segments = calloc(SEGMENTS_MAX, sizeof(*segments));
			if (segments && !segments[number].there)
				segments[number] = (struct segment){ param.value, param.value_len,
								     true, encoded, param.quoted };
		}
	}
	if (segments && segments[0].there)
		segments_join(charsets, segments, preset, out);
	else if (plain.name)
		plain_param(charsets, &plain, preset, out);
	else
		return false;
	return true;
}

void header_token(const char *raw, size_t len, struct strbuf *out)
{
	const char *end = value_start(raw, len);
	const char *p = skip_gap(raw, end);

	for (; p < end && !is_blank(*p) && *p != '('; p++)
		if (*p > 0x20 && *p < 0x7F && *p != '"')
			strbuf_add_char(out, *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
}

/* One id without blanks; comments are not expected here. */
static bool id_emit(const char *p, const char *end, header_id_fn *fn, void *arg)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(1000);
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(3000);

	for (; p < end; p++)
		if (!is_blank(*p))
			strbuf_add_char(&id, *p);
	if (id.len == 0 || id.failed)
		return true;
	utf8_append_repaired(&clean, id.data, id.len);
	clean_from(&clean, 0);
	return fn(arg, strbuf_str(&clean), clean.len);
}

void header_ids(const char *raw, size_t len, header_id_fn *fn, void *arg)
{
	const char *p = raw, *end = raw + len;
	bool any = false;

	while (p < end) {
		const char *open = memchr(p, '<', (size_t)(end - p));
		const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;

		if (!close)
			break;
		any = true;
		if (!id_emit(open + 1, close, fn, arg))
			return;
		p = close + 1;
	}
	if (!any) {
		while (p < end && (is_blank(*p) || *p == '<'))
			p++;
		id_emit(p, end, fn, arg);
	}
}
