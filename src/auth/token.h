/* SPDX-License-Identifier: Apache-2.0 */
/* Random tokens for cookies and links: 256 bit, shown once, kept as SHA-256 only. */
#ifndef THREADS_AUTH_TOKEN_H
#define THREADS_AUTH_TOKEN_H

#include <stdbool.h>

#include "crypto/digest.h"

enum { TOKEN_LEN = 43, TOKEN_SIZE = TOKEN_LEN + 1 };

/* A fresh token as base64url text, and what to keep of it. Errors: THREADS_ENOMEM. */
int token_make(char text[TOKEN_SIZE], unsigned char hash[DIGEST_LEN],
	       struct threads_error *err) MUST_CHECK;

/* The hash of a token from outside; false if text cannot be one. */
bool token_hash(const char *text, unsigned char hash[DIGEST_LEN]);

#endif
