/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-auth may do: its folders, system calls and limits. */
#ifndef THREADS_AUTH_RULES_H
#define THREADS_AUTH_RULES_H

#include "ipc/role.h"

int auth_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err) MUST_CHECK;

#endif
