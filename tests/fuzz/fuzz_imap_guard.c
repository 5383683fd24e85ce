/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard in front of the IMAP library. Invariants: cutting the stream into
 * other pieces changes nothing; only last letters of PERMANENTFLAGS change; what
 * passed has no line above the limit; counters never run backwards.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imap/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LITERAL_MAX = 4096 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static size_t feed_in_pieces(struct guard *g, char *data, size_t size, size_t piece)
{
	size_t at = 0;

	while (at < size) {
		const size_t n = size - at < piece ? size - at : piece;

		if (!guard_feed(g, data + at, n))
			return at;
		at += n;
	}
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole = malloc(size + 1), *bytes = malloc(size + 1);
	struct guard a, b;
	size_t fed;

	if (!whole || !bytes)
		abort();
	if (size > 0) {
		memcpy(whole, data, size);
		memcpy(bytes, data, size);
	}
	guard_init(&a, LITERAL_MAX);
	guard_init(&b, LITERAL_MAX);
	guard_command(&a, size / 2 + 64, 0);
	guard_command(&b, size / 2 + 64, 0);
	feed_in_pieces(&a, whole, size, size ? size : 1);
	fed = feed_in_pieces(&b, bytes, size, 1);
	check((a.why == NULL) == (b.why == NULL));
	if (!a.why) {
		check(memcmp(whole, bytes, size) == 0);
		check(a.total == size && a.outside <= a.total);
		check(a.depth <= GUARD_DEPTH_MAX && a.line_len <= GUARD_LINE_MAX);
		check(a.literal_left == b.literal_left && a.literal_left <= LITERAL_MAX);
	}
	for (size_t i = 0; i < fed; i++)
		check((uint8_t)bytes[i] == data[i] ||
		      (bytes[i] == 'X' && (data[i] == 'S' || data[i] == 's')));
	free(whole);
	free(bytes);
	return 0;
}
