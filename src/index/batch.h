/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: raw messages in one sealed memfd. It is parsed by processes of the
 * pool (a mail may kill them), stored in slices, and reported to who brought it.
 */
#ifndef THREADS_INDEX_BATCH_H
#define THREADS_INDEX_BATCH_H

#include "index/index.h"
#include "ipc/memfd.h"
#include "ipc/metric.h"
#include "ipc/record.h"

enum {
	BATCH_MESSAGES_MAX = 1000,
	BATCH_BYTES_MAX = 128 << 20, /* more than one message of message_max is never together */
	BATCH_KILLS_MAX = 2,         /* parsers that one message may crash */
	BATCH_SIGKILLS_MAX = 16,     /* over one message, from outside or for want of memory */
};

struct batch_entry {
	uint64_t offset, length; /* in the memfd */
	int64_t folder_id, uid;
	uint32_t flags;
	const char *labels; /* in those of the batch; NULL: none */
	int64_t received_ms;
	const char *failure; /* not NULL: not stored, goes to the ledger with these words */
	int kills;           /* parsers that crashed on it */
	int sigkills;        /* parsers killed from outside while they had it */
	bool has_draft;
	struct message_draft draft;
};

/* What one parse process gave: the drafts of its entries borrow from here. */
struct batch_run {
	struct memfd_view output;
	void **arrays; /* what convert.c allocated */
	size_t array_count;
	STAILQ_ENTRY(batch_run) link;
};

STAILQ_HEAD(run_list, batch_run);

/* Whether this parsed batch may be stored now: imports keep their order. */
typedef bool batch_may_store_fn(const struct batch *batch, void *arg);

/* counts: what became of the entries. rc < 0: the batch could not be stored (err says why). */
typedef void batch_done_fn(struct batch *batch, const struct ingest_counts *counts, int rc,
			   const struct threads_error *err, void *arg);

/* Who brings a batch, and what it wants to hear. */
struct batch_request {
	int fd; /* sealed memfd */
	struct batch_entry *entries;
	size_t count;
	char *labels; /* heap, what entries refer to; NULL: nothing */
	struct ingest_source source;
	batch_may_store_fn *may_store; /* NULL: at any time */
	batch_done_fn *done;           /* once, later, from the loop; the batch is freed after it */
	void *arg;                     /* of both */
};

struct batch {
	struct index_role *ix;
	struct memfd_view input;
	int fd;
	struct batch_entry *entries;
	size_t count;
	char *labels;
	size_t parsed; /* entries done with parsing, from the first on */
	struct run_list runs;
	struct ingest_source source;
	struct ingest_item *items;
	size_t stored; /* entries through ingest_slice() */
	struct ingest_counts counts;
	int failures;
	bool cancelled; /* who brought it is gone: nothing more of it is stored */
	batch_may_store_fn *may_store;
	batch_done_fn *done;
	void *arg;
	STAILQ_ENTRY(batch) link;
};

/*
 * Takes request->fd, entries and labels over, also on failure; entries must lie
 * inside the memfd. *ret_batch is borrowed, until done() returns or batch_abandon().
 * Errors: THREADS_EINVAL, THREADS_ELIMIT, THREADS_ENOMEM; done() is not called then.
 */
int batch_submit(struct index_role *ix, const struct batch_request *request,
		 struct batch **ret_batch, struct threads_error *err) MUST_CHECK;

/* Who brought it does not care any more: nothing more is stored, done is not called. */
void batch_abandon(struct batch *batch);

/* ---- for pool.c ---- */

/* The entries [first, ret) that the next parser gets. */
size_t batch_run_end(const struct batch *batch);

/* Asks a parser for the entries [batch->parsed, end); the record goes to output_fd (borrowed). */
int batch_ask(const struct batch *batch, size_t end, int output_fd, struct peer *peer,
	      struct threads_error *err) MUST_CHECK;

/* The output of a parser that was given [batch->parsed, end), and how it ended. */
void batch_take_output(struct batch *batch, size_t end, int output_fd, enum metric_parse_end how);

bool batch_fully_parsed(const struct batch *batch);

/* Moves a parsed batch to storing. */
void batch_store(struct batch *batch);

/* Timer callback: one slice. */
void batch_tick(void *index_role);

void batch_free_all(struct index_role *ix);

#endif
