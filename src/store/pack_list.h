/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup must know of hub.db besides its bytes. */
#ifndef THREADS_STORE_PACK_LIST_H
#define THREADS_STORE_PACK_LIST_H

#include <jansson.h>

#include "store/store.h"

/* Sets "packs": [[number, committed bytes], ...] and "messages": how many. */
int pack_list(struct store *store, json_t *object, struct threads_error *err) MUST_CHECK;

#endif
