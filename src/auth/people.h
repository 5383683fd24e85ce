/* SPDX-License-Identifier: Apache-2.0 */
/* What owners, admins and the operator do to the sign-in of others. */
#ifndef THREADS_AUTH_PEOPLE_H
#define THREADS_AUTH_PEOPLE_H

#include "auth/exchange.h"

/* HTTP, {id} in ex->target. */
exchange_fn people_invite, people_invite_again, people_disable, people_enable, people_reset;

/* threadsctl; "user" in the body is a sign-in name or a public id. */
exchange_fn people_setup_link, people_operator_disable, people_operator_enable,
	people_reset_factors;

#endif
