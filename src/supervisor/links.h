/* SPDX-License-Identifier: Apache-2.0 */
/* The socket pairs between roles: which there are, and their making. */
#ifndef THREADS_SUPERVISOR_LINKS_H
#define THREADS_SUPERVISOR_LINKS_H

#include "supervisor/supervisor.h"

/* Whether two roles get a socket pair. Symmetric. */
bool links_has(enum role a, enum role b);

/* Connects it with all that are ready. */
void links_connect(struct child *child);

/* CTL_LINK_LOST. Errors: THREADS_EINVAL (it is not its to ask). */
int links_lost(struct child *from, struct frame *f, struct threads_error *err) MUST_CHECK;

#endif
