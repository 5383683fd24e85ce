/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most messages say in the same words: names of headers, lines of MIME and
 * of HTML. The zstd frame of a message's skeleton refers to these phrases and
 * to the message's own text (PACK_ZSTD_FOLDED of store/pack.h), so that neither
 * is stored a second time.
 */
#ifndef THREADS_CORE_PHRASES_H
#define THREADS_CORE_PHRASES_H

#include "core/strbuf.h"

enum { PHRASES_MAX = 4096 /* prefix bytes beyond the text, whose line ends may become two */ };

/* Whether the lines of a message end with CR LF: as its first one does. */
bool phrases_crlf(const void *raw, size_t len);

/*
 * Replaces what is in out by the prefix of a message with this text: compressor
 * and decompressor must be given the same. crlf: of a text with the line ends of
 * the message, so that many lines are one match. Errors: THREADS_ENOMEM, THREADS_ELIMIT.
 */
int phrases_prefix(struct strbuf *out, const char *text, size_t len, bool crlf,
		   struct threads_error *err) MUST_CHECK;

#endif
