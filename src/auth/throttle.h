/* SPDX-License-Identifier: Apache-2.0 */
/* Which tries are slowed down, by what, and how much. */
#ifndef THREADS_AUTH_THROTTLE_H
#define THREADS_AUTH_THROTTLE_H

#include "auth/exchange.h"

/*
 * Each charges one try: 1 go on, 0 the 429 is prepared. A password is charged
 * to the user that name resolves to (login_id 0: to the name itself, so that
 * both look alike) and to the client; a code to the user; a link to the client.
 */
int throttle_password(struct exchange *ex, int64_t login_id, const char *name,
		      struct threads_error *err) MUST_CHECK;
int throttle_code(struct exchange *ex, int64_t login_id, struct threads_error *err) MUST_CHECK;
int throttle_client(struct exchange *ex, struct threads_error *err) MUST_CHECK;

/* The try was right. */
int throttle_password_right(struct exchange *ex, int64_t login_id,
			    struct threads_error *err) MUST_CHECK;
int throttle_code_right(struct exchange *ex, int64_t login_id,
			struct threads_error *err) MUST_CHECK;
int throttle_client_right(struct exchange *ex, struct threads_error *err) MUST_CHECK;

#endif
