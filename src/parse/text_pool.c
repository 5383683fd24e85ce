/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/text_pool.h"

enum { BLOCK_BYTES = 16 << 10 };

struct text_block {
	struct text_block *next;
	size_t used, size;
	char data[];
};

static struct text_block *block_add(struct text_pool *pool, size_t need)
{
	const size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
	struct text_block *block = malloc(sizeof(*block) + size);

	if (!block) {
		pool->failed = true;
		return NULL;
	}
	*block = (struct text_block){ .next = pool->blocks, .size = size };
	pool->blocks = block;
	return block;
}

struct record_text text_pool_add(struct text_pool *pool, const char *text, size_t len)
{
	struct text_block *block = pool->blocks;
	char *to;

	if (len == 0)
		return (struct record_text){ .text = "" };
	if (!block || block->size - block->used < len + 1)
		block = block_add(pool, len + 1);
	if (!block)
		return (struct record_text){ .text = "" };
	to = block->data + block->used;
	memcpy(to, text, len);
	to[len] = '\0';
	block->used += len + 1;
	return (struct record_text){ .text = to, .len = len };
}

void text_pool_release(struct text_pool *pool)
{
	while (pool->blocks) {
		struct text_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
}
