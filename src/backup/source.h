/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What index, auth and vault do for a backup: a snapshot of their database,
 * made a piece at a time between other work, handed out as a descriptor that
 * can only be read. The copy has no name any more when it leaves, so nothing of
 * it stays behind, whoever dies.
 */
#ifndef THREADS_BACKUP_SOURCE_H
#define THREADS_BACKUP_SOURCE_H

#include <jansson.h>

#include "core/strbuf.h"
#include "ipc/peer.h"
#include "store/snapshot.h"

struct backup_source;

struct backup_source_options {
	struct loop *loop;
	struct db *db;      /* must outlive the source */
	const char *about;  /* "auth.db": begins its faults; static */
	const char *folder; /* of the database; copied. What a copy left there is removed */
	/* Appends the "details" of BACKUP_SNAPSHOT_IS, a JSON object; NULL: "{}". Called when the snapshot is whole. */
	int (*details)(void *arg, struct strbuf *out, struct threads_error *err);
	/* Adds to DATABASE_CHECK what only this role can see: boxes that do not open. May be NULL. */
	int (*check)(void *arg, json_t *faults, struct threads_error *err);
	void *arg;
};

int backup_source_new(const struct backup_source_options *options,
		      struct backup_source **ret_source, struct threads_error *err) MUST_CHECK;
struct backup_source *backup_source_free(struct backup_source *source);

/* Answers BACKUP_SNAPSHOT and DATABASE_CHECK. Errors: THREADS_EINVAL (not what protocol.h says). */
int backup_source_frame(struct backup_source *source, struct peer *peer, struct frame *f,
			struct threads_error *err) MUST_CHECK;

/* Its answer is dropped. To be called from its on_closed. */
void backup_source_peer_gone(struct backup_source *source, const struct peer *peer);

/* Called once. snapshot is the callee's; NULL: err says why there is none. */
typedef void backup_done_fn(void *arg, struct db_snapshot *snapshot,
			    const struct threads_error *err);

/* Makes a snapshot for this process itself. Errors: THREADS_EAGAIN (one is
 * being made), those of db_snapshot_begin(). */
int backup_source_begin(struct backup_source *source, backup_done_fn *fn, void *arg,
			struct threads_error *err) MUST_CHECK;

#endif
