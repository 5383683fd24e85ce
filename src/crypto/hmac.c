/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
		unsigned char out[HMAC_LEN], struct threads_error *err)
{
	unsigned int out_len = 0;

	if (key_len > INT_MAX || !HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &out_len) ||
	    out_len != HMAC_LEN)
		return threads_error_set(err, THREADS_ENOMEM, "HMAC failed");
	return 0;
}

bool secret_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void secret_cleanse(void *data, size_t len)
{
	if (len > 0)
		OPENSSL_cleanse(data, len);
}

void secret_release(struct strbuf *sb)
{
	if (sb->data)
		OPENSSL_cleanse(sb->data, sb->cap);
	strbuf_release(sb);
}
