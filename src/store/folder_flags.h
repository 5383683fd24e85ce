/* SPDX-License-Identifier: Apache-2.0 */
/* State and labels of copies that are here already, as the server has them now. */
#ifndef THREADS_STORE_FOLDER_FLAGS_H
#define THREADS_STORE_FOLDER_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* Up to which of its changes a folder follows the server. */
struct folder_mark {
	int64_t modseq;      /* 0: not known */
	int64_t compared_ms; /* when all was looked at last, 0: never */
};

int folder_mark_get(struct store *store, int64_t folder_id, struct folder_mark *ret_mark,
		    struct threads_error *err) MUST_CHECK;

struct flags_entry {
	int64_t uid;        /* one that is not here is passed over */
	uint32_t flags;     /* enum sighting_flag */
	const char *labels; /* all that it has, each ends with a line feed */
};

struct flags_change {
	int64_t account_id, folder_id;
	const struct flags_entry *entries;
	size_t count;
	/* With these entries all is said up to it; NULL: more follow. */
	const struct folder_mark *mark;
};

struct flags_done {
	int64_t changed;        /* copies */
	int64_t labels_dropped; /* see label.h */
};

/* One transaction: what killed it in between is answered by saying the same again. */
int folder_flags_set(struct store *store, const struct flags_change *change,
		     struct flags_done *ret_done, struct threads_error *err) MUST_CHECK;

#endif
