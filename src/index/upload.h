/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads: files under DATA/hub/upload, named by their public id. http writes
 * into a descriptor that it gets; the length counts when it is on the disk.
 */
#ifndef THREADS_INDEX_UPLOAD_H
#define THREADS_INDEX_UPLOAD_H

#include "index/index.h"
#include "store/import.h"

int upload_open(struct index_role *ix, struct peer *peer, struct frame *f,
		struct threads_error *err) MUST_CHECK;
int upload_noted(struct index_role *ix, struct peer *peer, struct frame *f,
		 struct threads_error *err) MUST_CHECK;
/* All files are there: the import begins. */
int upload_start(struct index_role *ix, const struct import *import,
		 struct threads_error *err) MUST_CHECK;
void upload_remove(struct index_role *ix, int64_t import_id);

#endif
