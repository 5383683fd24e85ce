/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of what was not stored, and its size. Of an account that has more
 * than LEDGER_ROWS_KEPT rows the oldest are summed up in one row a reason (no
 * folder, uid 0, its detail begins with the number), by a background job. Rows
 * that tell which messages of a present folder are not to be fetched again stay;
 * an account that has LEDGER_ROWS_MAX of them is to be stopped.
 */
#ifndef THREADS_STORE_LEDGER_H
#define THREADS_STORE_LEDGER_H

#include "store/store.h"

enum { LEDGER_ROWS_KEPT = 100000, LEDGER_ROWS_MAX = 500000 };

/* A message that was not stored, by its UID (too large, poison): ledger row, once. */
struct ledger_entry {
	int64_t folder_id, uid;
	const char *reason, *detail; /* reason: a value of ledger.reason */
};
int ledger_note(struct store *store, int64_t account_id, const struct ledger_entry *entry,
		int64_t now_ms, struct threads_error *err) MUST_CHECK;

/* Adds the job if the account has too many rows. To be called after a pass or an import. */
int ledger_bound(struct store *store, int64_t account_id, int64_t now_ms,
		 struct threads_error *err) MUST_CHECK;

/* One step of the job: position is that of the last row it looked at. Returns 1, or 0 at the end. */
int ledger_trim_step(struct store *store, int64_t account_id, int64_t *position, int64_t now_ms,
		     struct threads_error *err) MUST_CHECK;

/* 0, or THREADS_ELIMIT if the account has LEDGER_ROWS_MAX rows and no job that sums them up. */
int ledger_room(struct store *store, int64_t account_id, struct threads_error *err) MUST_CHECK;

#endif
