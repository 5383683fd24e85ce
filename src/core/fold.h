/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folded text keeps runs of base64 as the bytes that they say, which zstd can
 * make small where base64 hides what repeats:
 *
 *	count (1 byte) | count runs | the decoded bytes of each run | the rest of the text
 *
 * A run is four numbers of 4 bytes, big endian: where it begins in the text,
 * its length there, its decoded size, and line_length << 1 | crlf. parse folds
 * (parse/fold.h), the readers of packs unfold (store/unfold.h).
 */
#ifndef THREADS_CORE_FOLD_H
#define THREADS_CORE_FOLD_H

#include <stdint.h>

#include "core/strbuf.h"

enum {
	FOLD_RUNS_MAX = 255,
	FOLD_RUN_BYTES = 16,
	FOLD_HEAD_MAX = 1 + FOLD_RUNS_MAX * FOLD_RUN_BYTES,
};

/* Runs ascend by offset and do not overlap. */
struct fold_run {
	uint32_t offset, length, size;
	uint32_t line_length; /* base64 characters; CR LF or LF between lines, none at the end */
	bool crlf;
};

/* Count and runs. count <= FOLD_RUNS_MAX, line_length < 1 << 31. */
void fold_head_append(struct strbuf *out, const struct fold_run *runs, size_t count);

/*
 * Reads count and runs, and checks that the bytes of all of them are there;
 * whether they fit into a text is the business of who writes it. ret_head_len:
 * where the first run's bytes begin. Errors: THREADS_EINVAL.
 */
int fold_head_read(const void *folded, size_t len, struct fold_run ret_runs[FOLD_RUNS_MAX],
		   size_t *ret_count, size_t *ret_head_len, struct threads_error *err) MUST_CHECK;

#endif
