/* SPDX-License-Identifier: Apache-2.0 */
/* The link to `index`: one question (a batch, or an mbox to split), one answer, the end. */
#ifndef THREADS_PARSE_WORK_H
#define THREADS_PARSE_WORK_H

#include "ipc/peer.h"
#include "mime/mime.h"

struct work;

/* Loads all that mail may ask for later, when no file can be opened any more. loop is
 * borrowed. Errors: THREADS_ENOMEM, THREADS_EIO. */
int work_new(struct loop *loop, struct work **ret_work, struct threads_error *err) MUST_CHECK;
struct work *work_free(struct work *work);

/* Takes over fd, the connection to index. Errors: THREADS_EINVAL (there is one already). */
int work_attach(struct work *work, int fd, struct threads_error *err) MUST_CHECK;

/*
 * Does what a PARSE_BATCH or PARSE_SPLIT frame asks and fills answer. Errors:
 * THREADS_EINVAL (not such a frame, or the file is no mbox), THREADS_EIO, THREADS_ENOMEM.
 */
int work_do(struct mime *mime, struct frame *question, struct frame *answer,
	    struct threads_error *err) MUST_CHECK;

#endif
