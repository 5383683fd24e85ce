/* SPDX-License-Identifier: Apache-2.0 */
/* The part of auth in a backup: auth.db, for threadsctl on its own connection. */
#ifndef THREADS_AUTH_BACKUP_H
#define THREADS_AUTH_BACKUP_H

#include "auth/exchange.h"

/* A verb: the answer is a descriptor of a copy and {"bytes","schema"}. api only passes the
 * connection on, so it sees neither. */
int backup_give(struct exchange *ex, struct threads_error *err) MUST_CHECK;

#endif
