/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of attachments and message content; the algorithm is fetched once. */
#ifndef THREADS_MIME_DIGEST_H
#define THREADS_MIME_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

enum { DIGEST_SIZE = 32, DIGEST_BUFFER = 4096 };

struct digest;

/* Errors: THREADS_ENOMEM, THREADS_EIO (libcrypto has no SHA-256). */
int digest_new(struct digest **ret_digest, struct threads_error *err) MUST_CHECK;
struct digest *digest_free(struct digest *digest);
void digest_freep(struct digest **digest);

/* begin, any number of adds, end. Sizes and algorithm are ours, so nothing can fail. */
void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *data, size_t len);
void digest_end(struct digest *digest, uint8_t out[DIGEST_SIZE]);

/*
 * Adds text so that copies of a mail that travelled differently give the same
 * digest: line ends are LF, blanks at line ends and empty lines at the end are
 * dropped, and ">From " (mbox) counts as "From ".
 */
void digest_add_text(struct digest *digest, const void *text, size_t len);

#endif
