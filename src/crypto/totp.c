/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/totp.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>

#include "crypto/hmac.h"

enum { TOTP_WINDOW = 1, CODE_MODULUS = 1000000 };

static const EVP_MD *message_digest(enum totp_hash hash)
{
	switch (hash) {
	case TOTP_SHA256:
		return EVP_sha256();
	case TOTP_SHA512:
		return EVP_sha512();
	case TOTP_SHA1:
	default:
		return EVP_sha1();
	}
}

int totp_compute(enum totp_hash hash, const void *seed, size_t seed_len, uint64_t counter,
		 int digits, uint32_t *ret_code, struct threads_error *err)
{
	unsigned char text[8], mac[EVP_MAX_MD_SIZE] = { 0 };
	unsigned int mac_len = 0;
	uint32_t modulus = 1;

	for (int i = 0; i < 8; i++)
		text[i] = (unsigned char)(counter >> (56 - 8 * i));
	if (seed_len > INT_MAX || digits < 1 || digits > 9)
		return threads_error_set(err, THREADS_EINVAL, "one-time code: wrong parameters");
	if (!HMAC(message_digest(hash), seed, (int)seed_len, text, sizeof(text), mac, &mac_len) ||
	    mac_len < 20)
		return threads_error_set(err, THREADS_ENOMEM, "HMAC failed");
	for (int i = 0; i < digits; i++)
		modulus *= 10;

	const unsigned char *p = mac + (mac[mac_len - 1] & 0x0f);
	const uint32_t word =
		(uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	*ret_code = word % modulus;
	secret_cleanse(mac, sizeof(mac));
	return 0;
}

static void format_code(uint32_t code, char out[TOTP_CODE_SIZE])
{
	for (int i = TOTP_DIGITS - 1; i >= 0; i--) {
		out[i] = (char)('0' + code % 10);
		code /= 10;
	}
	out[TOTP_DIGITS] = '\0';
}

static int code_of_step(const unsigned char seed[TOTP_SEED_LEN], int64_t step,
			char out[TOTP_CODE_SIZE], struct threads_error *err)
{
	uint32_t code = 0;
	const int rc = totp_compute(TOTP_SHA1, seed, TOTP_SEED_LEN, (uint64_t)step, TOTP_DIGITS,
				    &code, err);

	if (rc == 0)
		format_code(code % CODE_MODULUS, out);
	return rc;
}

int totp_code(const unsigned char seed[TOTP_SEED_LEN], int64_t now_ms, char out[TOTP_CODE_SIZE],
	      struct threads_error *err)
{
	return code_of_step(seed, now_ms / TOTP_STEP_MS, out, err);
}

int totp_verify(const unsigned char seed[TOTP_SEED_LEN], int64_t now_ms, const char *code,
		int64_t *ret_step, struct threads_error *err)
{
	const int64_t now = now_ms / TOTP_STEP_MS;
	char want[TOTP_CODE_SIZE];
	bool found = false;
	int64_t match = 0;

	if (strlen(code) != TOTP_DIGITS)
		return 0;
	for (int64_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++) {
		const int rc = code_of_step(seed, step, want, err);

		if (rc < 0)
			return rc;
		if (secret_equal(want, code, TOTP_DIGITS)) {
			match = step; /* the latest, if two steps share a code */
			found = true;
		}
	}
	secret_cleanse(want, sizeof(want));
	if (!found)
		return 0;
	*ret_step = match;
	return 1;
}
