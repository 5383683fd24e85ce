/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that the modules of accounts share. */
#ifndef THREADS_STORE_ACCOUNT_INTERNAL_H
#define THREADS_STORE_ACCOUNT_INTERNAL_H

#include "store/account.h"

/* Errors: THREADS_EINVAL with words for a person. */
int account_name_check(const char *name, struct threads_error *err) MUST_CHECK;
int account_bound_check(const struct account_bound *bound, struct threads_error *err) MUST_CHECK;

#endif
