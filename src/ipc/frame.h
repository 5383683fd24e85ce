/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame of the processes' protocol: a SOCK_SEQPACKET datagram with a fixed
 * header, typed fields and file descriptors.
 *
 *	CLEANUP(frame_release) struct frame f = FRAME_INIT;
 *	frame_begin(&f, INDEX_ACCOUNT_SYNC, id);
 *	frame_put_text(&f, account);
 *	rc = frame_send(fd, &f, &err);
 *
 *	rc = frame_recv(fd, &f, &err);			1 frame, 0 end of file
 *	account = frame_get_text(&f);
 *	rc = frame_get_end(&f, &err);			all fields there, none left over
 *
 * Field kinds are on the wire and checked: reading an int where text was sent
 * is an error. Putting and getting are sticky: one check at the end.
 */
#ifndef THREADS_IPC_FRAME_H
#define THREADS_IPC_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "threads/error.h"

enum {
	FRAME_BYTES_MAX = 128 * 1024, /* larger values travel as a sealed memfd */
	FRAME_FDS_MAX = 253,          /* SCM_MAX_FD of the kernel */
};

struct frame {
	uint16_t type;
	uint32_t id; /* the answer carries the id of the question; 0 = no answer wanted */
	size_t len;  /* bytes of data in use */
	size_t pos;  /* read position */
	int fds[FRAME_FDS_MAX];
	size_t fd_count;
	size_t fd_pos;
	bool owns_fds; /* frame_release() closes what is not taken; so with received ones */
	bool failed;
	unsigned char *data; /* heap, cap bytes */
	size_t cap;
};

#define FRAME_INIT                                                                                 \
	{                                                                                          \
		.type = 0                                                                          \
	}

/* Empties the frame and starts a new one; memory is kept for reuse. */
void frame_begin(struct frame *f, uint16_t type, uint32_t id);

/* The whole of an IPC_ERROR: code is negative (threads/error.h), words are for a person. */
void frame_begin_error(struct frame *f, uint32_t id, int code, const char *words);

void frame_put_int(struct frame *f, int64_t value);
void frame_put_text(struct frame *f, const char *text); /* without NUL; NULL counts as "" */
void frame_put_bytes(struct frame *f, const void *data, size_t len);
void frame_put_fd(struct frame *f, int fd); /* borrowed: stays open with the sender */

/* 0, or THREADS_ELIMIT if something put did not fit. */
int frame_check(const struct frame *f, struct threads_error *err) MUST_CHECK;

/*
 * Sends one frame; never waits. Errors: THREADS_EAGAIN (the peer reads too
 * slowly), THREADS_EIO (the peer is gone), THREADS_ELIMIT (see frame_check).
 */
int frame_send(int fd, const struct frame *f, struct threads_error *err) MUST_CHECK;

/*
 * Receives one frame. Returns 1, or 0 at end of file. Errors: THREADS_EAGAIN
 * (nothing there, on a non-blocking socket), THREADS_EINVAL (not a frame: close
 * the peer), THREADS_EIO. Descriptors arrive close-on-exec and belong to f.
 */
int frame_recv(int fd, struct frame *f, struct threads_error *err) MUST_CHECK;

/*
 * The type of the frame that waits, which stays unread with its descriptors.
 * Returns as frame_recv().
 */
int frame_peek(int fd, uint16_t *ret_type, struct threads_error *err) MUST_CHECK;

/* Values in the order they were put. Text is valid UTF-8 without NUL inside and
 * NUL-terminated; text and bytes are borrowed from f. After a mismatch they
 * give 0, "", NULL/0, -1 and frame_get_end() reports it. */
int64_t frame_get_int(struct frame *f);
int64_t frame_get_int_in(struct frame *f, int64_t min, int64_t max);
const char *frame_get_text(struct frame *f);
const void *frame_get_bytes(struct frame *f, size_t *ret_len);
int frame_get_fd(struct frame *f); /* the caller owns it from here */

/* True if no field is left. */
bool frame_at_end(const struct frame *f);

/* 0, or THREADS_EINVAL if a field was missing, of another kind, or left over. */
int frame_get_end(const struct frame *f, struct threads_error *err) MUST_CHECK;

/* Closes descriptors that nobody took, cleanses and frees the data. For CLEANUP too. */
void frame_release(struct frame *f);

#endif
