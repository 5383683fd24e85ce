/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time codes by time (RFC 6238): SHA-1, 6 digits, 30 seconds, because that
 * is what every authenticator app can do. A code of the step before and after
 * is taken too, so it lives up to 90 seconds; the caller makes it single-use
 * with one conditional UPDATE of the last step used.
 */
#ifndef THREADS_CRYPTO_TOTP_H
#define THREADS_CRYPTO_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

enum {
	TOTP_SEED_LEN = 20,
	TOTP_STEP_MS = 30 * 1000,
	TOTP_DIGITS = 6,
	TOTP_CODE_SIZE = TOTP_DIGITS + 1,
};

enum totp_hash { TOTP_SHA1, TOTP_SHA256, TOTP_SHA512 };

/* HOTP (RFC 4226) of one counter with 1 to 9 digits; the app's parameters are the first and 6. */
int totp_compute(enum totp_hash hash, const void *seed, size_t seed_len, uint64_t counter,
		 int digits, uint32_t *ret_code, struct threads_error *err) MUST_CHECK;

/* Writes the code of this moment, with leading zeros. */
int totp_code(const unsigned char seed[TOTP_SEED_LEN], int64_t now_ms, char out[TOTP_CODE_SIZE],
	      struct threads_error *err) MUST_CHECK;

/*
 * 1 if code (exactly 6 digits) is that of the step now, before or after, and
 * writes that step; 0 if not. Which of the three it was does not show in the time taken.
 */
int totp_verify(const unsigned char seed[TOTP_SEED_LEN], int64_t now_ms, const char *code,
		int64_t *ret_step, struct threads_error *err) MUST_CHECK;

#endif
