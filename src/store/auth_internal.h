/* SPDX-License-Identifier: Apache-2.0 */
/* What the auth_* modules share. */
#ifndef THREADS_STORE_AUTH_INTERNAL_H
#define THREADS_STORE_AUTH_INTERNAL_H

#include "store/query.h"

/* Copies column into out. Errors: THREADS_EIO if it is longer than we ever write. */
int auth_copy_text(const struct query *q, int column, char *out, size_t out_size,
		   struct threads_error *err) MUST_CHECK;

/* Copies a blob of exactly len bytes, or notes with *ret_given that it is NULL. */
int auth_copy_blob(const struct query *q, int column, unsigned char *out, size_t len,
		   bool *ret_given, struct threads_error *err) MUST_CHECK;

/* Runs q and returns 1 if it changed a row, 0 if none. */
int auth_run_one(struct query *q, struct threads_error *err) MUST_CHECK;

#endif
