/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where candidates come from, newest first: one index that the query makes short
 * (words, a folder, what is unread ...), several of them merged for OR, or all
 * messages. Each goes through visible(), the filters and the rest of the plan.
 * Internal to src/store.
 */
#ifndef THREADS_STORE_SEARCH_SOURCE_H
#define THREADS_STORE_SEARCH_SOURCE_H

#include "store/search_match.h"

enum { SEARCH_STREAMS_MAX = 16, SEARCH_BLOCK_MIN = 64, SEARCH_BLOCK_MAX = 512 };

/* The cheaper, the further up: of what must hold together the first is taken. */
enum search_driver {
	DRIVER_NOTHING, /* no message can match */
	DRIVER_WORDS,
	DRIVER_BCC,
	DRIVER_LABEL,   /* by label id */
	DRIVER_FLAGGED, /* by account id, as the next */
	DRIVER_UNREAD,
	DRIVER_LARGE,
	DRIVER_FOLDER, /* by folder id */
	DRIVER_ACCOUNT,
	DRIVER_FILES,
	DRIVER_ALL,
};

/* One index, read in blocks. The statement of the only stream stays open: FTS5 collects all
 * rows of a prefix again whenever it is asked. That of several streams is open for a block
 * only, so that they can use the same one. */
struct search_stream {
	enum search_driver driver;
	const char *words; /* borrowed */
	struct query open; /* of the only stream */
	int64_t key;       /* account, folder or label */
	int64_t before_id; /* of the next block */
	size_t asked;
	bool ended;
	int failed; /* the time was up: what the block has is given first */
	struct candidate *block;
	size_t count, next;
};

struct search_source {
	struct reader *reader;
	struct search_plan *plan;
	struct search_match match;
	struct search_stream streams[SEARCH_STREAMS_MAX];
	size_t stream_count;
	int64_t last_id; /* given last: a message that two streams have comes once */
	int64_t *ids;    /* of a narrow viewer; NULL: the streams count */
	size_t id_count, id_next;
	struct query ranked;
	bool is_ranked;
};

/* Candidates below before_id. ranked: with scores, from words only.
 * Errors: those of query_step(); THREADS_ENOMEM. */
int search_source_open(struct search_source *source, int64_t before_id, bool ranked,
		       struct threads_error *err) MUST_CHECK;
void search_source_close(struct search_source *source);

/* The next candidate that the whole query holds for. 1, 0 at the end, or an error. */
int search_source_next(struct search_source *source, struct candidate *ret_candidate,
		       struct threads_error *err) MUST_CHECK;

#endif
