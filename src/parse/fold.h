/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which base64 of a skeleton can be folded (core/fold.h): that of texts, and of
 * what belongs to attached messages, if it can be written again byte for byte.
 */
#ifndef THREADS_PARSE_FOLD_H
#define THREADS_PARSE_FOLD_H

#include "core/fold.h"
#include "ipc/record.h"
#include "mime/message.h"

enum { FOLD_BYTES_MAX = 16 << 20 /* decoded, of one message; the rest stays as it is */ };

struct fold {
	struct fold_run runs[FOLD_RUNS_MAX];
	uint64_t raw_offset[FOLD_RUNS_MAX]; /* where each begins in the raw message */
	size_t count;
	uint64_t raw_bytes;   /* of all runs */
	struct strbuf folded; /* head and decoded bytes */
};

void fold_release(struct fold *fold);

/*
 * Replaces what is in fold. The attachments of record must be filled. On lack
 * of memory fold->folded has failed.
 */
void fold_find(struct fold *fold, const struct mime_message *message, const struct record *record);

#endif
