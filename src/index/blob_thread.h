/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves blobs to api: unseals, decompresses and rebuilds in a thread of its
 * own, which touches neither loop nor database, so that a large attachment does
 * not hold up the writes of others.
 */
#ifndef THREADS_INDEX_BLOB_THREAD_H
#define THREADS_INDEX_BLOB_THREAD_H

#include "index/index.h"
#include "store/recipe.h"

enum { BLOB_QUEUE_MAX = 256 };

/* Starts the thread. key: AEAD_KEY_LEN bytes, copied. After sandbox_enter(). */
int blob_thread_new(struct loop *loop, int pack_dir_fd, const unsigned char *key,
		    struct blob_thread **ret_thread, struct threads_error *err) MUST_CHECK;
struct blob_thread *blob_thread_free(struct blob_thread *thread);

/*
 * Reads INDEX_BLOB from f, and from store the text it refers to, and queues it; the answer goes to peer by itself, also
 * the refusal when too many wait, or their texts are too long, and what the store cannot read. Errors: THREADS_EINVAL (not what protocol.h says: the peer is closed).
 */
int blob_thread_request(struct blob_thread *thread, struct store *store, struct peer *peer,
			struct frame *f, struct threads_error *err) MUST_CHECK;

/* The peer is gone: its answers are dropped. To be called from its on_closed. */
void blob_thread_peer_gone(struct blob_thread *thread, const struct peer *peer);

#endif
