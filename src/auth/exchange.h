/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question from outside and its answer: an HTTP request through http, or
 * a verb of threadsctl. It lives until it was answered; a peer that goes away
 * only unhooks it. Handlers prepare the answer with the reply_* functions.
 */
#ifndef THREADS_AUTH_EXCHANGE_H
#define THREADS_AUTH_EXCHANGE_H

#include "auth/state.h"
#include "auth/token.h"
#include "core/json.h"
#include "store/auth_session.h"

enum {
	EXCHANGE_DONE = 0,  /* the answer is prepared */
	EXCHANGE_WAITS = 1, /* a hash_done_fn goes on with it */
	EXCHANGE_REPLY_MAX = 96 * 1024,
	EXCHANGE_BASE_MAX = 300,
	EXCHANGE_HEADERS_MAX = 6,
	EXCHANGE_PARK_MS = 5000, /* an answer waits at most this long for index */
};

struct exchange {
	struct auth *auth;
	struct peer *peer; /* NULL: the asker is gone */
	uint32_t id;
	bool control; /* a verb of the operator, not HTTP */

	/* The question. */
	json_t *body;                /* an object; {} if there was none */
	char target[PUBLIC_ID_SIZE]; /* {id} of the route */
	char address[AUTH_ADDRESS_SIZE], client[AUTH_CLIENT_SIZE];
	struct strbuf base; /* "https://threads.example.org", for links */
	bool has_session_cookie, has_pending_cookie;
	unsigned char session_hash[AUTH_HASH_LEN], pending_hash[AUTH_HASH_LEN];

	/* Who asks, if signed in. */
	bool signed_in;
	struct auth_session session;
	struct auth_login login; /* of the session; else what the flow found */
	struct auth_pending pending;

	/* The answer. */
	int status;
	struct strbuf reply; /* JSON; may hold secrets */
	struct {
		const char *name;
		struct strbuf value;
	} headers[EXCHANGE_HEADERS_MAX];
	size_t header_count;
	bool parked;
	int64_t parked_until_row; /* answer when index has this outbox row */
	struct loop_timer *park_timer;
	LIST_ENTRY(exchange) link;
};

typedef int exchange_fn(struct exchange *ex, struct threads_error *err);

/* A new exchange in auth's list. Errors: THREADS_ENOMEM. */
int exchange_new(struct auth *auth, struct peer *peer, uint32_t id, struct exchange **ret_ex,
		 struct threads_error *err) MUST_CHECK;
struct exchange *exchange_free(struct exchange *ex);

/* What a handler returned: sends or parks the answer and frees, or lets it wait. */
void exchange_finish(struct exchange *ex, int rc, const struct threads_error *err);

/* peer is gone: answers for it are dropped. */
void exchange_orphan_all(struct auth *auth, const struct peer *peer);

/* index has everything up to row (INT64_MAX: give up waiting). */
void exchange_release_parked(struct auth *auth, int64_t row);

/* The answer waits until index has what is in the outbox now. */
int exchange_park(struct exchange *ex, struct threads_error *err) MUST_CHECK;

/* Takes over json. Replaces a reply prepared before. Returns EXCHANGE_DONE or an error. */
int reply_json(struct exchange *ex, int status, json_t *json, struct threads_error *err) MUST_CHECK;
int reply_empty(struct exchange *ex, struct threads_error *err) MUST_CHECK; /* 200 {} */

/* RFC 9457. kind as in the API document ("code-wrong"); detail may be NULL. */
int reply_problem(struct exchange *ex, int status, const char *kind, const char *title,
		  const char *detail, struct threads_error *err) MUST_CHECK;

/* 400 with words for one field. */
int reply_field(struct exchange *ex, const char *field, const char *words,
		struct threads_error *err) MUST_CHECK;

/* 429 with the time of the next try. */
int reply_throttled(struct exchange *ex, int64_t next_ms, struct threads_error *err) MUST_CHECK;

void reply_header(struct exchange *ex, const char *name, const char *value); /* name is static */
extern const char cookie_session[], cookie_pending[];
void reply_cookie(struct exchange *ex, const char *cookie, const char *token);
void reply_cookie_clear(struct exchange *ex, const char *cookie);

/* Gives job to the hasher with ex as arg; a full queue answers 429. Returns EXCHANGE_WAITS, or as reply_*. */
int exchange_hash(struct exchange *ex, struct hash_job **job, hash_done_fn *done,
		  struct threads_error *err) MUST_CHECK;

/* USER of the API document. NULL: out of memory. */
json_t *exchange_user_json(const struct auth_login *login);

/* Time as RFC 3339, or null for 0. */
json_t *exchange_time_json(int64_t ms);

/* A text of the body with a limit; missing or too long is the asker's fault. */
int exchange_text(struct exchange *ex, const char *name, size_t max, const char **ret_text,
		  struct threads_error *err) MUST_CHECK;

/* Audit row about object (a public id or ""), by the signed-in user or the operator. */
int exchange_audit(struct exchange *ex, const char *user_id, const char *action, const char *object,
		   struct threads_error *err) MUST_CHECK;

#endif
