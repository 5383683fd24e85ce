/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of raw messages from an imap process: from its frame to the acknowledgement. */
#ifndef THREADS_INDEX_IMAP_BATCH_H
#define THREADS_INDEX_IMAP_BATCH_H

#include "index/imap_link.h"

/*
 * Takes an IMAP_BATCH over and answers it with IMAP_BATCH_ACK (or IPC_ERROR) once
 * it is committed. Errors, which end the session: THREADS_EINVAL for a frame that
 * breaks the contract, THREADS_ELIMIT for a batch too many, THREADS_ENOMEM.
 */
int imap_batch_take(struct imap_session *session, struct frame *f,
		    struct threads_error *err) MUST_CHECK;

/* Drops what is on its way; it was not acknowledged, so it comes again. */
void imap_batch_abandon(struct imap_session *session);

#endif
