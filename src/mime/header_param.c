/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of header values (RFC 2045, RFC 2231), as mailers write them. */
#include "mime/header_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/encode.h"
#include "core/utf8.h"

enum { SEGMENTS_MAX = 1000 };

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
		else if (depth == 0 && !header_blank(*p) && *p != ';')
			break;
	}
	return p;
}

static const char *param_value(const char *p, const char *end, struct param *param)
{
	const char *start;

	while (p < end && header_blank(*p))
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
	while (param->value_len > 0 && header_blank(start[param->value_len - 1]))
		param->value_len--;
	return p;
}

/* Reads the next parameter at *at. Returns false at the end. */
static bool param_next(const char **at, const char *end, struct param *param)
{
	const char *p = skip_gap(*at, end);

	param->name = p;
	while (p < end && *p != '=' && *p != ';' && !header_blank(*p))
		p++;
	param->name_len = (size_t)(p - param->name);
	while (p < end && header_blank(*p))
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
		const int value = *p == '%' ? hex_pair(p + 1, end) : -1;

		strbuf_add_char(out, (char)(value >= 0 ? value : *p));
		p += value >= 0 ? 3 : 1;
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
	header_clean(out, start);
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
	header_clean(out, start);
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

	for (; p < end && !header_blank(*p) && *p != '('; p++)
		if (*p > 0x20 && *p < 0x7F && *p != '"')
			strbuf_add_char(out, *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
}
