/* SPDX-License-Identifier: Apache-2.0 */
/* The promise of the output file, for tests: each message can be built again. */
#ifndef THREADS_TESTS_PARSE_VERIFY_H
#define THREADS_TESTS_PARSE_VERIFY_H

#include "ipc/record.h"
#include "parse/batch.h"

/* What a test may look at; all borrowed for the call. plain: skeleton, then HTML. */
struct verify_message {
	size_t number;
	const struct record *record;
	const uint8_t *blobs;
	const char *plain;
	size_t folded; /* runs of base64 that it was kept without */
};

typedef void verify_fn(void *arg, const struct verify_message *message);

/*
 * Reads all records of fd, builds each message from skeleton and attachments and
 * compares it with the input, and the attachments' SHA-256 with what is stored.
 * look may be NULL. Errors: THREADS_EINVAL saying what is wrong.
 */
int verify_output(int fd, const unsigned char *input, const struct batch_entry *entries,
		  size_t count, verify_fn *look, void *arg, struct threads_error *err) MUST_CHECK;

#endif
