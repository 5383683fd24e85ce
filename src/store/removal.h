/* SPDX-License-Identifier: Apache-2.0 */
/* Taking messages out of the store, so that nothing of them is left. */
#ifndef THREADS_STORE_REMOVAL_H
#define THREADS_STORE_REMOVAL_H

#include "store/store.h"

/*
 * Removes one sighting; its message goes with the last one (search row, people,
 * attachments that nobody else has, blobs), else its audience is computed anew.
 * Joins the transaction in progress. Errors: as query_step().
 */
int sighting_remove(struct store *store, int64_t folder_id, int64_t uid, int64_t message_id,
		    struct threads_error *err) MUST_CHECK;

#endif
