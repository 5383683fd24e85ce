/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts to connect, each in a thread of its own, and their way back into the
 * loop. A thread that waits for a name service cannot be called off: it ends by
 * itself, also after attempts_free().
 */
#ifndef THREADS_DIAL_ATTEMPTS_H
#define THREADS_DIAL_ATTEMPTS_H

#include "dial/target.h"
#include "ipc/loop.h"

struct attempts;
struct attempt_box;

struct attempt {
	int64_t serial; /* the caller's */
	struct target target;
	struct target_result result; /* before it is done only looked_up may be read */
	struct attempt_box *box;
	struct attempt *next;
};

/* From the loop, once for each. The attempt is freed and result.fd is closed after it. */
typedef void attempt_done_fn(const struct attempt *attempt, void *arg);

int attempts_new(struct loop *loop, attempt_done_fn *done, void *arg,
		 struct attempts **ret_attempts, struct threads_error *err) MUST_CHECK;
struct attempts *attempts_free(struct attempts *attempts);

/* *ret_attempt is borrowed until it is done. Errors: THREADS_ENOMEM (memory, or no thread). */
int attempt_start(struct attempts *attempts, const struct target *target, int64_t serial,
		  const struct attempt **ret_attempt, struct threads_error *err) MUST_CHECK;

#endif
