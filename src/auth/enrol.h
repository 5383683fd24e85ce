/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an opened link (enrol_link.h) to somebody who can sign in: password,
 * authenticator, code; all of it takes effect with the code, in one transaction.
 */
#ifndef THREADS_AUTH_ENROL_H
#define THREADS_AUTH_ENROL_H

#include "auth/exchange.h"

exchange_fn enrol_password, enrol_confirm;

/* threadsctl "owner create": the first owner without a browser. */
exchange_fn enrol_owner_create;

#endif
