/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports: files (descriptors from threadsctl, uploads, the sample mailbox) become
 * batches, in order. The position of an import moves in the transaction that
 * stores its messages, so that after any end it goes on exactly there.
 */
#ifndef THREADS_INDEX_IMPORT_H
#define THREADS_INDEX_IMPORT_H

#include "index/import_run.h"

int import_on_files(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err) MUST_CHECK;
/* threadsctl connects again: drops what was queued; ret_done = files that are finished. */
int import_restart(struct index_role *ix, const struct import *import, int64_t *ret_done,
		   struct threads_error *err) MUST_CHECK;
int import_cancel(struct index_role *ix, const char *public_id,
		  struct threads_error *err) MUST_CHECK;
void import_peer_gone(struct index_role *ix, const struct peer *peer);
/* Goes on with uploads and the sample after a start of index. */
void import_resume_all(struct index_role *ix);
void import_account_gone(struct index_role *ix, int64_t account_id);
void import_free_all(struct index_role *ix);

#endif
