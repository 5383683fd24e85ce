/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-api may do: its folders, system calls and limits. */
#ifndef THREADS_API_RULES_H
#define THREADS_API_RULES_H

#include "ipc/role.h"

int api_rules(const struct role_context *role, struct sandbox_rules *rules,
	      struct threads_error *err) MUST_CHECK;

#endif
