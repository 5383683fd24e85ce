/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of the operator, on connections that api passed on unread. */
#ifndef THREADS_AUTH_CONTROL_H
#define THREADS_AUTH_CONTROL_H

#include "auth/state.h"

enum { CONTROL_CONNECTIONS_MAX = 16 };

/* One frame of threadsctl. Errors close the connection. */
int control_frame(struct auth *auth, struct peer *peer, struct frame *f,
		  struct threads_error *err) MUST_CHECK;

#endif
