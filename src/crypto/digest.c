/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/evp.h>

void digest_begin(struct digest *d)
{
	/* No algorithm the second time: it is kept, and libcrypto would look it up anew. */
	const EVP_MD *algorithm = d->ctx ? NULL : EVP_sha256();

	if (!d->ctx)
		d->ctx = EVP_MD_CTX_new();
	d->failed = !d->ctx || EVP_DigestInit_ex(d->ctx, algorithm, NULL) != 1;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	if (!d->failed && len > 0 && EVP_DigestUpdate(d->ctx, data, len) != 1)
		d->failed = true;
}

int digest_end(struct digest *d, unsigned char out[DIGEST_LEN], struct threads_error *err)
{
	unsigned int len = 0;

	if (d->failed || EVP_DigestFinal_ex(d->ctx, out, &len) != 1 || len != DIGEST_LEN)
		return threads_error_set(err, THREADS_ENOMEM, "SHA-256 failed");
	return 0;
}

void digest_release(struct digest *d)
{
	EVP_MD_CTX_free(d->ctx);
	d->ctx = NULL;
}

int digest_sha256(const void *data, size_t len, unsigned char out[DIGEST_LEN],
		  struct threads_error *err)
{
	CLEANUP(digest_release) struct digest d = { 0 };

	digest_begin(&d);
	digest_add(&d, data, len);
	return digest_end(&d, out, err);
}
