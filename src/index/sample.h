/* SPDX-License-Identifier: Apache-2.0 */
/* The sample mailbox: the first owner's to look around in, removed in one click. */
#ifndef THREADS_INDEX_SAMPLE_H
#define THREADS_INDEX_SAMPLE_H

#include "index/index.h"
#include "store/import.h"

/* The first owner is active: gives him the sample mailbox, if there is one configured. */
void sample_begin(struct index_role *ix);
int sample_start(struct index_role *ix, const struct import *import,
		 struct threads_error *err) MUST_CHECK;

#endif
