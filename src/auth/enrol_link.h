/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-use links, for the set-up of the first owner, an invitation or new
 * factors. The first POST uses one up and begins an enrolment (enrol.h).
 */
#ifndef THREADS_AUTH_ENROL_LINK_H
#define THREADS_AUTH_ENROL_LINK_H

#include "auth/exchange.h"

enum {
	LINK_SETUP_MS = 30 * 60 * 1000,
	LINK_RESET_MS = 60 * 60 * 1000,
	LINK_INVITE_MS = 24 * 3600 * 1000,
};

exchange_fn enrol_link_open;

/* Makes a link for a person (NULL: set-up of the first owner) and appends
 * {"link","expires"} to json. In the caller's transaction. */
int enrol_link_make(struct exchange *ex, const char *kind, const struct auth_login *login,
		    json_t *json, struct threads_error *err) MUST_CHECK;

#endif
