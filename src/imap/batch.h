/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on their way to index: a memory file that is filled while a message
 * arrives, and a list of what is in it. Sealed and sent when it is full.
 */
#ifndef THREADS_IMAP_BATCH_H
#define THREADS_IMAP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap/answer.h"

enum {
	BATCH_MESSAGES_MAX = 250,
	BATCH_BYTES = 16 * 1024 * 1024, /* a batch that holds this much is full */
	BATCH_LABEL_BYTES = 32 * 1024,  /* the same: they travel in the frame */
};

struct batch_entry {
	uint32_t uid;
	unsigned flags;  /* enum imap_flag */
	int64_t date_ms; /* the server's internal date, 0 = unknown */
	size_t offset, len;
	size_t labels; /* where they begin in those of the batch */
};

struct batch {
	int fd;       /* -1 until the first byte */
	size_t kept;  /* bytes of finished messages */
	size_t spool; /* bytes of the message that is arriving */
	struct batch_entry entries[BATCH_MESSAGES_MAX];
	size_t count;
	struct strbuf labels; /* of all, each list ends with NUL */
};

void batch_init(struct batch *batch);
void batch_release(struct batch *batch); /* for CLEANUP too */

/* Appends to the message that is arriving. Errors: THREADS_EIO. */
int batch_write(struct batch *batch, const void *data, size_t len,
		struct threads_error *err) MUST_CHECK;

/* The message is complete: keep it with what the answer says. The batch must not be full. */
void batch_keep(struct batch *batch, const struct answer *answer);

const char *batch_labels(const struct batch *batch, const struct batch_entry *entry);

/* The message is not wanted: the next one takes its place. */
void batch_drop(struct batch *batch);

bool batch_full(const struct batch *batch);

#endif
