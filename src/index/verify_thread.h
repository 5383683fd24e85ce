/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify, in a thread with a copy of hub.db of its own, so that it holds up
 * nobody's writes however long it takes. One at a time; it is ix->verify.
 */
#ifndef THREADS_INDEX_VERIFY_THREAD_H
#define THREADS_INDEX_VERIFY_THREAD_H

#include "index/index.h"
#include "ipc/peer.h"
#include "store/snapshot.h"

/* Sets ix->verify, for the question id of peer. Errors: THREADS_ENOMEM, THREADS_EIO. */
int verify_thread_new(struct index_role *ix, struct peer *peer, uint32_t id, bool deep,
		      struct threads_error *err) MUST_CHECK;

/* The copy is there (taken over), or err says why not: the answer goes out by itself, and ix->verify ends. */
void verify_thread_run(struct verify_thread *verify, struct db_snapshot *snapshot,
		       const struct threads_error *err);

/* Stops it if it runs. Accepts NULL, returns NULL. */
struct verify_thread *verify_thread_free(struct verify_thread *verify);

/* The answer is dropped, and the check ends early. */
void verify_thread_peer_gone(struct verify_thread *verify, const struct peer *peer);

#endif
