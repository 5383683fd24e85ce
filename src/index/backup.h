/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index's part of backup and verify: snapshots of hub.db, and the promise not to
 * overwrite anything in packs while somebody reads them by such a snapshot.
 */
#ifndef THREADS_INDEX_BACKUP_H
#define THREADS_INDEX_BACKUP_H

#include "backup/source.h"
#include "index/index.h"

/* Needs ix->store. */
int backup_open(struct index_role *ix, struct threads_error *err) MUST_CHECK;

/* Answers BACKUP_SNAPSHOT, BACKUP_HOLD and INDEX_VERIFY. Errors: THREADS_EINVAL (the peer is closed). */
int backup_command(struct index_role *ix, struct peer *peer, struct frame *f,
		   struct threads_error *err) MUST_CHECK;

void backup_peer_gone(struct index_role *ix, const struct peer *peer);

/* Whether erasing must wait. */
bool backup_holds(const struct index_role *ix);

#endif
