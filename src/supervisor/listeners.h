/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets that outlive the roles: the browsers', the operator's, that of the figures. */
#ifndef THREADS_SUPERVISOR_LISTENERS_H
#define THREADS_SUPERVISOR_LISTENERS_H

#include "supervisor/supervisor.h"

/* Opens them, or takes the browsers' from systemd (LISTEN_FDS); then s->origin is how browsers
 * reach the hub. Errors: THREADS_EIO, THREADS_EINVAL. */
int listeners_open(struct supervisor *s, struct threads_error *err) MUST_CHECK;

#endif
