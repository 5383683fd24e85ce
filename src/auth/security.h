/* SPDX-License-Identifier: Apache-2.0 */
/* One's own sign-in: password, authenticator, recovery codes, sessions. */
#ifndef THREADS_AUTH_SECURITY_H
#define THREADS_AUTH_SECURITY_H

#include "auth/exchange.h"

exchange_fn security_show, security_password, security_totp_new, security_totp_confirm,
	security_recovery_codes, security_sessions, security_session_end;

#endif
