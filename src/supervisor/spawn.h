/* SPDX-License-Identifier: Apache-2.0 */
/* fork + exec of a role, and the configuration it gets. */
#ifndef THREADS_SUPERVISOR_SPAWN_H
#define THREADS_SUPERVISOR_SPAWN_H

#include "supervisor/supervisor.h"

/* Whether roles can be given uids of their own: CAP_SETUID, CAP_SETGID, and CAP_KILL to end them. */
bool spawn_may_change_uid(void);

/*
 * Runs the program that lay there when the hub started, whatever lies there now: an upgrade
 * that is under way, or was interrupted, mixes no versions.
 * Sets child->pid and child->control. On failure child->pid may already be set: end it.
 */
int spawn_role(struct child *child, struct threads_error *err) MUST_CHECK;

#endif
