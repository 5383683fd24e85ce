/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import at work: the files that wait, the batches on their way, who waits for
 * an answer. Where its files come from (threadsctl, an upload, the sample) and how
 * they become batches (import_feed.h) stands above this file.
 */
#ifndef THREADS_INDEX_IMPORT_RUN_H
#define THREADS_INDEX_IMPORT_RUN_H

#include "index/batch.h"
#include "index/pool.h"
#include "store/import.h"

enum {
	IMPORT_FLIGHT_MAX = 3, /* batches on their way at once */
	IMPORT_BATCH_MESSAGES = 400,
	IMPORT_BATCH_BYTES = 12 << 20,
	IMPORT_FILES_MAX = 4096, /* waiting; threadsctl has at most 1,000 on the way */
};

/* A file that waits. fd < 0: opened by path when its turn comes. */
struct import_source {
	int fd;
	char *path; /* relative to dir_fd of the run */
	char *name;
	int64_t size;
	STAILQ_ENTRY(import_source) link;
};

/* A batch on its way and what it means for the position. */
struct import_flight {
	struct import_run *run;
	struct batch *batch;
	/* mbox: where the file goes on when so many messages are stored; [count + 1] */
	uint64_t *offsets;
	size_t count;
	int64_t file_id; /* mbox only */
	bool file_ends;  /* mbox: the last batch of its file */
	STAILQ_ENTRY(import_flight) link;
};

/* A question that is answered when so many files are finished. */
struct import_question {
	struct peer *peer;
	uint32_t id;
	int64_t files;
	STAILQ_ENTRY(import_question) link;
};

STAILQ_HEAD(source_list, import_source);
STAILQ_HEAD(flight_list, import_flight);
STAILQ_HEAD(question_list, import_question);

/* Makes what can be made now of the files that wait: batches, splits. */
typedef void import_feed_fn(struct import_run *run);
typedef void import_end_fn(struct index_role *ix, int64_t import_id);

struct import_run {
	struct index_role *ix;
	int64_t id, account_id;
	char public_id[27];
	bool is_mbox;
	bool is_control; /* fed by threadsctl through api */
	bool last;       /* no more files come */
	bool failed;     /* ends at the next import_run_go() */
	struct threads_error why;
	import_feed_fn *feed;
	import_end_fn *at_end; /* NULL, or called when all of it is stored */
	int dir_fd;            /* uploads, sample: where paths begin; -1 */
	int64_t files_done, files_seen;
	struct source_list sources;
	struct flight_list flights;
	size_t flight_count;
	struct question_list questions;
	/* the mbox in hand */
	struct import_source *mbox;
	struct import_file mbox_file;
	struct split_request split;
	bool splitting;
	bool mbox_bad; /* it cannot be split on; over when the flights have landed */
	/* the folder of the last message: most come from the same */
	char *folder_name;
	int64_t folder_id;
	LIST_ENTRY(import_run) link;
};

/* The run of an import, or NULL. */
struct import_run *import_run_find(struct index_role *ix, int64_t import_id);
/* A run for the import; made if there is none. */
int import_run_open(struct index_role *ix, const struct import *import, import_feed_fn *feed,
		    struct import_run **ret_run, struct threads_error *err) MUST_CHECK;
/* Appends a file; takes fd (or -1 with path) over. */
int import_run_add(struct import_run *run, int fd, const char *path, const char *name, int64_t size,
		   struct threads_error *err) MUST_CHECK;
/* All files were added, from the first one on: drops those that an earlier run of index
 * has finished. An mbox file is passed over by its own position. */
void import_run_complete(struct import_run *run, int64_t finished);
/* Does what can be done now: batches, splits, answers, the end. The run may be gone after it. */
void import_run_go(struct import_run *run);
/* Stops the run with words; what was stored stays. import_run_go() does the rest. */
void import_run_fail(struct import_run *run, const struct threads_error *why);
/* Ends the run where it stands. Who waits for files gets why; NULL: nobody is to be told. */
void import_run_end(struct import_run *run, const struct threads_error *why);

void import_source_free(struct import_source *source); /* NULL: nothing */

#endif
