/* SPDX-License-Identifier: Apache-2.0 */
#include "store/visible_set.h"

#include <stdlib.h>
#include <string.h>

void visible_set_release(struct visible_set *set)
{
	free(set->bits);
	free(set->denied);
	free(set->audiences);
	*set = (struct visible_set){ 0 };
}

bool visible_set_has(const struct visible_set *set, int64_t audience_id)
{
	const size_t word = (size_t)audience_id / 64;

	return audience_id > 0 && word < set->words &&
	       (set->bits[word] >> (audience_id % 64) & 1) != 0;
}

bool visible_set_denies(const struct visible_set *set, int64_t message_id)
{
	size_t low = 0, high = set->denied_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (set->denied[middle] == message_id)
			return true;
		if (set->denied[middle] < message_id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Doubles, so that audiences made one by one do not copy the set each time. */
int visible_set_reserve(struct visible_set *set, int64_t max_audience_id, struct threads_error *err)
{
	const size_t needed = (size_t)max_audience_id / 64 + 1;
	size_t words = set->words ? set->words : 16;
	uint64_t *bits;

	while (words < needed)
		words *= 2;
	if (words == set->words)
		return 0;
	bits = realloc(set->bits, words * sizeof(*bits));
	if (!bits)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	memset(bits + set->words, 0, (words - set->words) * sizeof(*bits));
	set->bits = bits;
	set->words = words;
	return 0;
}

void visible_set_member(struct visible_set *set, int64_t audience_id, int64_t from_ms,
			int64_t until_ms, int64_t now_ms)
{
	if (from_ms <= now_ms && now_ms < until_ms)
		set->bits[audience_id / 64] |= (uint64_t)1 << (audience_id % 64);
	if (from_ms > now_ms && from_ms < set->valid_until_ms)
		set->valid_until_ms = from_ms;
	if (until_ms > now_ms && until_ms < set->valid_until_ms)
		set->valid_until_ms = until_ms;
}

static int id_append(int64_t **ids, size_t *count, int64_t id, struct threads_error *err)
{
	/* Grows at every power of two. */
	if ((*count & (*count - 1)) == 0) {
		int64_t *grown = realloc(*ids, (*count ? *count * 2 : 1) * sizeof(*grown));

		if (!grown)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		*ids = grown;
	}
	(*ids)[(*count)++] = id;
	return 0;
}

int visible_set_deny(struct visible_set *set, int64_t message_id, struct threads_error *err)
{
	return id_append(&set->denied, &set->denied_count, message_id, err);
}

int visible_set_list(struct visible_set *set, size_t most, struct threads_error *err)
{
	set->audience_count = 0;
	free(TAKE_PTR(set->audiences));
	for (size_t word = 0; word < set->words; word++)
		for (int bit = 0; set->bits[word] && bit < 64; bit++) {
			int rc;

			if (!(set->bits[word] >> bit & 1))
				continue;
			if (set->audience_count == most)
				return 0;
			rc = id_append(&set->audiences, &set->audience_count,
				       (int64_t)word * 64 + bit, err);
			if (rc < 0)
				return rc;
		}
	return 1;
}
