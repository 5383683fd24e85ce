/* SPDX-License-Identifier: Apache-2.0 */
/* Which indexes make the candidates of a query few. Internal to src/store. */
#ifndef THREADS_STORE_SEARCH_CHOICE_H
#define THREADS_STORE_SEARCH_CHOICE_H

#include "store/search_source.h"

/* Fills the streams of source: together they have every message that matches its plan; one
 * over all messages if no index helps. Errors: those of search_match_ids(). */
int search_choose(struct search_source *source, struct threads_error *err) MUST_CHECK;

#endif
