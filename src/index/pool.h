/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parse processes. Each serves one batch (or splits one piece of an mbox)
 * and ends, so that one taken over by a mail cannot forge the next one's record.
 */
#ifndef THREADS_INDEX_POOL_H
#define THREADS_INDEX_POOL_H

#include "index/index.h"

/* A parser asked for is there. Takes over fd. */
int pool_attach(struct index_role *ix, int64_t instance, int fd, struct threads_error *err);

/* A parser ended (CTL_EXITED), perhaps before it was ever there. by_signal: 0 = it exited. */
void pool_exited(struct index_role *ix, int64_t instance, int by_signal);

/* Messages that wait: for a parser, in its hands, or to be stored. Sets the figures of the queues. */
size_t pool_measure(struct index_role *ix);

/* Timer callback: there may be something to parse, or parsers may be started again. */
void pool_look(void *index_role);

void pool_free(struct index_role *ix);

/* The request is the caller's and stays valid until done. */
void pool_split(struct index_role *ix, struct split_request *request);

/* Forgets a request: done is not called any more. */
void pool_split_cancel(struct index_role *ix, struct split_request *request);

#endif
