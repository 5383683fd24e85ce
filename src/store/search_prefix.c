/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_prefix.h"

/* Looking up the next word costs as much as stepping over so many places of this one. */
enum { COMMON_PLACES = 32 };

/* A row for each place where a word stands, in the order of the words. */
static const char sql_prefix_words[] =
	"SELECT term FROM message_word WHERE term >= :from ORDER BY term";

struct spelling {
	struct reader *reader;
	const struct search_term *term;
	struct strbuf *words; /* "anchor" OR "anchors" */
	struct strbuf word;   /* in hand */
	size_t count, most;
	size_t places; /* of the word in hand, so far */
	bool common;   /* one of the words is */
	bool unfit;    /* too many words, or one that cannot be asked for */
};

/* Whether a word of the index, searched for, is that word and no other. */
struct word_check {
	const struct strbuf *word;
	size_t tokens, same;
};

static int word_token(const char *token, size_t len, size_t start, size_t end, bool colocated,
		      void *arg)
{
	struct word_check *check = arg;

	(void)start, (void)end, (void)colocated;
	check->tokens++;
	check->same += len == check->word->len && memcmp(token, check->word->data, len) == 0;
	return 0;
}

static int word_add(struct spelling *s, const char *word, struct threads_error *err)
{
	struct word_check check = { .word = &s->word };
	int rc;

	strbuf_reset(&s->word);
	strbuf_add_str(&s->word, word);
	s->places = 1;
	rc = tokenizer_run(s->reader->tokenizer, TOKENIZER_QUERY, word, strlen(word), word_token,
			   &check, err);
	s->unfit = s->count == s->most || check.tokens != 1 || check.same != 1;
	strbuf_addf(s->words, "%s\"%s\"", s->count++ ? " OR " : "", word);
	return rc;
}

/* Reads the words from one on. Returns 1 at a common one, behind which to look up anew; 0 at
 * the end. */
static int words_read(struct spelling *s, const char *from, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(s->reader->db, sql_prefix_words);
	int rc;

	query_bind_text(&q, ":from", from);
	while ((rc = query_step(&q, err)) == 1) {
		const char *word = query_text(&q, 0);

		if (!search_term_fits(s->term, 0, word, strlen(word)))
			return 0;
		if (strcmp(word, strbuf_str(&s->word)) != 0)
			rc = word_add(s, word, err);
		else if (++s->places == COMMON_PLACES)
			return 1;
		if (rc < 0 || s->unfit)
			return rc < 0 ? rc : 0;
	}
	return rc;
}

int search_prefix_spell(struct reader *reader, const struct search_term *term, size_t most,
			struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf from = STRBUF_INIT(SEARCH_PREFIX_WORD_BYTES + 1);
	struct spelling s = { .reader = reader,
			      .term = term,
			      .words = out,
			      .word = STRBUF_INIT(SEARCH_PREFIX_WORD_BYTES),
			      .most = most };
	int rc;

	strbuf_add(&from, term->tokens[0], term->lengths[0]);
	while ((rc = words_read(&s, strbuf_str(&from), err)) == 1) {
		s.common = true;
		strbuf_reset(&from);
		strbuf_addf(&from, "%s\x01", strbuf_str(&s.word));
	}
	strbuf_release(&s.word);
	if (rc < 0)
		return rc;
	if (s.common && !s.unfit && !out->failed)
		return (int)s.count;
	strbuf_reset(out);
	return 0;
}
