/* SPDX-License-Identifier: Apache-2.0 */
/* What parsing needs again and again. One per process: gmime is global. */
#ifndef THREADS_MIME_MIME_H
#define THREADS_MIME_MIME_H

#include "crypto/digest.h"
#include "mime/charset.h"

struct mime {
	struct charsets *charsets;
	struct digest *digest; /* one at a time: begin, add, end */
};

int mime_open(struct mime **ret_mime, struct threads_error *err) MUST_CHECK;
struct mime *mime_close(struct mime *mime);
void mime_closep(struct mime **mime);

#endif
