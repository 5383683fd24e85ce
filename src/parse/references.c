/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/references.h"

#include "mime/header.h"
#include "mime/part.h"

enum { LOOKED_AT_MAX = 100000 };

/* The first id stays at its place; behind it the others go round. */
struct ring {
	struct text_pool *pool;
	struct record_text *ids;
	size_t next; /* where the next one goes, once all places are taken */
	size_t total;
};

static bool take_id(void *arg, const char *id, size_t len)
{
	struct ring *ring = arg;
	size_t at = ring->total;

	if (at >= RECORD_REFERENCES_MAX) {
		at = 1 + ring->next;
		ring->next = (ring->next + 1) % (RECORD_REFERENCES_MAX - 1);
	}
	ring->total++;
	ring->ids[at] = text_pool_add(ring->pool, id, len);
	return ring->total < LOOKED_AT_MAX;
}

/* Puts the ring into the order of the header. */
static void straighten(struct ring *ring)
{
	const size_t places = RECORD_REFERENCES_MAX - 1;
	struct record_text *copy;

	if (ring->next == 0)
		return;
	copy = calloc(places, sizeof(*copy));
	ring->pool->failed |= !copy;
	for (size_t i = 0; copy && i < places; i++)
		copy[i] = ring->ids[1 + (ring->next + i) % places];
	if (copy)
		memcpy(ring->ids + 1, copy, places * sizeof(*copy));
	free(copy);
}

bool references_read(const struct mime_part *root, struct text_pool *pool, struct record *record)
{
	struct ring ring = { .pool = pool };
	size_t len;
	const char *raw = mime_header(root, "References", &len);

	if (!raw)
		return false;
	ring.ids = record->references = calloc(RECORD_REFERENCES_MAX, sizeof(*record->references));
	if (!ring.ids) {
		pool->failed = true;
		return false;
	}
	header_ids(raw, len, take_id, &ring);
	straighten(&ring);
	record->reference_count =
		ring.total < RECORD_REFERENCES_MAX ? ring.total : RECORD_REFERENCES_MAX;
	return ring.total > RECORD_REFERENCES_MAX;
}
