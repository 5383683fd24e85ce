/* SPDX-License-Identifier: Apache-2.0 */
#include "core/transfer.h"

#include <string.h>
#include <strings.h>

#include "core/encode.h"
#include "threads/compiler.h"

enum {
	BAD = 0xFF, /* in the table: not a base64 character */
	LINE_LENGTH_MAX = 1000,
};

/* clang-format off */
static const uint8_t base64_values[256] = {
#define BAD16 BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD
	BAD16, BAD16,
	BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, 62, BAD, BAD, BAD, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, BAD, BAD, BAD, BAD, BAD, BAD,
	BAD, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, BAD, BAD, BAD, BAD, BAD,
	BAD, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, BAD, BAD, BAD, BAD, BAD,
	BAD16, BAD16, BAD16, BAD16, BAD16, BAD16, BAD16, BAD16,
};
/* clang-format on */

enum transfer transfer_find(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum transfer encoding;
	} table[] = {
		{ "base64", TRANSFER_BASE64 },
		{ "quoted-printable", TRANSFER_QUOTED_PRINTABLE },
		{ "x-uuencode", TRANSFER_UUENCODE },
		{ "uuencode", TRANSFER_UUENCODE },
		{ "x-uue", TRANSFER_UUENCODE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == len && strncasecmp(table[i].name, name, len) == 0)
			return table[i].encoding;
	return TRANSFER_IDENTITY;
}

void transfer_begin(struct transfer_reader *reader, enum transfer encoding, const void *data,
		    size_t len)
{
	const unsigned char *p = data;

	*reader = (struct transfer_reader){ .encoding = encoding, .p = p, .end = p + len };
}

/* Four characters to three bytes; false if one of them is none. */
static inline bool quad_decode(const unsigned char *p, unsigned char *out)
{
	const uint32_t a = base64_values[p[0]], b = base64_values[p[1]];
	const uint32_t c = base64_values[p[2]], d = base64_values[p[3]];
	const uint32_t bits = a << 18 | b << 12 | c << 6 | d;

	if ((a | b | c | d) & 0xC0)
		return false;
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	return true;
}

static size_t read_base64(struct transfer_reader *r, unsigned char *out, size_t cap)
{
	size_t n = 0;

	while (r->p < r->end && n + 3 <= cap) {
		const unsigned char c = *r->p;

		if (r->bit_count == 0 && r->end - r->p >= 4 && quad_decode(r->p, out + n)) {
			r->p += 4;
			n += 3;
			continue;
		}
		r->p++;
		if (base64_values[c] != BAD) {
			r->bits = r->bits << 6 | base64_values[c];
			r->bit_count += 6;
		} else if (c == '=') {
			r->bit_count = 0; /* what is left over is padding */
		}
		if (r->bit_count >= 8) {
			r->bit_count -= 8;
			out[n++] = (unsigned char)(r->bits >> r->bit_count);
		}
	}
	return n;
}

/* At '=': a soft line break, an octet, or a '=' that stands for itself. */
static size_t read_escape(struct transfer_reader *r, unsigned char *out)
{
	const unsigned char *p = r->p + 1;
	const int value = hex_pair((const char *)p, (const char *)r->end);

	if (value >= 0) {
		*out = (unsigned char)value;
		r->p += 3;
		return 1;
	}
	/* RFC 2045 lets transports add blanks to the line. At most 8: stays linear. */
	for (int i = 0; i < 8 && p < r->end && (*p == ' ' || *p == '\t'); i++)
		p++;
	if (p == r->end || *p == '\n' || *p == '\r') {
		p += p < r->end && *p == '\r';
		p += p < r->end && *p == '\n';
		r->p = p;
		return 0;
	}
	*out = '=';
	r->p++;
	return 1;
}

static size_t read_quoted(struct transfer_reader *r, unsigned char *out, size_t cap)
{
	size_t n = 0;

	while (r->p < r->end && n < cap) {
		const size_t room =
			(size_t)(r->end - r->p) < cap - n ? (size_t)(r->end - r->p) : cap - n;
		const unsigned char *stop = memchr(r->p, '=', room);
		const size_t run = stop ? (size_t)(stop - r->p) : room;

		memcpy(out + n, r->p, run);
		n += run;
		r->p += run;
		if (stop && n < cap)
			n += read_escape(r, out + n);
	}
	return n;
}

/* One line of uuencode into r->line. Returns false at the end. */
static bool uu_line(struct transfer_reader *r)
{
	const size_t left = (size_t)(r->end - r->p);
	const unsigned char *p = r->p, *newline = memchr(p, '\n', left);
	const unsigned char *stop = newline ? newline : r->end;
	size_t want, have = 0;

	if (p == r->end)
		return false;
	r->p = newline ? newline + 1 : r->end;
	r->line_pos = r->line_len = 0;
	if (stop > p && stop[-1] == '\r')
		stop--;
	if (!r->begun) {
		r->begun = (size_t)(stop - p) >= 6 && memcmp(p, "begin ", 6) == 0;
		return true;
	}
	if (stop - p == 3 && memcmp(p, "end", 3) == 0) {
		r->p = r->end;
		return false;
	}
	if (p == stop)
		return true;
	want = (size_t)(*p - 32) & 63;
	for (p++; have < want; p += 4) {
		uint32_t bits = 0;

		for (int i = 0; i < 4; i++) /* a line cut short is padded with blanks */
			bits = bits << 6 | (p + i < stop ? ((uint32_t)p[i] - 32) & 63 : 0);
		for (int i = 16; i >= 0 && have < want; i -= 8)
			r->line[have++] = (unsigned char)(bits >> i);
	}
	r->line_len = want;
	return true;
}

