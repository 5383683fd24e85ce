/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"

#include <stdint.h>

#include "core/strbuf.h"
#include "crypto/hmac.h"

enum { HKDF_INFO_MAX = 1024 };

/* T(n) = HMAC(prk, T(n-1) | info | n). block holds T(n-1), empty for n = 1. */
static int expand_block(const unsigned char prk[HMAC_LEN], const struct hkdf_input *in, uint8_t n,
			unsigned char block[HMAC_LEN], struct threads_error *err)
{
	unsigned char text[HMAC_LEN + HKDF_INFO_MAX + 1];
	size_t len = 0;

	if (n > 1) {
		memcpy(text, block, HMAC_LEN);
		len = HMAC_LEN;
	}
	if (in->info_len > 0)
		memcpy(text + len, in->info, in->info_len);
	len += in->info_len;
	text[len++] = n;

	const int rc = hmac_sha256(prk, HMAC_LEN, text, len, block, err);

	secret_cleanse(text, sizeof(text));
	return rc;
}

int hkdf_sha256(const struct hkdf_input *in, unsigned char *out, size_t len,
		struct threads_error *err)
{
	static const unsigned char no_salt[HMAC_LEN];
	unsigned char prk[HMAC_LEN], block[HMAC_LEN];
	int rc;

	if (in->info_len > HKDF_INFO_MAX || len > (size_t)255 * HMAC_LEN)
		return threads_error_set(err, THREADS_ELIMIT, "HKDF: too long");
	rc = hmac_sha256(in->salt_len ? in->salt : no_salt,
			 in->salt_len ? in->salt_len : sizeof(no_salt), in->secret, in->secret_len,
			 prk, err);
	for (uint8_t n = 1; rc == 0 && len > 0; n++) {
		const size_t part = len < HMAC_LEN ? len : HMAC_LEN;

		rc = expand_block(prk, in, n, block, err);
		if (rc == 0)
			memcpy(out, block, part);
		out += part;
		len -= part;
	}
	secret_cleanse(prk, sizeof(prk));
	secret_cleanse(block, sizeof(block));
	return rc;
}

int hkdf_derive(const unsigned char *secret, size_t secret_len, const char *purpose,
		unsigned char *out, size_t len, struct threads_error *err)
{
	const struct hkdf_input in = {
		.secret = secret,
		.secret_len = secret_len,
		.info = purpose,
		.info_len = strlen(purpose),
	};

	return hkdf_sha256(&in, out, len, err);
}
