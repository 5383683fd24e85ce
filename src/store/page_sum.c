/* SPDX-License-Identifier: Apache-2.0 */
#include "store/page_sum.h"

#include <endian.h>
#include <string.h>

enum { WORD = 8, STRIDE = 4 * WORD };

/* Odd, so that the multiplication loses nothing; the bits are those of the golden ratio. */
static const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t word_at(const unsigned char *at, size_t i)
{
	uint64_t word;

	memcpy(&word, at + i * sizeof(word), sizeof(word));
	return le64toh(word);
}

/* One to one in each of its arguments: what differs once stays different. */
static inline uint64_t mix(uint64_t state, uint64_t word)
{
	state = (state ^ word) * factor;
	return state ^ state >> 32;
}

/* Four chains beside each other: the processor need not wait for one multiplication to begin the next. */
uint64_t page_sum(const unsigned char *page, size_t size, uint32_t number)
{
	const unsigned char *const end = page + size - PAGE_SUM_BYTES;
	uint64_t a = 1, b = 2, c = 3, d = 4;
	uint64_t sum = mix(size, number);

	for (; end - page >= STRIDE; page += STRIDE) {
		a = mix(a, word_at(page, 0));
		b = mix(b, word_at(page, 1));
		c = mix(c, word_at(page, 2));
		d = mix(d, word_at(page, 3));
	}
	for (; page < end; page += WORD)
		sum = mix(sum, word_at(page, 0));
	sum = mix(mix(sum, a), b);
	return mix(mix(sum, c), d);
}

void page_sum_put(unsigned char *page, size_t size, uint32_t number)
{
	const uint64_t sum = htole64(page_sum(page, size, number));

	memcpy(page + size - PAGE_SUM_BYTES, &sum, sizeof(sum));
}

bool page_sum_fits(const unsigned char *page, size_t size, uint32_t number)
{
	return word_at(page + size - PAGE_SUM_BYTES, 0) == page_sum(page, size, number);
}
