/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the supervisor and the roles: starts and ends, doorbells, the role list. */
#ifndef THREADS_SUPERVISOR_BUS_H
#define THREADS_SUPERVISOR_BUS_H

#include "supervisor/supervisor.h"

/* Has it hear what becomes of its children, and what they say. Before the first child
 * starts. Errors: THREADS_ENOMEM. */
int bus_open(struct supervisor *s, struct threads_error *err) MUST_CHECK;

#endif
