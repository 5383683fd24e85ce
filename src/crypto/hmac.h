/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC (RFC 2104), and what every holder of a secret needs: compare and forget. */
#ifndef THREADS_CRYPTO_HMAC_H
#define THREADS_CRYPTO_HMAC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/strbuf.h"
#include "threads/error.h"

enum { HMAC_LEN = 32 };

/* Errors: THREADS_ENOMEM. */
int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
		unsigned char out[HMAC_LEN], struct threads_error *err) MUST_CHECK;

/* Whether len bytes are equal, in a time that does not depend on where they differ. */
bool secret_equal(const void *a, const void *b, size_t len) MUST_CHECK;

/* Overwrites with zeros; the compiler may not leave it out. NULL is fine if len is 0. */
void secret_cleanse(void *data, size_t len);

/* For CLEANUP(secret_release): overwrites the whole memory of sb, then releases it.
 * A strbuf moves when it grows: make room with strbuf_room() before the first byte. */
void secret_release(struct strbuf *sb);

#endif
