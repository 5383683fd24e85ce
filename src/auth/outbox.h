/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link to index: sends the rows of auth.db's outbox one by one, removes
 * each when index has committed it, and compares the two lists of people when
 * either side starts. Everything here may be repeated.
 */
#ifndef THREADS_AUTH_OUTBOX_H
#define THREADS_AUTH_OUTBOX_H

#include "auth/state.h"

enum { OUTBOX_RETRY_MS = 2000, OUTBOX_SLOW_MS = 30 * 1000 };

/* done is called with each row that index has committed. Errors: THREADS_ENOMEM. */
int outbox_open(struct auth *auth, void (*done)(struct auth *auth, int64_t row),
		struct threads_error *err) MUST_CHECK;

/* Sends the oldest row, if index is there and nothing is under way. */
void outbox_kick(struct auth *auth);

/* index is there, or (NULL) gone: what was under way is sent again. */
void outbox_index(struct auth *auth, struct peer *index);

/* A frame from index. Errors close it. */
int outbox_answer(struct auth *auth, struct frame *f, struct threads_error *err) MUST_CHECK;

#endif
