/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a one-use link to somebody who can sign in: the link is used up by the
 * first POST, then password, authenticator, code; all of it takes effect with
 * the code, in one transaction.
 */
#ifndef THREADS_AUTH_ENROL_H
#define THREADS_AUTH_ENROL_H

#include "auth/exchange.h"

enum {
	LINK_SETUP_MS = 30 * 60 * 1000,
	LINK_RESET_MS = 60 * 60 * 1000,
	LINK_INVITE_MS = 24 * 3600 * 1000,
};

exchange_fn enrol_open, enrol_password, enrol_confirm;

/* threadsctl "owner create": the first owner without a browser. */
exchange_fn enrol_owner_create;

/* Makes a link for a person (NULL: set-up of the first owner) and appends
 * {"link","expires"} to json. In the caller's transaction. */
int enrol_make_link(struct exchange *ex, const char *kind, const struct auth_login *login,
		    json_t *json, struct threads_error *err) MUST_CHECK;

#endif
