/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct digest {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

int digest_new(struct digest **ret_digest, struct threads_error *err)
{
	struct digest *digest = calloc(1, sizeof(*digest));

	if (!digest)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest->context = EVP_MD_CTX_new();
	if (!digest->algorithm || !digest->context) {
		digest_free(digest);
		return threads_error_set(err, THREADS_EIO, "libcrypto gives no SHA-256");
	}
	*ret_digest = digest;
	return 0;
}

struct digest *digest_free(struct digest *digest)
{
	if (!digest)
		return NULL;
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->algorithm);
	free(digest);
	return NULL;
}

void digest_freep(struct digest **digest)
{
	*digest = digest_free(*digest);
}

/* A failing hash would give equal digests for different mails: better to end here. */
static void must(int rc)
{
	if (rc != 1)
		abort();
}

void digest_begin(struct digest *digest)
{
	must(EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL));
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	must(EVP_DigestUpdate(digest->context, data, len));
}

void digest_end(struct digest *digest, uint8_t out[DIGEST_SIZE])
{
	must(EVP_DigestFinal_ex(digest->context, out, NULL));
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
