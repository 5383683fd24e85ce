/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most messages say in the same words: names of headers, lines of MIME and
 * of HTML. The zstd frame of a message's skeleton refers to these phrases and
 * to the message's own text (PACK_ZSTD_TEXT of store/pack.h), so that neither
 * is stored a second time.
 */
#ifndef THREADS_CORE_PHRASES_H
#define THREADS_CORE_PHRASES_H

#include "core/strbuf.h"

enum { PHRASES_MAX = 4096 /* prefix bytes beyond the text */ };

/*
 * Replaces what is in out by the prefix of a message with this text: compressor
 * and decompressor must be given the same. Errors: THREADS_ENOMEM, THREADS_ELIMIT.
 */
int phrases_prefix(struct strbuf *out, const char *text, size_t len,
		   struct threads_error *err) MUST_CHECK;

#endif
