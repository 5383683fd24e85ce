/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Password hashes: argon2id, m = 19456 KiB, t = 2, p = 1 (about 60 ms of CPU),
 * kept as PHC text "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH".
 */
#ifndef THREADS_CRYPTO_PASSWORD_H
#define THREADS_CRYPTO_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "threads/error.h"

enum {
	PASSWORD_PHC_SIZE = 128, /* a PHC text of ours and its NUL */
	PASSWORD_MAX = 1024,     /* bytes */
};

/* Writes the PHC text of password with a fresh salt. Errors: THREADS_ELIMIT, THREADS_ENOMEM. */
int password_hash(const char *password, size_t len, char phc[PASSWORD_PHC_SIZE],
		  struct threads_error *err) MUST_CHECK;

/* 1 if password belongs to phc, 0 if not. Errors: THREADS_EINVAL (phc is no
 * argon2id hash), THREADS_ELIMIT, THREADS_ENOMEM. */
int password_verify(const char *phc, const char *password, size_t len,
		    struct threads_error *err) MUST_CHECK;

/* Spends the time of password_verify() for a name that does not exist. Always 0, or an error as above. */
int password_verify_nobody(const char *password, size_t len, struct threads_error *err) MUST_CHECK;

/* Whether phc was made with other parameters than password_hash() uses now. */
bool password_needs_rehash(const char *phc);

#endif
