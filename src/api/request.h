/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request. A route function ends it with exactly one respond_*() call,
 * at once or from a later callback; the request is freed by that call. When
 * http goes away meanwhile, pending asks are cancelled and the request is freed.
 */
#ifndef THREADS_API_REQUEST_H
#define THREADS_API_REQUEST_H

#include "api/api.h"
#include "core/json.h"
#include "ipc/ticket.h"

enum { REQUEST_SEGMENTS_MAX = 8 };

struct request;

/* written: bytes that http wrote into the descriptor. */
typedef void upload_done_fn(struct request *request, int64_t written);

struct request {
	struct api *api;
	uint32_t id;
	char *method, *path, *query, *content_type, *if_none_match, *idempotency_key, *origin;
	char *body; /* body_len bytes and a NUL */
	size_t body_len;
	int64_t upload_length;                /* -1: no upload */
	char *segments[REQUEST_SEGMENTS_MAX]; /* of the path behind /api/v1; point into path_copy */
	size_t segment_count;
	char *path_copy;
	struct ticket ticket;
	struct viewer viewer;  /* id 0 for routes without sign-in */
	struct reader *reader; /* valid while the route function runs and later */
	json_t *json;          /* the body, when request_json() was called */
	void *state;           /* of the route, freed with free() at the end */
	upload_done_fn *upload_done;
	LIST_ENTRY(request) link;
};

/* From http; starts the route. Errors close http as broken: THREADS_EINVAL. */
int request_begin(struct api *api, struct frame *f, struct threads_error *err) MUST_CHECK;

/* http is gone: nobody waits for answers. */
void request_drop_all(struct api *api);

/* The body as an object with no fields but names (NULL-terminated). On failure the
 * request was already answered (400) and NULL is returned. */
json_t *request_json(struct request *request, const char *const *names);

/* A query parameter, percent-decoded, into out; preset if absent. Returns 0, or
 * THREADS_EINVAL (bad escape or UTF-8) after answering 400. */
int request_param(struct request *request, const char *name, const char *preset,
		  struct strbuf *out);
int request_param_int(struct request *request, const char *name, int64_t min, int64_t max,
		      int64_t preset, int64_t *ret_value);

/* 403 unless owner or admin; true if the request may go on. */
bool request_needs_manager(struct request *request);
/* 403 kind reauth-needed unless password and code were given in the last 5 minutes. */
bool request_needs_strong(struct request *request);

/* ---- answers; each frees the request ---- */

/* Takes json over. etag may be NULL. */
void respond_json(struct request *request, int status, json_t *json);
void respond_empty(struct request *request, int status);

/* RFC 9457. kind as in docs/openapi.yaml ("bad-request"), title a sentence for a person. */
void respond_problem(struct request *request, int status, const char *kind, const char *title,
		     const char *detail);
/* The same bytes for what does not exist and what is not yours. */
void respond_not_found(struct request *request);
/* By error code: EINVAL 400, EDENIED 403, ENOENT 404, ELIMIT 413, EAGAIN 503, else 500 (logged). */
void respond_error(struct request *request, const struct threads_error *err);

struct response_header {
	const char *name, *value;
};
/* A descriptor (borrowed) with length bytes from offset. headers end with a NULL name. */
void respond_fd(struct request *request, const char *content_type, int fd, int64_t offset,
		int64_t length, const struct response_header *headers);
/* Text or bytes that fit a frame; others travel as memfd by themselves. */
void respond_bytes(struct request *request, int status, const char *content_type, const void *data,
		   size_t len, const struct response_header *headers);

/* HTTP_BODY_UPLOAD: http writes into fd, then HTTP_UPLOAD_DONE comes and done is called. */
void respond_upload(struct request *request, int fd, int64_t offset, int64_t length,
		    upload_done_fn *done);
int request_on_upload_done(struct api *api, struct frame *f, struct threads_error *err);

/* HTTP_BODY_STREAM: the request lives on as a stream (stream.c). */
void respond_stream(struct request *request);

#endif
