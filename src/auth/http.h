/* SPDX-License-Identifier: Apache-2.0 */
/* The link to http: sign-in routes, and a ticket for each other request. */
#ifndef THREADS_AUTH_HTTP_H
#define THREADS_AUTH_HTTP_H

#include "auth/state.h"

/* One frame. Errors close the link. */
int http_frame(struct auth *auth, struct peer *peer, struct frame *f,
	       struct threads_error *err) MUST_CHECK;

#endif
