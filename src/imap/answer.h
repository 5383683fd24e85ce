/* SPDX-License-Identifier: Apache-2.0 */
/* What one answer to FETCH says of a message; what it means, not how the library keeps it. */
#ifndef THREADS_IMAP_ANSWER_H
#define THREADS_IMAP_ANSWER_H

#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"
#include "threads/protocol.h"

struct answer {
	uint32_t uid, size; /* 0: not said */
	unsigned flags;     /* enum imap_flag */
	int64_t date_ms;
	bool has_body, has_flags, has_labels; /* has_labels: of Gmail */
	/* Keywords, and labels of Gmail, as people read them; each ends with a line feed. */
	struct strbuf labels;
	size_t label_count;
	size_t labels_dropped; /* too many, too long, or empty */
};

#define ANSWER_INIT                                                                                \
	{                                                                                          \
		.labels = STRBUF_INIT(IMAP_LABELS_BYTES_MAX)                                       \
	}

void answer_release(struct answer *answer); /* for CLEANUP too */

/* Adds what stands in att to an answer that is empty so far. */
void answer_read(struct answer *answer, const struct mailimap_msg_att *att);

#endif
