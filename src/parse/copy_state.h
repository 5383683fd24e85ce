/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program that kept a mail file wrote into it: whether the mail was read, and
 * the names its owner gave it. Status and X-Status (mbox), X-Mozilla-Status and -Keys
 * (Thunderbird), X-Gmail-Labels (Takeout), X-Keywords, X-Label.
 */
#ifndef THREADS_PARSE_COPY_STATE_H
#define THREADS_PARSE_COPY_STATE_H

#include "ipc/record.h"
#include "mime/message.h"
#include "mime/mime.h"

/* Reads them from the header of root. labels: one a line. Returns enum record_copy. */
uint32_t copy_state_read(const struct mime *mime, const struct mime_part *root,
			 struct strbuf *labels);

#endif
