/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of an import: filled from files, sent on its way, and what its end means for the position. */
#ifndef THREADS_INDEX_IMPORT_FILL_H
#define THREADS_INDEX_IMPORT_FILL_H

#include "index/import_run.h"

struct filling {
	int fd;
	uint64_t bytes;
	struct batch_entry *entries;
	uint64_t *offsets; /* mbox */
	size_t count;
};

/* Room for so many messages. Release it in any case. Errors: THREADS_ENOMEM, THREADS_EIO. */
int filling_begin(struct filling *fill, size_t most, struct threads_error *err) MUST_CHECK;
void filling_release(struct filling *fill);

/* Adds one message; what cannot be read becomes an entry with words for the ledger. */
void filling_add(struct import_run *run, struct filling *fill, const struct import_source *source,
		 uint64_t offset, uint64_t length);

/* Sends the batch on its way. Takes over what fill holds. */
int filling_launch(struct import_run *run, struct filling *fill, bool file_ends,
		   struct threads_error *err) MUST_CHECK;

/* A file that ends without a message that could carry it: empty, or cut by the last batch. */
void import_file_over(struct import_run *run, const struct import_file *file, bool failed);

#endif
