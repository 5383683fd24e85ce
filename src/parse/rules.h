/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-parse may do: its folders, system calls and limits. */
#ifndef THREADS_PARSE_RULES_H
#define THREADS_PARSE_RULES_H

#include "ipc/role.h"

int parse_rules(const struct role_context *role, struct sandbox_rules *rules,
		struct threads_error *err) MUST_CHECK;

#endif
