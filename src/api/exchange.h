/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request and its answer. A handler answers with one of the
 * exchange_reply_* functions, which end the exchange, or asks a question
 * (exchange_ask_*) and goes on in its callback. When http goes away the
 * exchange is freed and its question cancelled.
 */
#ifndef THREADS_API_EXCHANGE_H
#define THREADS_API_EXCHANGE_H

#include "api/question.h"
#include "store/reader.h"

enum {
	EXCHANGE_IDS_MAX = 2,
	EXCHANGE_INLINE_MAX = 96 * 1024, /* larger bodies go as a memory file */
	EXCHANGE_REPLY_MAX = 64 * 1024 * 1024,
	EXCHANGE_TEXT_MAX = 16 * 1024,
	EXCHANGE_HEADERS_MAX = 4,
	EXCHANGE_RETRIES = 20, /* while the database is being mended */
	EXCHANGE_RETRY_MS = 100,
};

struct route;
struct exchange;

/* Returns 0 if it answered or waits; an error is answered by the caller. */
typedef int exchange_fn(struct exchange *ex, struct threads_error *err);

struct exchange {
	struct api *api;
	struct peer *peer; /* http */
	uint32_t id;
	const struct route *route;
	exchange_fn *again;                         /* the whole route, for exchange_retry() */
	char ids[EXCHANGE_IDS_MAX][PUBLIC_ID_SIZE]; /* what stands for "*" in the route */
	struct strbuf query;                        /* raw */
	struct strbuf if_none_match, idempotency_key;
	json_t *body; /* an object; {} without one */
	int64_t upload_length;
	struct ticket ticket;
	struct viewer viewer;

	/* What a handler keeps while it waits. */
	struct question *question;
	struct overview_question *overview;
	struct loop_timer *retry_timer;
	int retries;
	json_t *document;
	struct reader_blob blob;
	int blob_kind;
	void (*blob_sent)(struct exchange *ex, int fd, int64_t length);
	int64_t offset;
	bool uploading; /* http writes; HTTP_UPLOAD_DONE follows */
	LIST_ENTRY(exchange) link;
};

/* In the list of api. NULL: out of memory. */
struct exchange *exchange_new(struct api *api, struct peer *peer, uint32_t id);
struct exchange *exchange_free(struct exchange *ex);
void exchange_peer_gone(struct api *api, const struct peer *peer);

/* ---- answers; ex is gone after each of them ---- */

struct exchange_header {
	const char *name, *value;
};

/* Takes json over. */
void exchange_reply_json(struct exchange *ex, int status, json_t *json);
void exchange_reply_empty(struct exchange *ex, int status); /* {} */
/* RFC 9457. kind and title as in the API document; detail may be NULL. */
void exchange_reply_problem(struct exchange *ex, int status, const char *kind, const char *title,
			    const char *detail);
/* The one answer for what does not exist and what is not the viewer's: always the same bytes. */
void exchange_reply_not_found(struct exchange *ex);
/* What a failure means to a person. */
void exchange_reply_error(struct exchange *ex, int rc, const struct threads_error *err);
/* Bytes of a descriptor, which is taken over; headers end with a NULL name. */
void exchange_reply_fd(struct exchange *ex, int fd, int64_t length, const char *content_type,
		       const struct exchange_header *headers);
void exchange_reply_text(struct exchange *ex, int status, const char *content_type,
			 const char *text, size_t len, const struct exchange_header *headers);

/* ---- questions ---- */

/* Asks with ex as arg of fn; ex->question is cleared when fn is called. */
int exchange_ask(struct exchange *ex, enum role to, struct frame *f, enum question_mode mode,
		 question_fn *fn, struct threads_error *err) MUST_CHECK;

/* An audit row by the viewer, committed before fn is called. */
int exchange_audit(struct exchange *ex, const char *action, const char *object, const char *detail,
		   question_fn *fn, struct threads_error *err) MUST_CHECK;

/* Begins every callback: clears ex->question; on failure answers and returns false. */
bool exchange_answered(struct exchange *ex, int rc, const struct threads_error *err);

/* Runs the whole route again a little later. Returns false if that was done too often. */
bool exchange_retry(struct exchange *ex, int64_t in_ms);

/* Runs a handler's step and answers its failure. */
void exchange_run(struct exchange *ex, exchange_fn *fn);

/* ---- pieces ---- */

/* A parameter of the query, decoded into out (reset first). Returns 1 or 0. */
int exchange_parameter(const struct exchange *ex, const char *name, struct strbuf *out);

/* "A sentence." from words that an error carries. */
void exchange_sentence(struct strbuf *out, const char *words);

#endif
