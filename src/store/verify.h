/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does everything in the store fit together? Walks all of it, and the test of
 * the search index writes, so hub.db is best given as a copy of its own
 * (snapshot.h), in a thread of its own.
 */
#ifndef THREADS_STORE_VERIFY_H
#define THREADS_STORE_VERIFY_H

#include <stdatomic.h>

#include "core/strbuf.h"
#include "store/pack.h"
#include "store/store.h"

struct verify_order {
	struct pack_reader *packs;
	int pack_dir_fd;
	bool deep; /* reads every blob, rebuilds every message, compares index and text */
	const atomic_bool *stop; /* another thread's "end now"; may be NULL */
};

/*
 * Appends the JSON object that "threadsctl verify --json" prints. What is wrong in
 * the data is a sentence in its "faults", never an error.
 * Errors: THREADS_EAGAIN (stopped), THREADS_ENOMEM, THREADS_EIO.
 */
int store_verify(struct store *store, const struct verify_order *order, struct strbuf *out_json,
		 int *ret_faults, struct threads_error *err) MUST_CHECK;

#endif