static size_t read_uu(struct transfer_reader *r, unsigned char *out, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		size_t take = r->line_len - r->line_pos;

		if (take == 0 && !uu_line(r))
			break;
		take = r->line_len - r->line_pos < cap - n ? r->line_len - r->line_pos : cap - n;
		memcpy(out + n, r->line + r->line_pos, take);
		r->line_pos += take;
		n += take;
	}
	return n;
}

static size_t read_identity(struct transfer_reader *r, unsigned char *out, size_t cap)
{
	const size_t left = (size_t)(r->end - r->p), n = left < cap ? left : cap;

	memcpy(out, r->p, n);
	r->p += n;
	return n;
}

size_t transfer_read(struct transfer_reader *reader, void *out, size_t cap)
{
	switch (reader->encoding) {
	case TRANSFER_BASE64:
		return read_base64(reader, out, cap);
	case TRANSFER_QUOTED_PRINTABLE:
		return read_quoted(reader, out, cap);
	case TRANSFER_UUENCODE:
		return read_uu(reader, out, cap);
	case TRANSFER_IDENTITY:
	case TRANSFER_ENCODINGS:
		break;
	}
	return read_identity(reader, out, cap);
}

void transfer_append(struct strbuf *out, enum transfer encoding, const void *data, size_t len)
{
	struct transfer_reader reader;
	char chunk[4096];
	size_t n;

	transfer_begin(&reader, encoding, data, len);
	while ((n = transfer_read(&reader, chunk, sizeof(chunk))) > 0)
		strbuf_add(out, chunk, n);
}

bool transfer_layout_find(const void *data, size_t len, struct transfer_layout *ret_layout)
{
	const unsigned char *p = data;
	const unsigned char *newline;
	struct transfer_layout layout = { .length = len };

	while (layout.length > 0 && (p[layout.length - 1] == '\n' || p[layout.length - 1] == '\r'))
		layout.length--;
	newline = memchr(p, '\n',
			 layout.length < LINE_LENGTH_MAX + 2 ? layout.length : LINE_LENGTH_MAX + 2);
	if (newline) {
		layout.crlf = newline > p && newline[-1] == '\r';
		layout.line_length = (uint32_t)(newline - p) - (layout.crlf ? 1 : 0);
	} else if (layout.length <= LINE_LENGTH_MAX) {
		layout.line_length = (uint32_t)layout.length;
	}
	if (layout.line_length == 0 || layout.line_length % 4 != 0)
		return false;
	*ret_layout = layout;
	return true;
}

void transfer_exact_begin(struct transfer_exact *exact, const struct transfer_layout *layout,
			  const void *data)
{
	const unsigned char *p = data;

	*exact = (struct transfer_exact){ .layout = *layout, .p = p, .end = p + layout->length };
}

/* The last four characters, which may be padded; bits that padding drops must be 0. */
static size_t last_quad(struct transfer_exact *x, unsigned char *out)
{
	const unsigned char *p = x->p;
	const uint32_t a = base64_values[p[0]], b = base64_values[p[1]];
	const uint32_t c = base64_values[p[2]];

	if (p[3] != '=' || ((a | b) & 0xC0) || x->end - p != 4) {
		x->broken = true;
		return 0;
	}
	out[0] = (unsigned char)(a << 2 | b >> 4);
	if (p[2] == '=') {
		x->broken = (b & 15) != 0;
		return 1;
	}
	out[1] = (unsigned char)(b << 4 | c >> 2);
	x->broken = (c & 0xC0) || (c & 3) != 0;
	return 2;
}

/* Steps over the end of a full line. */
static bool exact_newline(struct transfer_exact *x)
{
	const size_t width = x->layout.crlf ? 2 : 1;

	if ((size_t)(x->end - x->p) <= width || x->p[width - 1] != '\n' ||
	    (x->layout.crlf && x->p[0] != '\r'))
		return false;
	x->p += width;
	x->column = 0;
	return true;
}

size_t transfer_exact_read(struct transfer_exact *x, void *out, size_t cap)
{
	unsigned char *to = out;
	size_t n = 0;

	while (!x->broken && x->p < x->end && n + 3 <= cap) {
		size_t quads = (x->layout.line_length - x->column) / 4;

		if (quads == 0) {
			x->broken = !exact_newline(x);
			continue;
		}
		if (x->end - x->p < 4) {
			x->broken = true;
			break;
		}
		if (quads > (size_t)(x->end - x->p) / 4)
			quads = (size_t)(x->end - x->p) / 4;
		if (quads > (cap - n) / 3)
			quads = (cap - n) / 3;
		while (quads > 0 && quad_decode(x->p, to + n)) {
			x->p += 4;
			x->column += 4;
			n += 3;
			quads--;
		}
		if (quads > 0) {
			n += last_quad(x, to + n);
			x->p = x->broken ? x->p : x->end;
		}
	}
	return x->broken ? 0 : n;
}
