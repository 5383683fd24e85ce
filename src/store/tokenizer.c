/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tokenizer.h"

#include "core/utf8.h"
#include "store/store_internal.h"

/* The wrapped tokenizer of one table, or of one struct tokenizer. */
struct hub {
	fts5_tokenizer words; /* methods of unicode61 */
	Fts5Tokenizer *instance;
};

struct tokenizer {
	fts5_tokenizer methods;
	Fts5Tokenizer *instance;
};

/* A call of xTokenize in progress. */
struct run {
	struct hub *hub;
	void *context;
	int flags;
	int (*token)(void *, int, const char *, int, int, int);
	const char *text;
	int offset; /* of the piece that is given to unicode61 */
};

static const struct {
	uint32_t first, last;
} pair_ranges[] = {
	{ 0x0E00, 0x0EFF }, /* Thai, Lao */
	{ 0x1000, 0x109F }, /* Myanmar */
	{ 0x1100, 0x11FF }, /* Hangul letters */
	{ 0x1780, 0x17FF }, /* Khmer */
	{ 0x2E80, 0x2FDF }, /* Han radicals */
	{ 0x3005, 0x3007 }, /* iteration mark, zero */
	{ 0x3021, 0x3029 }, /* Hangzhou numerals */
	{ 0x3031, 0x3035 }, /* kana repeat marks */
	{ 0x3041, 0x309F }, /* Hiragana */
	{ 0x30A1, 0x30FA }, /* Katakana, without the dots that part words */
	{ 0x30FC, 0x318F }, /* long vowel mark, Bopomofo, Hangul compatibility */
	{ 0x31A0, 0x31BF }, /* Bopomofo */
	{ 0x31F0, 0x31FF }, /* small Katakana */
	{ 0x3400, 0x4DBF }, /* Han */
	{ 0x4E00, 0x9FFF },   { 0xA960, 0xA97F }, /* Hangul letters */
	{ 0xAC00, 0xD7FF },                       /* Hangul syllables */
	{ 0xF900, 0xFAFF },                       /* Han compatibility */
	{ 0xFF66, 0xFF9F },                       /* half-width Katakana */
	{ 0x1B000, 0x1B16F },                     /* old kana */
	{ 0x20000, 0x3FFFF },                     /* Han */
};

bool tokenizer_pairs(uint32_t code_point)
{
	if (code_point < 0x0E00)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(pair_ranges) && code_point >= pair_ranges[i].first; i++)
		if (code_point <= pair_ranges[i].last)
			return true;
	return false;
}

/* Length of the pair character at p, 0 if it is something else. */
static size_t pair_character(const char *p, const char *end)
{
	uint32_t c;
	size_t len;

	if ((unsigned char)*p < 0xE0)
		return 0;
	len = utf8_decode(p, end, &c);
	return len > 0 && tokenizer_pairs(c) ? len : 0;
}

static int token_shift(void *arg, int flags, const char *token, int len, int start, int end)
{
	const struct run *run = arg;

	return run->token(run->context, flags, token, len, start + run->offset, end + run->offset);
}

static int words_run(struct run *run, const char *start, const char *end)
{
	if (start == end)
		return SQLITE_OK;
	run->offset = (int)(start - run->text);
	return run->hub->words.xTokenize(run->hub->instance, run, run->flags, start,
					 (int)(end - start), token_shift);
}

static int pair_emit(const struct run *run, int flags, const char *start, const char *end)
{
	return run->token(run->context, flags, start, (int)(end - start), (int)(start - run->text),
			  (int)(end - run->text));
}

/* A run of pair characters. A query has no last single character: its run may
 * stand in the middle of a longer one. */
static int pairs_run(const struct run *run, const char *start, const char *end)
{
	const char *first = start, *second = start + pair_character(start, end);
	int rc = SQLITE_OK;

	if (second == end)
		return pair_emit(run, 0, first, end);
	while (rc == SQLITE_OK && second < end) {
		const char *next = second + pair_character(second, end);

		rc = pair_emit(run, 0, first, next);
		first = second;
		second = next;
	}
	if (rc == SQLITE_OK && !(run->flags & FTS5_TOKENIZE_QUERY))
		rc = pair_emit(run, FTS5_TOKEN_COLOCATED, first, end);
	return rc;
}

static int hub_tokenize(Fts5Tokenizer *instance, void *context, int flags, const char *text,
			int len, int (*token)(void *, int, const char *, int, int, int))
{
	struct run run = { .hub = (struct hub *)instance,
			   .context = context,
			   .flags = flags,
			   .token = token,
			   .text = text };
	const char *const end = text + len;
	const char *p = text, *words = text;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && p < end) {
		size_t step = pair_character(p, end);
		const char *pairs = p;

		if (step == 0) {
			p++;
			continue;
		}
		rc = words_run(&run, words, p);
		for (; step > 0 && p < end; step = p < end ? pair_character(p, end) : 0)
			p += step;
		if (rc == SQLITE_OK)
			rc = pairs_run(&run, pairs, p);
		words = p;
	}
	return rc == SQLITE_OK ? words_run(&run, words, end) : rc;
}

