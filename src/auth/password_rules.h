/* SPDX-License-Identifier: Apache-2.0 */
/* Which passwords and names may be chosen. No rules of composition: length, and not on a list of guesses. */
#ifndef THREADS_AUTH_PASSWORD_RULES_H
#define THREADS_AUTH_PASSWORD_RULES_H

#include <stddef.h>

enum { PASSWORD_LEAST_CHARACTERS = 10 };

/* NULL if password may be chosen by the person called name, else why not, for that person. */
const char *password_rules_check(const char *password, const char *name);

/* NULL if name may be a sign-in or display name of at most max bytes, else why not. */
const char *name_rules_check(const char *name, size_t max);

#endif
