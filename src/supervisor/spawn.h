/* SPDX-License-Identifier: Apache-2.0 */
/* fork + exec of a role, and the configuration it gets. */
#ifndef THREADS_SUPERVISOR_SPAWN_H
#define THREADS_SUPERVISOR_SPAWN_H

#include "supervisor/child.h"

/* Sets child->pid and child->control. On failure child->pid may already be set: end it. */
int spawn_role(struct child *child, struct threads_error *err) MUST_CHECK;

#endif
