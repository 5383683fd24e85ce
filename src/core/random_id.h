/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel, and public ids: 128 bit, the only ids in URLs. */
#ifndef THREADS_CORE_RANDOM_ID_H
#define THREADS_CORE_RANDOM_ID_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PUBLIC_ID_LEN = 26, /* base32, lower case, without padding */
	PUBLIC_ID_SIZE = PUBLIC_ID_LEN + 1,
};

/* Fills buf from getrandom(2). Cannot fail on the kernels we run on; ends the process if it does. */
void random_bytes(void *buf, size_t len);

/* Writes a fresh public id, PUBLIC_ID_LEN characters of [a-z2-7] and a NUL. */
void public_id_make(char out[PUBLIC_ID_SIZE]);

/* Whether text has the shape of a public id. Says nothing about existence. */
bool public_id_valid(const char *text);

#endif
