/* SPDX-License-Identifier: Apache-2.0 */
/* Which accounts are connected, and since when not: starts and ends imap processes. */
#ifndef THREADS_INDEX_SCHEDULE_H
#define THREADS_INDEX_SCHEDULE_H

#include "index/imap_link.h"

/* Timer callback: connects accounts whose time has come, up to imap_processes. */
void schedule_look(void *index_role);

/* Soon, not in the caller's stack. */
void schedule_soon(struct index_role *ix);

/* An imap process attached itself: to its session, or (after a restart of index) to a new one. */
int schedule_attach(struct index_role *ix, int64_t account_id, int fd,
		    struct threads_error *err) MUST_CHECK;

/* CTL_EXITED of an imap process. */
void schedule_exited(struct index_role *ix, int64_t account_id, bool crashed);

/* A secret was sealed: connects for a test of the log-in, at once or when the
 * present connection has ended. */
int schedule_test(struct index_role *ix, const struct account *account,
		  struct threads_error *err) MUST_CHECK;

/* Ends the account's process, if there is one. */
void schedule_disconnect(struct index_role *ix, int64_t account_id);

/* Tells vault which accounts exist. */
void schedule_tell_vault(struct index_role *ix);

#endif
