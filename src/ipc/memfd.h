/* SPDX-License-Identifier: Apache-2.0 */
/* Large values between processes: memory files, sealed so that the reader may map them. */
#ifndef THREADS_IPC_MEMFD_H
#define THREADS_IPC_MEMFD_H

#include <stddef.h>

#include "threads/error.h"

/* A new empty memfd (close-on-exec, sealing allowed). Errors: THREADS_EIO. */
int memfd_new(const char *name, int *ret_fd, struct threads_error *err) MUST_CHECK;

/* Seals against writing, growing and shrinking. No writable mapping may exist. Errors: THREADS_EIO. */
int memfd_seal(int fd, struct threads_error *err) MUST_CHECK;

/* memfd_new + write + memfd_seal. Errors: THREADS_EIO, THREADS_EFULL. */
int memfd_from(const char *name, const void *data, size_t len, int *ret_fd,
	       struct threads_error *err) MUST_CHECK;

struct memfd_view {
	const unsigned char *data; /* NULL when empty */
	size_t len;
};

/*
 * Maps a received memfd for reading. It must carry the seals of memfd_seal()
 * (else the sender could shrink it under us: SIGBUS) and be <= max_len.
 * fd stays the caller's. Errors: THREADS_EINVAL, THREADS_ELIMIT, THREADS_EIO.
 */
int memfd_map(int fd, size_t max_len, struct memfd_view *ret_view,
	      struct threads_error *err) MUST_CHECK;
void memfd_unmap(struct memfd_view *view); /* for CLEANUP too */

/* write(2)/pread(2) until all is done. Errors: THREADS_EFULL, THREADS_EIO, THREADS_EINVAL at an early end of file. */
int write_all(int fd, const void *data, size_t len, struct threads_error *err) MUST_CHECK;
int pread_all(int fd, void *data, size_t len, off_t offset, struct threads_error *err) MUST_CHECK;

#endif
