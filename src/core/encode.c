/* SPDX-License-Identifier: Apache-2.0 */
#include "core/encode.h"

/* Each alphabet of 2^bits characters; the decoder searches the same text. */
struct alphabet {
	const char *chars;
	unsigned int bits;
	bool padded;    /* when encoded; nobody decodes such text */
	bool fold_case; /* letters of the alphabet are upper case, input may be either */
};

static const struct alphabet base64_std = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, true, false
};
static const struct alphabet base64_url = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, false, false
};
static const struct alphabet base32 = { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, false, true };
static const struct alphabet hex = { "0123456789abcdef", 4, false, false };

static void encode(struct strbuf *out, const struct alphabet *a, const void *data, size_t len)
{
	const unsigned char *p = data;
	const uint32_t mask = (1U << a->bits) - 1;
	uint32_t acc = 0;
	unsigned int have = 0;
	size_t written = 0;

	for (size_t i = 0; i < len; i++) {
		acc = (acc << 8) | p[i];
		have += 8;
		for (; have >= a->bits; written++) {
			have -= a->bits;
			strbuf_add_char(out, a->chars[(acc >> have) & mask]);
		}
	}
	if (have > 0) {
		strbuf_add_char(out, a->chars[(acc << (a->bits - have)) & mask]);
		written++;
	}
	for (; a->padded && written % 4; written++)
		strbuf_add_char(out, '=');
}

static int digit_value(const struct alphabet *a, char c)
{
	const char *hit;

	if (a->fold_case && c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	hit = c ? strchr(a->chars, c) : NULL;
	return hit ? (int)(hit - a->chars) : -1;
}

static int decode(struct strbuf *out, const struct alphabet *a, const char *text, size_t len,
		  struct threads_error *err)
{
	uint32_t acc = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < len; i++) {
		const int value = digit_value(a, text[i]);

		if (value < 0)
			return threads_error_set(err, THREADS_EINVAL, "not a valid encoding");
		acc = (acc << a->bits) | (uint32_t)value;
		have += a->bits;
		if (have >= 8) {
			have -= 8;
			strbuf_add_char(out, (char)(acc >> have));
		}
	}
	/* A whole unused digit, or bits that say something, are not canonical. */
	if (have >= a->bits || (acc & ((1U << have) - 1)))
		return threads_error_set(err, THREADS_EINVAL, "not a valid encoding");
	return strbuf_check(out, err);
}

void base64_append(struct strbuf *out, const void *data, size_t len)
{
	encode(out, &base64_std, data, len);
}

void base64url_append(struct strbuf *out, const void *data, size_t len)
{
	encode(out, &base64_url, data, len);
}

void base32_append(struct strbuf *out, const void *data, size_t len)
{
	encode(out, &base32, data, len);
}

void hex_append(struct strbuf *out, const void *data, size_t len)
{
	encode(out, &hex, data, len);
}

int base64url_decode(struct strbuf *out, const char *text, size_t len, struct threads_error *err)
{
	return decode(out, &base64_url, text, len, err);
}

int base32_decode(struct strbuf *out, const char *text, size_t len, struct threads_error *err)
{
	return decode(out, &base32, text, len, err);
}

int hex_decode(struct strbuf *out, const char *text, size_t len, struct threads_error *err)
{
	return decode(out, &hex, text, len, err);
}
