/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: password, then code; signing out; giving both again. */
#ifndef THREADS_AUTH_SIGNIN_H
#define THREADS_AUTH_SIGNIN_H

#include "auth/exchange.h"

exchange_fn signin_state, signin_password, signin_totp, signin_recovery, signin_out,
	signin_out_everywhere, signin_reauth;

#endif
