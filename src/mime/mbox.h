/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the messages of an mbox file are. A separator is a line "From ..." with
 * a time and a year in it, at the beginning of the file or after an empty line:
 * that reads mboxo, mboxrd and mboxcl alike, and a body line "From here on" is
 * no separator. Content-Length is not believed. ">From" stays as it is.
 */
#ifndef THREADS_MIME_MBOX_H
#define THREADS_MIME_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

/* A message without its "From " line and without the empty line behind it. */
struct mbox_range {
	uint64_t offset, length;
};

struct mbox_limits {
	size_t messages; /* at most; >= 1 */
	uint64_t bytes;  /* at most, but always one message */
};

struct mbox_result {
	size_t count;
	uint64_t next; /* pass as from next time */
	bool end;      /* all messages of the file have been given */
};

/*
 * Finds messages from offset from (0 or an earlier result's next) on. Reads fd
 * with pread(2) in pieces; needs 256 kB whatever the file. ranges holds
 * limits->messages entries. Errors: THREADS_EINVAL (no mbox: something else
 * stands where the first "From " line must be), THREADS_EIO, THREADS_ENOMEM.
 */
int mbox_split(int fd, uint64_t from, const struct mbox_limits *limits, struct mbox_range *ranges,
	       struct mbox_result *ret_result, struct threads_error *err) MUST_CHECK;

/* Whether a line (without its end) is a separator by its shape. */
bool mbox_is_separator(const char *line, size_t len);

#endif
