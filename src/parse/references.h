/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that a message names as those before it. */
#ifndef THREADS_PARSE_REFERENCES_H
#define THREADS_PARSE_REFERENCES_H

#include "ipc/record.h"
#include "mime/message.h"
#include "parse/text_pool.h"

/*
 * Fills references of record from the header of root: the first (the beginning of the
 * conversation) and the last ones (the nearest), RECORD_REFERENCES_MAX in all. The array
 * is freed with the record; on lack of memory pool->failed. Returns whether some were left out.
 */
bool references_read(const struct mime_part *root, struct text_pool *pool, struct record *record);

#endif
