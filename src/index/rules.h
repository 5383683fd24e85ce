/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-index may do: its folders, system calls and limits. */
#ifndef THREADS_INDEX_RULES_H
#define THREADS_INDEX_RULES_H

#include "ipc/role.h"

int index_rules(const struct role_context *role, struct sandbox_rules *rules,
		struct threads_error *err) MUST_CHECK;

#endif
