/* SPDX-License-Identifier: Apache-2.0 */
/* Computes audiences anew from what the database knows: after a new sighting,
 * a grant, or a change of an account, a channel or a group. */
#ifndef THREADS_STORE_AUDIENCE_REFRESH_H
#define THREADS_STORE_AUDIENCE_REFRESH_H

#include "store/store.h"

/* Inside the writer's transaction. Returns 0. Errors: THREADS_ENOENT (no such message),
 * as query_step(). */
int audience_refresh(struct store *store, int64_t message_id, struct threads_error *err) MUST_CHECK;

#endif
