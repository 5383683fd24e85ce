/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/text_digest.h"

#include <stdlib.h>

enum { DIGEST_BUFFER = 4096 };

void digest_must_end(struct digest *digest, unsigned char out[DIGEST_LEN])
{
	if (digest_end(digest, out, NULL) < 0)
		abort();
}

struct text_hash {
	struct digest *digest;
	size_t fill;
	unsigned char buffer[DIGEST_BUFFER];
};

static void hash_flush(struct text_hash *h)
{
	digest_add(h->digest, h->buffer, h->fill);
	h->fill = 0;
}

static void hash_bytes(struct text_hash *h, const unsigned char *p, size_t len)
{
	if (len > sizeof(h->buffer) - h->fill)
		hash_flush(h);
	if (len > sizeof(h->buffer)) {
		digest_add(h->digest, p, len);
		return;
	}
	memcpy(h->buffer + h->fill, p, len);
	h->fill += len;
}

void digest_add_text(struct digest *digest, const void *text, size_t len)
{
	struct text_hash h = { .digest = digest };
	const unsigned char *p = text, *end = p + len;
	size_t empty_lines = 0;

	while (p < end) {
		const unsigned char *newline = memchr(p, '\n', (size_t)(end - p)), *quote = p;
		const unsigned char *next = newline ? newline + 1 : end;
		const unsigned char *stop = newline ? newline : end;

		while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
			stop--;
		while (quote < stop && *quote == '>')
			quote++;
		if (quote > p && stop - quote >= 5 && memcmp(quote, "From ", 5) == 0)
			p = quote;
		if (p == stop) {
			empty_lines++;
		} else {
			for (; empty_lines > 0; empty_lines--)
				hash_bytes(&h, (const unsigned char *)"\n", 1);
			hash_bytes(&h, p, (size_t)(stop - p));
			hash_bytes(&h, (const unsigned char *)"\n", 1);
		}
		p = next;
	}
	hash_flush(&h);
}
