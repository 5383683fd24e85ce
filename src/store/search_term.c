/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_term.h"

#include "core/utf8.h"

bool search_term_ends_alone(const char *text)
{
	const char *end = text + strlen(text);
	bool last = false, before = false;
	uint32_t c;

	for (const char *p = text; p < end;) {
		const size_t len = utf8_decode(p, end, &c);

		if (len == 0)
			return false;
		before = last;
		last = tokenizer_pairs(c);
		p += len;
	}
	return last && !before;
}

static int term_token(const char *token, size_t len, size_t start, size_t end, bool colocated,
		      void *arg)
{
	struct search_term *term = arg;

	(void)start, (void)end, (void)colocated;
	if (term->token_count == SEARCH_TOKENS_MAX || len > sizeof(term->bytes) - term->used)
		return 0;
	memcpy(term->bytes + term->used, token, len);
	term->tokens[term->token_count] = term->bytes + term->used;
	term->lengths[term->token_count++] = len;
	term->used += len;
	return 0;
}

int search_term_new(struct tokenizer *tokenizer, const struct query_node *node,
		    struct search_term **ret_term, struct threads_error *err)
{
	AUTO_FREE struct search_term *term = calloc(1, sizeof(*term));
	int rc;

	if (!term)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	term->field = node->field;
	term->prefix = node->prefix || search_term_ends_alone(node->text);
	rc = tokenizer_run(tokenizer, TOKENIZER_QUERY, node->text, strlen(node->text), term_token,
			   term, err);
	if (rc == 0)
		*ret_term = TAKE_PTR(term);
	return rc;
}

bool search_term_fits(const struct search_term *term, size_t index, const char *token, size_t len)
{
	const size_t want = term->lengths[index];

	if (term->prefix && index + 1 == term->token_count)
		return len >= want && memcmp(token, term->tokens[index], want) == 0;
	return len == want && memcmp(token, term->tokens[index], want) == 0;
}

/* Bit k of before and here: the first k tokens stand right before, or end at, the position. */
struct walk {
	const struct search_term *term;
	uint64_t before, here;
	bool found;
};

static int walk_token(const char *token, size_t len, size_t start, size_t end, bool colocated,
		      void *arg)
{
	struct walk *w = arg;

	(void)start, (void)end;
	if (!colocated) {
		w->before = w->here | 1;
		w->here = 0;
	}
	for (size_t k = 0; k < w->term->token_count; k++)
		if (w->before >> k & 1 && search_term_fits(w->term, k, token, len))
			w->here |= (uint64_t)1 << (k + 1);
	w->found = w->here >> w->term->token_count & 1;
	return w->found;
}

int search_term_in(struct tokenizer *tokenizer, const struct search_term *term, const char *text,
		   struct threads_error *err)
{
	struct walk w = { .term = term };
	int rc = tokenizer_run(tokenizer, TOKENIZER_DOCUMENT, text, strlen(text), walk_token, &w,
			       err);

	return rc < 0 ? rc : w.found;
}
