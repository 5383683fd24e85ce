/* SPDX-License-Identifier: Apache-2.0 */
/* The sample mailbox: the first owner's to look around in, removed in one click. */
#ifndef THREADS_INDEX_SAMPLE_H
#define THREADS_INDEX_SAMPLE_H

#include "index/index.h"
#include "store/import.h"

/* Sets the state of a user; with the first active owner comes the sample mailbox, if one is configured.
 * Errors: those of user_set_state(). */
int sample_on_state(struct index_role *ix, const char *public_id, const char *state,
		    struct threads_error *err) MUST_CHECK;
int sample_start(struct index_role *ix, const struct import *import,
		 struct threads_error *err) MUST_CHECK;

#endif
