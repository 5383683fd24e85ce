/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/header_text.h"

#include <stdint.h>
#include <strings.h>

#include "core/encode.h"
#include "core/transfer.h"
#include "core/utf8.h"

enum { CHARSET_NAME_MAX = 40 };

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

static void word_q(struct strbuf *bytes, const char *p, const char *end)
{
	while (p < end) {
		const int value = *p == '=' ? hex_pair(p + 1, end) : -1;

		strbuf_add_char(bytes, (char)(value >= 0 ? value : *p == '_' ? ' ' : *p));
		p += value >= 0 ? 3 : 1;
	}
}

static void word_decode(struct decoder *d, const struct word *w)
{
	if (d->charset_len != w->charset_len ||
	    strncasecmp(d->charset, w->charset, w->charset_len) != 0)
		bytes_flush(d);
	d->charset = w->charset;
	d->charset_len = w->charset_len;
	if (w->encoding == 'B')
		transfer_append(&d->bytes, TRANSFER_BASE64, w->text, w->text_len);
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
		for (blank = literal; blank < eq && header_blank(*blank); blank++)
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

void header_clean(struct strbuf *out, size_t start)
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

	while (len > 0 && header_blank(raw[0])) {
		raw++;
		len--;
	}
	while (len > 0 && header_blank(raw[len - 1]))
		len--;
	decode_runs(&d, raw, raw + len);
	strbuf_release(&d.bytes);
	header_clean(out, start);
}

/* One id without blanks; comments are not expected here. */
static bool id_emit(const char *p, const char *end, header_id_fn *fn, void *arg)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(1000);
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(3000);

	for (; p < end; p++)
		if (!header_blank(*p))
			strbuf_add_char(&id, *p);
	if (id.len == 0 || id.failed)
		return true;
	utf8_append_repaired(&clean, id.data, id.len);
	header_clean(&clean, 0);
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
		while (p < end && (header_blank(*p) || *p == '<'))
			p++;
		id_emit(p, end, fn, arg);
	}
}
