/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's connections to index, vault and dial. The main thread receives
 * the sockets from the supervisor and offers them; from then on only the worker
 * thread reads and writes them, with time limits, so that the conversation with
 * the mail server and the one with the hub are one flow.
 */
#ifndef THREADS_IMAP_LINKS_H
#define THREADS_IMAP_LINKS_H

#include <stdbool.h>

#include "ipc/frame.h"
#include "threads/protocol.h"

struct links;

/* Gets frames of a link that are no answer to the question in progress. < 0: the link is closed. */
typedef int links_frame_fn(struct frame *f, void *arg, struct threads_error *err);

int links_new(struct links **ret_links, struct threads_error *err) MUST_CHECK;
struct links *links_free(struct links *links);

/* Main thread: hands over a new socket (closed on failure); asks the worker to end. */
int links_offer(struct links *links, enum role role, int fd, struct threads_error *err) MUST_CHECK;
void links_stop(struct links *links);

/* Any thread. stop_fd becomes readable at links_stop() and stays so. */
bool links_stopping(const struct links *links);
int links_stop_fd(const struct links *links);

/* Who gets frames of index that nobody asked for. Before the worker starts. */
void links_on_index(struct links *links, links_frame_fn *fn, void *arg);

/* Takes over offered sockets, those to index only if asked to: a new one ends everything
 * that is in progress with the old. Returns true if the connection to index is a new one. */
bool links_refresh(struct links *links, bool index_too);

/* Whether the connection is there as far as known. */
bool links_up(const struct links *links, enum role role);
void links_drop(struct links *links, enum role role);

/*
 * Sends a frame, waiting while the peer is busy. Errors: THREADS_EAGAIN (no
 * connection, too slow, or stopping).
 */
int links_tell(struct links *links, enum role role, const struct frame *f,
	       struct threads_error *err) MUST_CHECK;

/*
 * Asks and waits for the answer at most wait_ms. question->id is set here.
 * Returns 0 with answer, whose type may be IPC_ERROR; THREADS_EAGAIN as above.
 */
int links_ask(struct links *links, enum role role, struct frame *question, struct frame *answer,
	      int64_t wait_ms, struct threads_error *err) MUST_CHECK;

uint32_t links_next_id(struct links *links);

/* Handles what index sent, waiting at most wait_ms for the first frame (0 = do not wait). */
void links_take(struct links *links, int64_t wait_ms);

/*
 * Waits at most wait_ms (< 0 = for ever) until fd is readable (-1 = none), index sent something,
 * a socket was offered, or the worker is to end. Returns true if fd is readable.
 */
bool links_wait(struct links *links, int fd, int64_t wait_ms);

#endif