static void hub_delete(Fts5Tokenizer *instance)
{
	struct hub *hub = (struct hub *)instance;

	if (hub && hub->instance)
		hub->words.xDelete(hub->instance);
	free(hub);
}

static int hub_create(void *arg, const char **args, int arg_count, Fts5Tokenizer **ret_instance)
{
	const char *words_args[] = { "remove_diacritics", "2" };
	fts5_api *api = arg;
	struct hub *hub = calloc(1, sizeof(*hub));
	void *words_context;
	int rc;

	(void)args;
	(void)arg_count;
	if (!hub)
		return SQLITE_NOMEM;
	rc = api->xFindTokenizer(api, "unicode61", &words_context, &hub->words);
	if (rc == SQLITE_OK)
		rc = hub->words.xCreate(words_context, words_args, ARRAY_SIZE(words_args),
					&hub->instance);
	if (rc != SQLITE_OK) {
		hub_delete((Fts5Tokenizer *)hub);
		return rc;
	}
	*ret_instance = (Fts5Tokenizer *)hub;
	return SQLITE_OK;
}

/* How FTS5 hands out its interface: through a bound pointer. */
static fts5_api *api_of(sqlite3 *handle)
{
	fts5_api *api = NULL;
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &stmt, NULL) == SQLITE_OK) {
		sqlite3_bind_pointer(stmt, 1, (void *)&api, "fts5_api_ptr", NULL);
		sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	return api;
}

int tokenizer_register(sqlite3 *handle, struct threads_error *err)
{
	fts5_tokenizer methods = { .xCreate = hub_create,
				   .xDelete = hub_delete,
				   .xTokenize = hub_tokenize };
	fts5_api *api = api_of(handle);
	int rc = api ? api->xCreateTokenizer(api, "hub", api, &methods, NULL) : SQLITE_ERROR;

	if (rc != SQLITE_OK)
		return threads_error_set(err, THREADS_EIO, "register the tokenizer: %s",
					 sqlite3_errstr(rc));
	return 0;
}

int tokenizer_open(struct db *db, struct tokenizer **ret_tokenizer, struct threads_error *err)
{
	struct tokenizer *tokenizer;
	fts5_api *api = api_of(db->handle);
	void *context;

	if (!api)
		return threads_error_set(err, THREADS_EBUG, "no FTS5 on this connection");
	tokenizer = calloc(1, sizeof(*tokenizer));
	if (!tokenizer)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (api->xFindTokenizer(api, "hub", &context, &tokenizer->methods) != SQLITE_OK ||
	    tokenizer->methods.xCreate(context, NULL, 0, &tokenizer->instance) != SQLITE_OK) {
		free(tokenizer);
		return threads_error_set(err, THREADS_EBUG, "no tokenizer on this connection");
	}
	*ret_tokenizer = tokenizer;
	return 0;
}

struct tokenizer *tokenizer_close(struct tokenizer *tokenizer)
{
	if (tokenizer)
		tokenizer->methods.xDelete(tokenizer->instance);
	free(tokenizer);
	return NULL;
}

void tokenizer_closep(struct tokenizer **tokenizer)
{
	*tokenizer = tokenizer_close(*tokenizer);
}

/* Between FTS5's callback and ours. */
struct relay {
	tokenizer_fn *fn;
	void *arg;
	int stopped;
};

static int relay_token(void *arg, int flags, const char *token, int len, int start, int end)
{
	struct relay *relay = arg;

	relay->stopped = relay->fn(token, (size_t)len, (size_t)start, (size_t)end,
				   (flags & FTS5_TOKEN_COLOCATED) != 0, relay->arg);
	return relay->stopped ? SQLITE_ABORT : SQLITE_OK;
}

int tokenizer_run(struct tokenizer *tokenizer, enum tokenizer_mode mode, const char *text,
		  size_t len, tokenizer_fn *fn, void *arg, struct threads_error *err)
{
	struct relay relay = { .fn = fn, .arg = arg };
	const int flags = mode == TOKENIZER_QUERY ? FTS5_TOKENIZE_QUERY : FTS5_TOKENIZE_DOCUMENT;
	int rc = tokenizer->methods.xTokenize(tokenizer->instance, &relay, flags, text, (int)len,
					      relay_token);

	if (relay.stopped)
		return relay.stopped;
	if (rc != SQLITE_OK)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}
