/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random_id.h"

#include <sys/random.h>

#include "threads/compiler.h"

void random_bytes(void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len > 0) {
		const ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			abort(); /* no randomness: nothing that follows would be safe */
		p += n;
		len -= (size_t)n;
	}
}

void public_id_make(char out[PUBLIC_ID_SIZE])
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[PUBLIC_ID_LEN];

	/* 26 characters of 5 bit: 130 bit. A byte a character keeps this one line. */
	random_bytes(bytes, sizeof(bytes));
	for (int i = 0; i < PUBLIC_ID_LEN; i++)
		out[i] = chars[bytes[i] & 31];
	out[PUBLIC_ID_LEN] = '\0';
}

bool public_id_valid(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz234567") == PUBLIC_ID_LEN &&
	       text[PUBLIC_ID_LEN] == '\0';
}
