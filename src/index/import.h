/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports: files (descriptors from threadsctl, uploads, the sample mailbox) become
 * batches, in order. The position of an import moves in the transaction that
 * stores its messages, so that after any end it goes on exactly there.
 */
#ifndef THREADS_INDEX_IMPORT_H
#define THREADS_INDEX_IMPORT_H

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

struct import_run {
	struct index_role *ix;
	int64_t id, account_id;
	char public_id[27];
	bool is_mbox;
	bool is_control; /* fed by threadsctl through api */
	bool last;       /* no more files come */
	bool failed;     /* ends at the next import_run_go() */
	struct threads_error why;
	int dir_fd; /* uploads, sample: where paths begin; -1 */
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

/* ---- import.c ---- */
int import_on_files(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err) MUST_CHECK;
/* threadsctl connects again: drops what was queued; ret_done = files that are finished. */
int import_restart(struct index_role *ix, const struct import *import, int64_t *ret_done,
		   struct threads_error *err) MUST_CHECK;
int import_cancel(struct index_role *ix, const char *public_id,
		  struct threads_error *err) MUST_CHECK;
void import_peer_gone(struct index_role *ix, const struct peer *peer);
/* Goes on with uploads and the sample after a start of index. */
void import_resume_all(struct index_role *ix);
void import_account_gone(struct index_role *ix, int64_t account_id);
void import_free_all(struct index_role *ix);

/* A run for the import; made if there is none. */
int import_run_open(struct index_role *ix, const struct import *import, struct import_run **ret_run,
		    struct threads_error *err) MUST_CHECK;
/* Appends a file; takes fd (or -1 with path) over. */
int import_run_add(struct import_run *run, int fd, const char *path, const char *name, int64_t size,
		   struct threads_error *err) MUST_CHECK;
/* Does what can be done now: batches, splits, answers, the end. The run may be gone after it. */
void import_run_go(struct import_run *run);

/* ---- import_feed.c ---- */
/* Makes one batch of waiting files; false if nothing could be made. */
bool import_feed_files(struct import_run *run);
/* Opens the next mbox and asks for its next piece. */
void import_feed_mbox(struct import_run *run);

/* ---- upload.c ---- */
int upload_open(struct index_role *ix, struct peer *peer, struct frame *f,
		struct threads_error *err) MUST_CHECK;
int upload_noted(struct index_role *ix, struct peer *peer, struct frame *f,
		 struct threads_error *err) MUST_CHECK;
/* All files are there: the import begins. */
int upload_start(struct index_role *ix, const struct import *import,
		 struct threads_error *err) MUST_CHECK;
void upload_remove(struct index_role *ix, int64_t import_id);

/* ---- sample.c ---- */
/* The first owner is active: gives him the sample mailbox, if there is one configured. */
void sample_begin(struct index_role *ix);
int sample_start(struct index_role *ix, const struct import *import,
		 struct threads_error *err) MUST_CHECK;

#endif
