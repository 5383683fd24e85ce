/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a message from index, and the audit row that comes before them. */
#ifndef THREADS_API_BLOB_H
#define THREADS_API_BLOB_H

#include "api/ask.h"

/* INDEX_BLOB with the coordinates that reader_blob() found. The answer is INDEX_BLOB_IS. */
void blob_ask(struct api *api, int kind, const struct reader_blob *blob, ask_fn *fn, void *arg);

/* Reads INDEX_BLOB_IS: the descriptor is the caller's. */
int blob_take(struct frame *answer, int *ret_fd, int64_t *ret_length,
	      struct threads_error *err) MUST_CHECK;

/*
 * The one way by which a read of a message by a person is written down. fn is
 * called when the row is committed; only then may the body be sent.
 * action: message.read, message.raw, attachment.read, search ...
 */
void audit_ask(struct api *api, const struct viewer *viewer, const char *action, const char *object,
	       const char *detail, ask_fn *fn, void *arg);

#endif
