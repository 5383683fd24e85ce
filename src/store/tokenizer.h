/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FTS5 tokenizer "hub": unicode61 without diacritics for scripts that put
 * spaces between words; for those that do not (Chinese, Japanese, Korean, Thai
 * ...) a run of characters becomes overlapping pairs, plus its last character
 * alone at the position of the last pair. A query of two or more characters is
 * then a phrase of pairs, one of a single character is a prefix query, and both
 * find every place. Registered by store_connect(); this is for direct use.
 */
#ifndef THREADS_STORE_TOKENIZER_H
#define THREADS_STORE_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct tokenizer;

enum tokenizer_mode { TOKENIZER_DOCUMENT, TOKENIZER_QUERY };

/* One token: its folded text, and the bytes of the input it stands for. Not 0 stops. */
typedef int tokenizer_fn(const char *token, size_t len, size_t start, size_t end, bool colocated,
			 void *arg);

/* Errors: THREADS_ENOMEM, THREADS_EBUG if the connection has no such tokenizer. */
int tokenizer_open(struct db *db, struct tokenizer **ret_tokenizer,
		   struct threads_error *err) MUST_CHECK;
struct tokenizer *tokenizer_close(struct tokenizer *tokenizer); /* accepts NULL, returns NULL */
void tokenizer_closep(struct tokenizer **tokenizer);

/* Calls fn for each token of text. Returns 0, or what fn returned. Errors: THREADS_ENOMEM. */
int tokenizer_run(struct tokenizer *tokenizer, enum tokenizer_mode mode, const char *text,
		  size_t len, tokenizer_fn *fn, void *arg, struct threads_error *err) MUST_CHECK;

/* Whether a character belongs to a script that is cut into pairs. */
bool tokenizer_pairs(uint32_t code_point);

#endif
