/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of hub.db share. */
#ifndef THREADS_STORE_READER_INTERNAL_H
#define THREADS_STORE_READER_INTERNAL_H

#include "core/json.h"
#include "store/reader.h"
#include "store/store_internal.h"
#include "store/tokenizer.h"
#include "store/visible.h"

struct reader {
	struct store *store;
	bool owns_store;
	struct db *db;
	struct visible_cache *cache;
	struct tokenizer *tokenizer;
	/* of the read in hand */
	struct visible_set *set;
	const struct viewer *viewer;
	int64_t deadline_ms; /* monotonic; statements are interrupted behind it */
	bool interrupted;
};

/*
 * A scope with one stable view of the database and the viewer's set in it:
 *	CLEANUP(reader_end) struct reader *scope = NULL;
 *	rc = reader_begin(reader, viewer, &scope, err);
 * Inside another scope of the same reader it only nests.
 */
int reader_begin(struct reader *reader, const struct viewer *viewer, struct reader **ret_scope,
		 struct threads_error *err) MUST_CHECK;
void reader_end(struct reader **scope);

/* Statements that run longer than most_ms from now are interrupted; < 0: no limit. */
void reader_limit(struct reader *reader, int64_t most_ms);

/* Sets name to value, which it takes over. A failure shows in json_ok(). */
void json_put(json_t *object, const char *name, json_t *value);
void json_put_text(json_t *object, const char *name, const char *text);
void json_put_int(json_t *object, const char *name, int64_t value);
void json_put_bool(json_t *object, const char *name, bool value);
void json_put_time(json_t *object, const char *name, int64_t ms); /* null for 0 */
void json_put_null(json_t *object, const char *name);

/* {"name","address","level"} of a sender or recipient. */
json_t *reader_person(const char *name, const char *address);

/* The account of a sighting that the viewer holds, {"id","name"}, or null. */
int reader_held_account(struct reader *reader, int64_t message_id, json_t **ret_account,
			struct threads_error *err) MUST_CHECK;

/* Number of messages of a conversation that the viewer sees, at most 1,000. */
int reader_conversation_size(struct reader *reader, int64_t conversation_id, int64_t *ret_count,
			     struct threads_error *err) MUST_CHECK;

/* "Ann, Bob +3" of To and Cc. */
int reader_recipients(struct reader *reader, int64_t message_id, struct strbuf *out,
		      struct threads_error *err) MUST_CHECK;

#endif
