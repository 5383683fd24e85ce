/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer decoding of attachments that stayed in the skeleton because their
 * encoding was not exact. Forgiving: what is not of the encoding is skipped.
 */
#include "store/recipe.h"

static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static void decode_base64(struct strbuf *out, const char *data, size_t len)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < len; i++) {
		const int value = base64_value((unsigned char)data[i]);

		if (data[i] == '=') { /* padding ends a piece; some senders join several */
			bits = 0;
			have = 0;
		}
		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			strbuf_add_char(out, (char)(bits >> have & 0xFF));
		}
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of a soft line break at p ("=", blanks, line end), or 0. */
static size_t soft_break(const char *p, size_t left)
{
	size_t n = 1;

	while (n < left && (p[n] == ' ' || p[n] == '\t'))
		n++;
	if (n < left && p[n] == '\r')
		n++;
	return n < left && p[n] == '\n' ? n + 1 : 0;
}

static void decode_quoted_printable(struct strbuf *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t gap;

		if (data[i] != '=') {
			strbuf_add_char(out, data[i]);
			continue;
		}
		gap = soft_break(data + i, len - i);
		if (gap > 0) {
			i += gap - 1;
		} else if (i + 2 < len && hex_value(data[i + 1]) >= 0 &&
			   hex_value(data[i + 2]) >= 0) {
			strbuf_add_char(
				out, (char)(hex_value(data[i + 1]) << 4 | hex_value(data[i + 2])));
			i += 2;
		} else {
			strbuf_add_char(out, '=');
		}
	}
}

static void uuencode_line(struct strbuf *out, const char *line, size_t len)
{
	size_t bytes = len > 0 ? ((size_t)(unsigned char)line[0] - ' ') & 0x3F : 0;
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 1; bytes > 0; i++) {
		const unsigned char c = i < len ? (unsigned char)line[i] : ' ';

		bits = bits << 6 | (((uint32_t)c - ' ') & 0x3F);
		have += 6;
		if (have >= 8) {
			have -= 8;
			strbuf_add_char(out, (char)(bits >> have & 0xFF));
			bytes--;
		}
	}
}

static void decode_uuencode(struct strbuf *out, const char *data, size_t len)
{
	const char *end = data + len;

	while (data < end) {
		const char *line = data;
		const char *stop = memchr(data, '\n', (size_t)(end - data));
		size_t line_len = (size_t)((stop ? stop : end) - line);

		data = stop ? stop + 1 : end;
		if (line_len > 0 && line[line_len - 1] == '\r')
			line_len--;
		if (line_len >= 6 && memcmp(line, "begin ", 6) == 0)
			continue;
		if (line_len == 3 && memcmp(line, "end", 3) == 0)
			return;
		uuencode_line(out, line, line_len);
	}
}

void recipe_decode(struct strbuf *out, enum recipe_encoding encoding, const char *data, size_t len)
{
	switch (encoding) {
	case RECIPE_BASE64:
		decode_base64(out, data, len);
		break;
	case RECIPE_QUOTED_PRINTABLE:
		decode_quoted_printable(out, data, len);
		break;
	case RECIPE_UUENCODE:
		decode_uuencode(out, data, len);
		break;
	case RECIPE_IDENTITY:
	default:
		strbuf_add(out, data, len);
		break;
	}
}
