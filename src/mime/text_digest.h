/* SPDX-License-Identifier: Apache-2.0 */
/* What digests of mail need beyond SHA-256 itself (crypto/digest.h). */
#ifndef THREADS_MIME_TEXT_DIGEST_H
#define THREADS_MIME_TEXT_DIGEST_H

#include "crypto/digest.h"

/*
 * Adds text so that copies of a mail that travelled differently give the same
 * digest: line ends are LF, blanks at line ends and empty lines at the end are
 * dropped, and ">From " (mbox) counts as "From ".
 */
void digest_add_text(struct digest *digest, const void *text, size_t len);

/*
 * digest_end() for a process that may die: a failing hash would give equal
 * digests for different mails, so it ends the process.
 */
void digest_must_end(struct digest *digest, unsigned char out[DIGEST_LEN]);

#endif
