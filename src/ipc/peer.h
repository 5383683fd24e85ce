/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to another process inside the loop: frames in by callback,
 * frames out through a bounded queue. A peer that sends a malformed or
 * forbidden frame is closed; one that does not read gets no more frames than
 * its queue holds. The process lives on.
 */
#ifndef THREADS_IPC_PEER_H
#define THREADS_IPC_PEER_H

#include "ipc/frame.h"
#include "ipc/loop.h"
#include "threads/protocol.h"

struct peer;

/*
 * Called for each frame. Values are borrowed for the call. Return < 0 (with
 * err) to have the peer closed as broken.
 */
typedef int peer_frame_fn(struct peer *peer, struct frame *f, void *arg, struct threads_error *err);

/* Called once when the connection is gone, whatever the reason. why is NULL at
 * a plain end of file. The peer is freed after the call. */
typedef void peer_closed_fn(struct peer *peer, const struct threads_error *why, void *arg);

struct peer_handler {
	peer_frame_fn *on_frame;
	peer_closed_fn *on_closed; /* may be NULL */
	void *arg;
};

enum { PEER_QUEUE_MAX = 1024 }; /* frames waiting for a slow reader */

/* Takes over fd (closed on failure too). role and instance say who is at the other end. */
int peer_new(struct loop *loop, int fd, enum role role, int64_t instance,
	     const struct peer_handler *handler, struct peer **ret_peer,
	     struct threads_error *err) MUST_CHECK;

/* Closes at once without calling on_closed. Accepts NULL, returns NULL. Safe inside its own callbacks. */
struct peer *peer_free(struct peer *peer);

/*
 * Sends or queues a frame; descriptors in f are duplicated when queued.
 * Errors: THREADS_EIO (peer gone), THREADS_ELIMIT (queue full: this frame is lost, the
 * connection stays, because nobody would make it anew while both processes live).
 */
int peer_send(struct peer *peer, const struct frame *f, struct threads_error *err) MUST_CHECK;

/* Frames queued and not yet taken by the kernel. */
size_t peer_backlog(const struct peer *peer);

enum role peer_role(const struct peer *peer);
int64_t peer_instance(const struct peer *peer);
int peer_fd(const struct peer *peer);

/* A fresh non-zero id for a question to this peer. */
uint32_t peer_next_id(struct peer *peer);

/* Stops / resumes reading from this peer (back-pressure). */
void peer_pause(struct peer *peer, bool paused);

#endif
