/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From skeleton and parts back to the raw message, byte for byte. The skeleton
 * is the raw message without the base64 of its attachments; a part puts one
 * back: its bytes as base64 in lines of line_length characters, CR LF or LF
 * between the lines and none after the last one.
 */
#ifndef THREADS_STORE_REBUILD_H
#define THREADS_STORE_REBUILD_H

#include <stdint.h>

#include "core/strbuf.h"

enum { REBUILD_LINE_MAX = 1000 };

/* Parts ascend by raw_offset and do not overlap. */
struct rebuild_part {
	uint64_t raw_offset, raw_length; /* of the base64 in the raw message */
	uint32_t line_length;            /* base64 characters, a multiple of 4 */
	bool crlf;
	const void *data; /* decoded */
	size_t size;
};

/*
 * Walks a message that is being rebuilt, from its begin to its end, so that
 * parts need to be in memory only one at a time.
 *
 *	struct rebuild r = { .skeleton = ..., .skeleton_length = ..., .out = ..., };
 *	rebuild_part() for each part, then rebuild_end()
 *
 * With out the raw message is appended to it. With raw (and out NULL) what
 * would be written is compared with raw, and the first difference is THREADS_EINVAL.
 */
struct rebuild {
	const char *skeleton;
	size_t skeleton_length;
	struct strbuf *out;
	const char *raw;
	size_t raw_length;
	size_t done; /* bytes of the raw message so far */
	size_t skeleton_done;
};

/* Errors: THREADS_EINVAL (does not fit, or differs), THREADS_ELIMIT from out. */
int rebuild_part(struct rebuild *r, const struct rebuild_part *part,
		 struct threads_error *err) MUST_CHECK;
int rebuild_end(struct rebuild *r, struct threads_error *err) MUST_CHECK;

#endif
