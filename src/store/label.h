/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the owner of an account gave a copy: rows of label and sighting_label. */
#ifndef THREADS_STORE_LABEL_H
#define THREADS_STORE_LABEL_H

#include "store/query.h"
#include "threads/protocol.h"

enum {
	LABELS_MAX = IMAP_LABELS_MAX,           /* of one copy */
	LABEL_BYTES_MAX = IMAP_LABEL_BYTES_MAX, /* of one name */
	LABELS_OF_ACCOUNT_MAX = 10000,          /* different ones: a server may make them up */
};

struct label_copy {
	int64_t account_id, folder_id, uid, message_id;
};

/* Gives a copy these names, each ending with a line feed, inside the caller's transaction.
 * What is beyond the limits is left out and counted in *dropped. */
int labels_give(struct db *db, const struct label_copy *copy, const char *names, int64_t *dropped,
		struct threads_error *err) MUST_CHECK;

/* The same, and takes away those that it has beyond these; a label that no copy has is no more.
 * Returns 1 if anything changed, else 0. */
int labels_set(struct db *db, const struct label_copy *copy, const char *names, int64_t *dropped,
	       struct threads_error *err) MUST_CHECK;

#endif
