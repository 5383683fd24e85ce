/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Background work: rows of table job, done in slices by background_step(). What
 * makes somebody see less is effective at once by rows of audience_deny, which
 * go when the job that folds the change into the audiences is done.
 */
#ifndef THREADS_STORE_JOB_H
#define THREADS_STORE_JOB_H

#include "store/store.h"

/* Kinds, in the order in which they are done. */
#define JOB_CHANNEL_DEFAULTS "1.channel.defaults" /* all channels that follow the defaults */
#define JOB_AUDIENCE_ACCOUNT "2.audience.account" /* object: account */
#define JOB_AUDIENCE_CHANNEL "2.audience.channel" /* object: channel */
#define JOB_AUDIENCE_ALL     "3.audience.all"
#define JOB_ACCOUNT_DELETE   "4.account.delete" /* object: account */
#define JOB_LEDGER_TRIM      "4.ledger.trim"    /* object: account */
#define JOB_INDEX_OPTIMIZE   "5.index.optimize" /* words of removed messages leave the index */

/* Adds a job or begins it anew. Joins the transaction in progress. */
int job_add(struct store *store, const char *kind, int64_t object_id, int64_t now_ms,
	    int64_t *ret_id, struct threads_error *err) MUST_CHECK;

/* Until the job is done no group counts in the audiences of the account's
 * messages (account_id 0: in any audience). Bumps the epoch. */
int job_deny_groups(struct store *store, int64_t job_id, int64_t account_id,
		    struct threads_error *err) MUST_CHECK;

#endif
