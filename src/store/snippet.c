/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snippet.h"

#include "core/utf8.h"

enum { MATCHES_MAX = 512, LEAD_CHARACTERS = 40 };

/* A place where a term stands in the text. */
struct match {
	size_t start, end;
	size_t term;
};

/* Where the tokens of one term have got to: bit k = its first k tokens stand
 * right before the position in hand. */
struct progress {
	uint64_t before, here;
};

struct finder {
	const struct search_plan *plan;
	enum query_field field;
	const char *text;
	struct progress progress[QUERY_TERMS_MAX];
	size_t starts[SEARCH_TOKENS_MAX]; /* of the last positions, a ring */
	size_t position;
	struct match matches[MATCHES_MAX];
	size_t match_count;
};

void snippet_release(struct snippet *snippet)
{
	strbuf_release(&snippet->text);
}

static bool term_counts(const struct finder *f, const struct search_term *term)
{
	return term->token_count > 0 && (term->field == QUERY_TEXT || term->field == f->field);
}

/* One character found inside a pair is marked alone; the beginning of a word marks the word. */
static size_t match_end(const struct finder *f, const struct search_term *term, size_t start,
			size_t end)
{
	uint32_t c;
	const size_t len = utf8_decode(f->text + start, f->text + end, &c);

	if (term->prefix && len > 0 && tokenizer_pairs(c) &&
	    term->lengths[term->token_count - 1] == len)
		return start + len;
	return end;
}

static void term_step(struct finder *f, size_t index, const char *token, size_t len, size_t start,
		      size_t end)
{
	const struct search_term *term = f->plan->terms[index];
	struct progress *progress = &f->progress[index];

	for (size_t k = 0; k < term->token_count; k++) {
		if (!(progress->before >> k & 1) || !search_term_fits(term, k, token, len))
			continue;
		if (k + 1 < term->token_count) {
			progress->here |= (uint64_t)1 << (k + 1);
		} else if (f->match_count < MATCHES_MAX) {
			const size_t first =
				k == 0 ? start : f->starts[(f->position - k) % SEARCH_TOKENS_MAX];

			f->matches[f->match_count++] = (struct match){
				.start = first,
				.end = match_end(f, term, start, end),
				.term = index,
			};
		}
	}
}

static int finder_token(const char *token, size_t len, size_t start, size_t end, bool colocated,
			void *arg)
{
	struct finder *f = arg;

	if (!colocated) {
		f->position++;
		f->starts[f->position % SEARCH_TOKENS_MAX] = start;
	}
	for (size_t i = 0; i < f->plan->term_count; i++) {
		if (!term_counts(f, f->plan->terms[i]))
			continue;
		if (!colocated) {
			f->progress[i].before = f->progress[i].here | 1;
			f->progress[i].here = 0;
		}
		term_step(f, i, token, len, start, end);
	}
	return f->match_count == MATCHES_MAX;
}

static size_t bits_count(uint64_t bits)
{
	return (size_t)__builtin_popcountll(bits);
}

/* The first match of the window with the most different terms. */
static size_t window_choose(const struct finder *f)
{
	size_t best = 0, best_score = 0;

	for (size_t i = 0; i < f->match_count; i++) {
		uint64_t terms = 0;

		for (size_t k = i; k < f->match_count &&
				   f->matches[k].end <= f->matches[i].start + SNIPPET_CHARACTERS;
		     k++)
			terms |= (uint64_t)1 << f->matches[k].term;
		if (bits_count(terms) > best_score) {
			best_score = bits_count(terms);
			best = f->matches[i].start;
		}
	}
	return best;
}

static bool is_space(const char *p)
{
	return (unsigned char)*p <= ' ' || *p == 0x7F;
}

/* Steps back from start to the begin of a word, about LEAD_CHARACTERS before. */
static size_t window_start(const char *text, size_t start)
{
	size_t at = start, word = start;

	for (int i = 0; i < LEAD_CHARACTERS && at > 0; i++) {
		at--;
		while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
			at--;
		if (at == 0 || is_space(text + at - 1) || (unsigned char)text[at] >= 0xE0)
			word = at;
	}
	return word;
}

/* Whether byte at of the text is inside a match. */
static bool inside_match(const struct finder *f, size_t at)
{
	for (size_t i = 0; i < f->match_count; i++)
		if (f->matches[i].start <= at && at < f->matches[i].end)
			return true;
	return false;
}

static void mark_extend(struct snippet *snippet, size_t start, size_t end)
{
	struct snippet_mark *last =
		snippet->mark_count ? &snippet->marks[snippet->mark_count - 1] : NULL;

	if (last && last->end == start)
		last->end = end;
	else if (snippet->mark_count < SNIPPET_MARKS_MAX)
		snippet->marks[snippet->mark_count++] = (struct snippet_mark){ start, end };
}

/* Only matches near the window matter from here on: keeps inside_match() cheap. */
static void matches_keep(struct finder *f, size_t start, size_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->match_count; i++)
		if (f->matches[i].end > start && f->matches[i].start < end)
			f->matches[kept++] = f->matches[i];
	f->match_count = kept;
}

static void window_copy(struct finder *f, const struct snippet_source *source, size_t start,
			struct snippet *snippet)
{
	const char *text = source->text;
	const size_t len = source->len;
	struct strbuf *out = &snippet->text;
	const size_t most = source->whole ? SIZE_MAX : SNIPPET_CHARACTERS;
	bool gap = false, gap_inside = false; /* between two words of a phrase */
	size_t at = start;

	matches_keep(f, start, start + SNIPPET_BYTES_MAX);
	if (start > 0)
		strbuf_add_str(out, "…");
	for (size_t count = 0; at < len && count < most && out->len + 16 < out->max;) {
		uint32_t c;
		const size_t step = utf8_decode(text + at, text + len, &c);
		const size_t place = out->len + (gap && !gap_inside ? 1 : 0);

		if (is_space(text + at)) {
			gap = out->len > 0;
			gap_inside = inside_match(f, at);
			at++;
			continue;
		}
		count += gap ? 2 : 1;
		if (gap)
			strbuf_add_char(out, ' ');
		gap = false;
		utf8_append(out, step ? c : 0xFFFD);
		if (inside_match(f, at))
			mark_extend(snippet, place, out->len);
		at += step ? step : 1;
	}
	if (at < len)
		strbuf_add_str(out, "…");
}

int snippet_make(struct tokenizer *tokenizer, const struct search_plan *plan,
		 const struct snippet_source *source, struct snippet *snippet,
		 struct threads_error *err)
{
	AUTO_FREE struct finder *f = calloc(1, sizeof(*f));
	size_t start = 0;
	int rc = 0;

	if (!f)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	f->plan = plan;
	f->field = source->field;
	f->text = source->text;
	if (plan->term_count > 0)
		rc = tokenizer_run(tokenizer, TOKENIZER_DOCUMENT, source->text, source->len,
				   finder_token, f, err);
	if (rc < 0)
		return rc;
	if (snippet->text.max == 0)
		snippet->text = (struct strbuf)STRBUF_INIT(SNIPPET_BYTES_MAX);
	strbuf_reset(&snippet->text);
	snippet->mark_count = 0;
	snippet->found = f->match_count > 0;
	if (!source->whole && f->match_count > 0)
		start = window_start(source->text, window_choose(f));
	window_copy(f, source, start, snippet);
	return strbuf_check(&snippet->text, err);
}
