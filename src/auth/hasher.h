/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that computes password hashes (60 ms each), so that looking
 * up sessions never waits behind them. It touches no database.
 */
#ifndef THREADS_AUTH_HASHER_H
#define THREADS_AUTH_HASHER_H

#include <stdbool.h>
#include <sys/queue.h>

#include "crypto/password.h"
#include "ipc/loop.h"

enum { HASHER_QUEUE_MAX = 4 }; /* jobs waiting or in work */

struct hash_job;
typedef void hash_done_fn(struct hash_job *job, void *arg);

struct hash_job {
	/* What to do. First verify: password against phc ("" = nobody: costs the same, fails). */
	bool verify;
	char phc[PASSWORD_PHC_SIZE];
	char password[PASSWORD_MAX + 1];
	/* Then, unless that failed: hash new_password, if there is one. */
	bool make;
	char new_password[PASSWORD_MAX + 1];

	/* What came out. */
	int rc;    /* 1 right (or nothing to verify), 0 wrong, < 0 fault in err */
	bool made; /* new_phc is there: of new_password, or of password with today's parameters */
	char new_phc[PASSWORD_PHC_SIZE];
	struct threads_error err;

	hash_done_fn *done; /* called in the loop's thread; the job is freed after it */
	void *arg;
	STAILQ_ENTRY(hash_job) link;
};

struct hasher;

/* Errors: THREADS_ENOMEM, THREADS_EIO. The thread starts with hasher_start(). */
int hasher_new(struct loop *loop, struct hasher **ret_hasher, struct threads_error *err) MUST_CHECK;
int hasher_start(struct hasher *hasher, struct threads_error *err) MUST_CHECK;

/* Waits for the job in work; jobs not done are dropped without a call. Accepts NULL, returns NULL. */
struct hasher *hasher_free(struct hasher *hasher);

/* An empty job on the heap, or NULL. */
struct hash_job *hash_job_new(void);
void hash_job_freep(struct hash_job **job); /* cleanses it */

/* Takes over *job (and sets it NULL). Errors: THREADS_EAGAIN (queue full; the job stays the caller's). */
int hasher_submit(struct hasher *hasher, struct hash_job **job,
		  struct threads_error *err) MUST_CHECK;

#endif
