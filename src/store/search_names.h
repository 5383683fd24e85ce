/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What account:, folder: and label: stand for: the ids of those that the viewer
 * holds. Where others keep a copy of a message, and how, is not his to know.
 * Internal to src/store.
 */
#ifndef THREADS_STORE_SEARCH_NAMES_H
#define THREADS_STORE_SEARCH_NAMES_H

#include "store/reader_internal.h"
#include "store/search_term.h"

enum { SEARCH_IDS_MAX = 10000 };

/* Ascending. */
struct search_ids {
	int64_t *ids;
	size_t count;
};

void search_ids_release(struct search_ids *ids);
bool search_ids_have(const struct search_ids *ids, int64_t id);

/*
 * The accounts, folders or labels that node (with those fields) names; for another field all
 * accounts of the viewer. term: of node; one without tokens names all.
 * Errors: those of query_step(); THREADS_ENOMEM.
 */
int search_names_find(struct reader *reader, const struct query_node *node,
		      const struct search_term *term, struct search_ids *ret_ids,
		      struct threads_error *err) MUST_CHECK;

#endif
