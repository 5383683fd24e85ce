/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF with SHA-256 (RFC 5869): keys from a secret of full strength, never from a password. */
#ifndef THREADS_CRYPTO_HKDF_H
#define THREADS_CRYPTO_HKDF_H

#include <stddef.h>

#include "threads/error.h"

struct hkdf_input {
	const void *secret;
	size_t secret_len;
	const void *salt; /* may be NULL if salt_len is 0 */
	size_t salt_len;
	const void *info; /* names the purpose: two purposes never share a key */
	size_t info_len;
};

/* Writes len bytes (at most 255 * 32) to out. Errors: THREADS_ELIMIT, THREADS_ENOMEM. */
int hkdf_sha256(const struct hkdf_input *in, unsigned char *out, size_t len,
		struct threads_error *err) MUST_CHECK;

/* The same without salt, with a text as purpose: how a role's key becomes its parts. */
int hkdf_derive(const unsigned char *secret, size_t secret_len, const char *purpose,
		unsigned char *out, size_t len, struct threads_error *err) MUST_CHECK;

#endif
