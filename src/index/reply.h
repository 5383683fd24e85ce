/* SPDX-License-Identifier: Apache-2.0 */
/* The short answers that index gives. A peer that is gone is no error of ours. */
#ifndef THREADS_INDEX_REPLY_H
#define THREADS_INDEX_REPLY_H

#include "ipc/peer.h"

/* INDEX_DONE; public_id and words may be "". */
void reply_done(struct peer *peer, uint32_t id, const char *public_id, const char *words);
void reply_ok(struct peer *peer, uint32_t id);

/* IPC_ERROR. Always returns 0, so that a handler may end with it: the peer lives on. */
int reply_error(struct peer *peer, uint32_t id, int code, const struct threads_error *err);

/* IPC_OK or IPC_ERROR by rc; returns 0. */
int reply(struct peer *peer, uint32_t id, int rc, const struct threads_error *err);

#endif
