/* SPDX-License-Identifier: Apache-2.0 */
/* Imports and their files: position and counters move in the same transaction as the messages. */
#ifndef THREADS_STORE_IMPORT_H
#define THREADS_STORE_IMPORT_H

#include "store/account.h"
#include "store/ingest.h"
#include "store/ledger.h"

struct import_new {
	int64_t account_id;
	const char *owner;  /* public id */
	const char *source; /* control, upload, sample */
	const char *format; /* mbox, maildir, eml */
	const char *label;
};
int import_create(struct store *store, const struct import_new *import, int64_t now_ms,
		  int64_t *ret_id, struct strbuf *ret_public_id,
		  struct threads_error *err) MUST_CHECK;

struct import {
	int64_t id, account_id, owner_id, files_done, read, stored, duplicate, excluded, failed,
		bytes;
	char public_id[27];
	char source[16], format[16], state[16];
	int64_t started_ms, ended_ms, total_bytes;
};
/* By public id. 1/0. */
int import_find(struct store *store, const char *public_id, struct import *ret_import,
		struct threads_error *err) MUST_CHECK;
int import_get(struct store *store, int64_t id, struct import *ret_import,
	       struct threads_error *err) MUST_CHECK;

/* state: uploading, waiting, running, done, cancelled, error (with words). Sets started/ended. */
int import_set_state(struct store *store, int64_t id, const char *state, const char *words,
		     int64_t now_ms, struct threads_error *err) MUST_CHECK;

/* A file by its name within the import; made if new. position: where to go on; done: 1 finished. */
struct import_file {
	int64_t id, size, received, position;
	bool done;
	char public_id[27];
	char name[1024];
};
int import_file_open(struct store *store, int64_t import_id, const char *name, int64_t size,
		     struct import_file *ret_file, struct threads_error *err) MUST_CHECK;
int import_file_find(struct store *store, int64_t import_id, const char *file_public_id,
		     struct import_file *ret_file, struct threads_error *err) MUST_CHECK; /* 1/0 */
int import_file_received(struct store *store, int64_t file_id, int64_t length,
			 struct threads_error *err) MUST_CHECK;
typedef int import_file_fn(const struct import_file *file, void *arg);
int import_files(struct store *store, int64_t import_id, import_file_fn *fn, void *arg,
		 struct threads_error *err) MUST_CHECK;

/* Inside ingest's transaction (finish callback): counters by slice ("known" counts as duplicate) and
 * files that became finished; position of an mbox file and whether it is done. */
int import_add(struct store *store, int64_t id, const struct ingest_counts *slice, int64_t files,
	       int64_t now_ms, struct threads_error *err) MUST_CHECK;
int import_file_position(struct store *store, int64_t file_id, int64_t position, bool done,
			 struct threads_error *err) MUST_CHECK;

/*
 * A file that ends without a message whose slice could say so: it is done at
 * file->position and counted, all or nothing. failure: not NULL if it could not
 * be read, which counts one failed message and goes to the account's ledger.
 */
int import_file_end(struct store *store, const struct import *import,
		    const struct import_file *file, const struct ledger_entry *failure,
		    int64_t now_ms, struct threads_error *err) MUST_CHECK;

/* Imports to go on with after a start: state running or waiting, source upload or sample. */
typedef int import_each_fn(int64_t id, void *arg);
int import_unfinished(struct store *store, import_each_fn *fn, void *arg,
		      struct threads_error *err) MUST_CHECK;

#endif
