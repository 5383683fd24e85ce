/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, in one call or piece by piece:
 *
 *	CLEANUP(digest_release) struct digest d = { 0 };
 *	digest_begin(&d);
 *	digest_add(&d, data, len);		failure is sticky
 *	rc = digest_end(&d, out, err);		d may begin again: it is reused
 */
#ifndef THREADS_CRYPTO_DIGEST_H
#define THREADS_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "threads/error.h"

enum { DIGEST_LEN = 32 };

struct digest {
	void *ctx; /* EVP_MD_CTX */
	bool failed;
};

void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);

/* Errors: THREADS_ENOMEM (from any call since digest_begin). */
int digest_end(struct digest *d, unsigned char out[DIGEST_LEN],
	       struct threads_error *err) MUST_CHECK;
void digest_release(struct digest *d);

/* Errors: THREADS_ENOMEM. */
int digest_sha256(const void *data, size_t len, unsigned char out[DIGEST_LEN],
		  struct threads_error *err) MUST_CHECK;

#endif
