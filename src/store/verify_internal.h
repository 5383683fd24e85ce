/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of verify share: rows (verify.c), bytes (verify_blobs.c). */
#ifndef THREADS_STORE_VERIFY_INTERNAL_H
#define THREADS_STORE_VERIFY_INTERNAL_H

#include <jansson.h>

#include "store/store_internal.h"
#include "store/verify.h"

struct verify {
	struct store *store;
	const struct verify_order *order;
	json_t *faults;
};

/* 0, or THREADS_EAGAIN when it is to end. */
int verify_go_on(const struct verify *v, struct threads_error *err) MUST_CHECK;

/* Each pack is there and long enough. */
int verify_packs(struct verify *v, struct threads_error *err) MUST_CHECK;

/* Reads, unseals and hashes every blob. */
int verify_blobs(struct verify *v, struct threads_error *err) MUST_CHECK;

/* Rebuilds every message as each of its sightings has it, and hashes that. */
int verify_messages(struct verify *v, struct threads_error *err) MUST_CHECK;

#endif
