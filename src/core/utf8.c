/* SPDX-License-Identifier: Apache-2.0 */
#include "core/utf8.h"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

size_t utf8_decode(const char *p, const char *end, uint32_t *ret_code_point)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char lead = (unsigned char)*p;
	size_t len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	uint32_t c;

	if (len == 0 || lead > 0xF4 || (size_t)(end - p) < len)
		return 0;
	c = len == 1 ? lead : lead & (0x7FU >> len);
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(p[i]))
			return 0;
		c = (c << 6) | ((unsigned char)p[i] & 0x3F);
	}
	if (c < smallest[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*ret_code_point = c;
	return len;
}

bool utf8_valid(const char *text, size_t len)
{
	const char *end = text + len;
	uint32_t c;

	for (const char *p = text; p < end;) {
		const size_t n = utf8_decode(p, end, &c);

		if (n == 0 || c == 0)
			return false;
		p += n;
	}
	return true;
}

void utf8_append_repaired(struct strbuf *out, const char *text, size_t len)
{
	const char *end = text + len, *good = text;
	uint32_t c;

	for (const char *p = text; p < end && !out->failed;) {
		const size_t n = utf8_decode(p, end, &c);

		if (n > 0 && c != 0) {
			p += n;
			continue;
		}
		strbuf_add(out, good, (size_t)(p - good));
		strbuf_add_str(out, "\xEF\xBF\xBD");
		good = ++p;
	}
	strbuf_add(out, good, (size_t)(end - good));
}

void utf8_append(struct strbuf *out, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xC0 | (c >> 6));
		b[n++] = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xE0 | (c >> 12));
		b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
		b[n++] = (char)(0x80 | (c & 0x3F));
	} else {
		b[n++] = (char)(0xF0 | (c >> 18));
		b[n++] = (char)(0x80 | ((c >> 12) & 0x3F));
		b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
		b[n++] = (char)(0x80 | (c & 0x3F));
	}
	strbuf_add(out, b, n);
}

size_t utf8_cut(const char *text, size_t len)
{
	size_t n = len;

	/* Back to the last lead byte; keep its character if it is whole. */
	while (n > 0 && len - n < 4 && is_continuation(text[n - 1]))
		n--;
	if (n > 0) {
		uint32_t c;
		const size_t have = utf8_decode(text + n - 1, text + len, &c);

		return have > 0 ? n - 1 + have : n - 1;
	}
	return len;
}

void utf8_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		len = utf8_cut(text, size - 1);
	memcpy(out, text, len);
	out[len] = '\0';
}
