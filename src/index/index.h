/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modules of the index role share. One thread runs the loop and owns
 * the database; the blob thread (blob_thread.h) has neither loop nor database,
 * that of verify (verify_thread.h) a copy of its own.
 *
 *	sources		imap_link.c, import.c	bring raw messages as batches
 *	pool.c		parse processes, one batch each
 *	split.c		a piece of an mbox, cut into messages by a parser
 *	batch.c		a batch's way: waits, is parsed, is stored, is reported
 *	commands.c	writes that api and auth ask for
 *	backup.c	snapshots of hub.db, for backups and for verify_thread.c
 *	schedule.c	which account is connected when
 */
#ifndef THREADS_INDEX_INDEX_H
#define THREADS_INDEX_INDEX_H

#include <sys/queue.h>

#include "index/split.h"
#include "ipc/role.h"
#include "store/ingest.h"
#include "store/store.h"

struct backup_source;
struct batch;
struct blob_thread;
struct imap_session;
struct import_run;
struct parse_slot;
struct verify_thread;

STAILQ_HEAD(batch_queue, batch);
LIST_HEAD(slot_list, parse_slot);
LIST_HEAD(session_list, imap_session);
LIST_HEAD(import_list, import_run);

enum { INDEX_PEERS_MAX = 64 };

struct index_role {
	struct role_context *role;
	struct store *store;
	struct ingest *ingest;
	struct filing *filing;
	int pack_dir_fd;
	int upload_dir_fd;
	int data_dir_fd; /* for statvfs only */

	/* batches: waiting for a parser, then waiting for their transaction */
	struct batch_queue unparsed, parsed;
	struct split_queue splits; /* pieces of mbox files to be cut into messages */
	struct slot_list slots;
	int64_t next_parse_instance;
	struct loop_timer *parse_timer; /* there may be something to parse */
	struct loop_timer *parse_retry; /* a parser could not be started: not at once again */
	struct loop_timer *tick;        /* the next slice of the first parsed batch */
	bool disk_full;
	int disk_percent;
	int disk_level; /* 0, or the last of 70, 80, 90 that it passed */
	struct loop_timer *disk_timer;

	struct session_list sessions;
	struct loop_timer *schedule_timer;
	struct import_list imports;
	struct loop_timer *jobs_timer; /* background slices, checkpoints */

	struct blob_thread *blobs;
	struct backup_source *backup;
	int64_t hold_first, hold_last, hold_until_ms; /* nothing is erased in packs (backup.h) */
	struct verify_thread *verify;                 /* NULL: none runs */
	struct peer *vault, *auth;
	struct peer *apis[INDEX_PEERS_MAX];
	bool stopping;
};

/* The key of the packs, from the role's key. The caller cleanses it. */
void index_pack_key(const struct index_role *ix, unsigned char key[ROLE_KEY_BYTES]);

#endif
