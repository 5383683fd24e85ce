/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of messages: found by the reader, audited, then served by index. */
#ifndef THREADS_API_BLOB_H
#define THREADS_API_BLOB_H

#include "api/exchange.h"

enum { BLOB_HEADERS_MAX = 2000 };

/* What to do with the descriptor, which is handed over. ex->blob says what it is. */
typedef void blob_sent_fn(struct exchange *ex, int fd, int64_t length);

/*
 * Looks up, writes the audit row, asks index, calls fn. kind: enum blob_kind.
 * Answers 404 itself for what is not there or not the viewer's.
 */
int blob_send(struct exchange *ex, int kind, const char *attachment_id, const char *action,
	      blob_sent_fn *fn, struct threads_error *err) MUST_CHECK;

/* Fills f with the INDEX_BLOB question, which owns its descriptor. Errors: those of memfd_from(). */
int blob_question(struct frame *f, const struct reader_blob *blob, int kind,
		  struct threads_error *err) MUST_CHECK;

/* {"headers":[["Name","value"],...]} of a header part, unfolded and repaired. */
int blob_headers_json(int fd, int64_t length, json_t **ret_json,
		      struct threads_error *err) MUST_CHECK;

/* Content-Disposition with a file name of any script (RFC 6266). */
void blob_disposition(struct strbuf *out, const char *kind, const char *filename);

#endif
