/* SPDX-License-Identifier: Apache-2.0 */
/* One searched word or phrase as the index knows it, and whether it stands in a text. */
#ifndef THREADS_STORE_SEARCH_TERM_H
#define THREADS_STORE_SEARCH_TERM_H

#include "query/query_tree.h"
#include "store/tokenizer.h"

enum {
	SEARCH_TOKENS_MAX = 32, /* of one term; longer phrases are compared by these */
	SEARCH_TOKEN_BYTES = 2048,
};

struct search_term {
	enum query_field field;
	bool prefix; /* of the last token */
	size_t token_count;
	const char *tokens[SEARCH_TOKENS_MAX]; /* into bytes */
	size_t lengths[SEARCH_TOKENS_MAX];
	size_t used;
	char bytes[SEARCH_TOKEN_BYTES];
};

/* Whether text ends in a character of a pair script that stands alone: looked for as a prefix. */
bool search_term_ends_alone(const char *text);

/* The term of a node with words; released with free(). Errors: THREADS_ENOMEM. */
int search_term_new(struct tokenizer *tokenizer, const struct query_node *node,
		    struct search_term **ret_term, struct threads_error *err) MUST_CHECK;

/* Whether a token of a text is the one at index. */
bool search_term_fits(const struct search_term *term, size_t index, const char *token, size_t len);

/* 1 if the tokens stand in text in this order, side by side; else 0. Errors: THREADS_ENOMEM. */
int search_term_in(struct tokenizer *tokenizer, const struct search_term *term, const char *text,
		   struct threads_error *err) MUST_CHECK;

#endif
