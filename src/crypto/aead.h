/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM. A box is: nonce (12 bytes, random) | ciphertext | tag (16 bytes).
 * One key may seal about 2^32 boxes (NIST SP 800-38D, random nonces).
 */
#ifndef THREADS_CRYPTO_AEAD_H
#define THREADS_CRYPTO_AEAD_H

#include <stddef.h>

#include "threads/error.h"

enum {
	AEAD_KEY_LEN = 32,
	AEAD_NONCE_LEN = 12,
	AEAD_TAG_LEN = 16,
	AEAD_OVERHEAD = AEAD_NONCE_LEN + AEAD_TAG_LEN,
	AEAD_PLAIN_MAX = 1 << 30,
};

/*
 * Seals len bytes of plain into out, which holds len + AEAD_OVERHEAD bytes and
 * does not overlap plain. aad is bound, not stored; it may be NULL if aad_len is 0.
 * Errors: THREADS_ELIMIT (len above AEAD_PLAIN_MAX), THREADS_ENOMEM.
 */
int aead_seal(const unsigned char key[AEAD_KEY_LEN], const void *aad, size_t aad_len,
	      const void *plain, size_t len, unsigned char *out,
	      struct threads_error *err) MUST_CHECK;

/*
 * Opens a box of box_len bytes into out, which holds box_len - AEAD_OVERHEAD
 * bytes. On failure out holds zeros. Errors: THREADS_EINVAL (too short, or not
 * sealed with this key and aad: the two cannot be told apart), THREADS_ENOMEM.
 */
int aead_open(const unsigned char key[AEAD_KEY_LEN], const void *aad, size_t aad_len,
	      const void *box, size_t box_len, unsigned char *out,
	      struct threads_error *err) MUST_CHECK;

#endif
