/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: many messages in one mapping, their records into one file, in order. */
#ifndef THREADS_PARSE_BATCH_H
#define THREADS_PARSE_BATCH_H

#include <stdint.h>

#include "mime/mime.h"

enum {
	BATCH_ENTRIES_MAX = 5000,
#ifdef THREADS_SANITIZE
	/* The sanitizers' realloc() copies always: gmime's long headers cost 500 times as much. */
	BATCH_CPU_SECONDS = 60,
#else
	BATCH_CPU_SECONDS = 5, /* for one message; who needs more ends the process */
#endif
};

struct batch_entry {
	uint64_t offset, length; /* in the input */
};

/* From now on (0: never) SIGPROF ends this process after so many seconds of CPU time. It does
 * not count waiting. Errors: THREADS_EIO. */
int batch_limit_cpu(int seconds, struct threads_error *err) MUST_CHECK;

/* Borrowed for the call. */
struct batch_input {
	const unsigned char *data; /* may be NULL if len is 0 */
	size_t len;
	const struct batch_entry *entries;
	size_t count;
};

/*
 * Writes one record per entry to fd with pwrite(2). limit_cpu: SIGPROF ends the
 * process when one message takes more than BATCH_CPU_SECONDS; the records
 * before it are finished then. Errors: THREADS_EINVAL (an entry lies outside
 * the input), THREADS_EIO, THREADS_ENOMEM.
 */
int batch_parse(struct mime *mime, const struct batch_input *input, int fd, bool limit_cpu,
		struct threads_error *err) MUST_CHECK;

#endif
