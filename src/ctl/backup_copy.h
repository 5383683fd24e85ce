/* SPDX-License-Identifier: Apache-2.0 */
/* Copying files of a backup, hashed on the way, with a line of progress; is a folder empty? */
#ifndef THREADS_CTL_BACKUP_COPY_H
#define THREADS_CTL_BACKUP_COPY_H

#include <stdint.h>

#include "crypto/digest.h"

enum { COPY_HEX_SIZE = DIGEST_LEN * 2 + 1 };

struct copy_meter {
	int64_t total, done; /* bytes; total 0: not known */
	int64_t begun_ms, told_ms, tick_ms;
	/* Called about every 20 s; < 0 ends the copy. May be NULL. */
	int (*tick)(void *arg, struct threads_error *err);
	void *tick_arg;
};

void copy_meter_begin(struct copy_meter *meter);

/* What was copied. */
struct copied {
	int64_t bytes;
	char sha256[COPY_HEX_SIZE];
};

/* Opens a file to read from: not a link, nor what would keep us waiting. Errors: THREADS_EINVAL. */
int copy_open(int dir_fd, const char *path, int *ret_fd, struct threads_error *err) MUST_CHECK;

/*
 * Copies from the begin of from, most bytes or (-1) all, to the file to and
 * fsyncs it; to -1: only hashes. Errors: THREADS_EINVAL (from is shorter),
 * THREADS_EFULL (the disk), THREADS_EIO, those of tick.
 */
int copy_bytes(int from, int64_t most, int to, struct copy_meter *meter, struct copied *ret_copied,
	       struct threads_error *err) MUST_CHECK;

/* 1 if the folder has no entries, 0 if it has, THREADS_ENOENT, THREADS_EIO. */
int folder_is_empty(const char *path, struct threads_error *err) MUST_CHECK;

void copy_hex(const unsigned char digest[DIGEST_LEN], char out[COPY_HEX_SIZE]);

#endif
