/* SPDX-License-Identifier: Apache-2.0 */
/* From what parse says (ipc/record.h) to what the store takes (store/ingest.h). */
#ifndef THREADS_INDEX_CONVERT_H
#define THREADS_INDEX_CONVERT_H

#include "ipc/record.h"
#include "store/ingest.h"

enum { CONVERT_ARRAYS = 3 };

/*
 * Fills draft from record; its texts and blobs are borrowed from the frame,
 * arrays are new and belong to the caller (ret_arrays, free() each).
 * Errors: THREADS_ENOMEM.
 */
int convert_record(const struct record *record, const uint8_t *blobs, struct message_draft *draft,
		   void *ret_arrays[CONVERT_ARRAYS], struct threads_error *err) MUST_CHECK;

#endif
