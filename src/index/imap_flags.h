/* SPDX-License-Identifier: Apache-2.0 */
/* State and labels that an imap process reports of messages which are here already. */
#ifndef THREADS_INDEX_IMAP_FLAGS_H
#define THREADS_INDEX_IMAP_FLAGS_H

#include "index/imap_link.h"

/*
 * Commits an IMAP_FLAGS and answers it. Errors, which end the session: THREADS_EINVAL
 * for a frame that breaks the contract, THREADS_ENOMEM.
 */
int imap_flags_take(struct imap_session *session, struct frame *f,
		    struct threads_error *err) MUST_CHECK;

/* Whether text is what the frames of imap promise of labels. */
bool imap_labels_fit(const char *text);

/* A server has more labels than are kept: said once by a process. */
void imap_labels_dropped(struct imap_session *session, int64_t count);

#endif
