/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: the one function that mints them, and the look-up of each request. */
#ifndef THREADS_AUTH_SESSION_H
#define THREADS_AUTH_SESSION_H

#include "auth/exchange.h"

enum {
	SESSION_SEEN_STEP_MS = 60 * 1000
}; /* last_seen is this exact: a write a minute, not a request */

/* Fills ex->session and ex->login if the session cookie holds; else signed_in stays false. */
int session_load(struct exchange *ex, struct threads_error *err) MUST_CHECK;

/*
 * The only place where a session begins: password and second factor were just
 * given. A present session of ex is replaced (and keeps its end when kept is
 * true). Sets the cookie; on success ex->signed_in.
 */
int session_mint(struct exchange *ex, const struct auth_login *login, bool kept,
		 struct threads_error *err) MUST_CHECK;

/* The same look-up for HTTP_TICKET. 1 and the ticket, or 0. */
int session_ticket(struct auth *auth, const char *cookie, unsigned char ticket[TICKET_LEN],
		   char user_id[PUBLIC_ID_SIZE], struct threads_error *err) MUST_CHECK;

bool session_is_strong(const struct exchange *ex);

/* When the session ends if nothing more is done. */
int64_t session_ends_ms(const struct auth *auth, const struct auth_session *session);

/* Begins a pending sign-in or enrolment and sets its cookie. */
int pending_begin(struct exchange *ex, const struct auth_pending *pending,
		  struct threads_error *err) MUST_CHECK;

/* 1 and ex->pending if the pending cookie holds, else 0. */
int pending_load(struct exchange *ex, struct threads_error *err) MUST_CHECK;

#endif
