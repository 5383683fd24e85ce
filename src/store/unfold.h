/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a frame of PACK_ZSTD_FOLDED to the plain bytes: decompress, then write
 * the base64 again that core/fold.h took out.
 */
#ifndef THREADS_STORE_UNFOLD_H
#define THREADS_STORE_UNFOLD_H

#include <zstd.h>

#include "core/strbuf.h"

/*
 * Replaces what is in out by the text that folded holds, which must have size bytes.
 * Errors: THREADS_EINVAL (it has not, or cannot be unfolded), THREADS_ELIMIT, THREADS_ENOMEM;
 * then out is empty.
 */
int unfold_text(const char *folded, size_t len, size_t size, struct strbuf *out,
		struct threads_error *err) MUST_CHECK;

/*
 * The same from a zstd frame. dctx: with the prefix that the frame refers to;
 * scratch: memory for the folded text. Errors: as unfold_text().
 */
int unfold_frame(ZSTD_DCtx *dctx, const void *frame, size_t len, size_t size,
		 struct strbuf *scratch, struct strbuf *out, struct threads_error *err) MUST_CHECK;

#endif
