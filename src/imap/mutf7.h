/* SPDX-License-Identifier: Apache-2.0 */
/* Folder names as IMAP writes them: modified UTF-7 (RFC 3501, 5.1.3). */
#ifndef THREADS_IMAP_MUTF7_H
#define THREADS_IMAP_MUTF7_H

#include "core/strbuf.h"

/* Appends the name for people to out: valid UTF-8 without control characters. What is
 * not modified UTF-7 is shown as it stands, repaired. */
void mutf7_show(struct strbuf *out, const char *name);

#endif
