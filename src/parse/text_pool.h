/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that live as long as the record that is built from them: one free for all. */
#ifndef THREADS_PARSE_TEXT_POOL_H
#define THREADS_PARSE_TEXT_POOL_H

#include "ipc/record.h"

struct text_block;

struct text_pool {
	struct text_block *blocks;
	bool failed; /* out of memory; texts are empty from then on */
};

/* Copies len bytes and a NUL. */
struct record_text text_pool_add(struct text_pool *pool, const char *text, size_t len);

void text_pool_release(struct text_pool *pool);

#endif
