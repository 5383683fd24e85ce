/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of an mbox to be cut into messages: how a parser is asked, and what
 * its answer must keep to. It may have been taken over by what it read.
 */
#ifndef THREADS_INDEX_SPLIT_H
#define THREADS_INDEX_SPLIT_H

#include <sys/queue.h>

#include "ipc/peer.h"

struct split_range {
	uint64_t offset, length;
};

/* next: where to go on. rc < 0: the splitter failed; THREADS_EAGAIN: it was killed from outside,
 * ask again. ranges are borrowed for the call. */
typedef void split_done_fn(const struct split_range *ranges, size_t count, uint64_t next,
			   bool at_end, int rc, void *arg);

struct split_request {
	int fd; /* borrowed until done is called */
	uint64_t from;
	int64_t most_messages, most_bytes;
	split_done_fn *done; /* NULL: nobody waits any more */
	void *arg;
	STAILQ_ENTRY(split_request) link;
};

STAILQ_HEAD(split_queue, split_request);

/* Does nothing if it is not there. */
void split_queue_remove(struct split_queue *queue, struct split_request *split);

struct split_answer {
	struct split_range *ranges;
	size_t count;
	uint64_t next;
	bool at_end;
};

int split_ask(const struct split_request *split, struct peer *peer,
	      struct threads_error *err) MUST_CHECK;

/* Reads PARSE_SPLIT_IS. Errors: THREADS_EINVAL (not what was asked for), THREADS_ENOMEM. */
int split_answer_read(const struct split_request *split, struct frame *f,
		      struct split_answer *ret_answer, struct threads_error *err) MUST_CHECK;
void split_answer_release(struct split_answer *answer);

#endif
