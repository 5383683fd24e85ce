/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/random_id.h"

static void context_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

int aead_seal(const unsigned char key[AEAD_KEY_LEN], const void *aad, size_t aad_len,
	      const void *plain, size_t len, unsigned char *out, struct threads_error *err)
{
	CLEANUP(context_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *body = out + AEAD_NONCE_LEN;
	int n = 0;

	if (len > AEAD_PLAIN_MAX || aad_len > AEAD_PLAIN_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too long to be sealed");
	random_bytes(out, AEAD_NONCE_LEN);
	if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) != 1 ||
	    (aad_len && EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) != 1) ||
	    (len && EVP_EncryptUpdate(ctx, body, &n, plain, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(ctx, body + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, AEAD_TAG_LEN, body + len) != 1)
		return threads_error_set(err, THREADS_ENOMEM, "sealing failed");
	return 0;
}

int aead_open(const unsigned char key[AEAD_KEY_LEN], const void *aad, size_t aad_len,
	      const void *box, size_t box_len, unsigned char *out, struct threads_error *err)
{
	CLEANUP(context_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const unsigned char *nonce = box, *body = nonce + AEAD_NONCE_LEN;
	unsigned char tag[AEAD_TAG_LEN];
	int n = 0;

	if (box_len < AEAD_OVERHEAD || box_len - AEAD_OVERHEAD > AEAD_PLAIN_MAX ||
	    aad_len > AEAD_PLAIN_MAX)
		return threads_error_set(err, THREADS_EINVAL, "a sealed box of a wrong length");

	const size_t len = box_len - AEAD_OVERHEAD;

	memcpy(tag, body + len, sizeof(tag));
	if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
	    (aad_len && EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, AEAD_TAG_LEN, tag) != 1)
		return threads_error_set(err, THREADS_ENOMEM, "opening failed");
	/* Nothing follows the last byte in GCM, so Final needs no room of its own. */
	if ((len && EVP_DecryptUpdate(ctx, out, &n, body, (int)len) != 1) ||
	    EVP_DecryptFinal_ex(ctx, tag, &n) != 1) {
		OPENSSL_cleanse(out, len);
		return threads_error_set(err, THREADS_EINVAL,
					 "a sealed box was changed or belongs to another key");
	}
	return 0;
}
