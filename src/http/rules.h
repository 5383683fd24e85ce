/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-http may do: its folders, system calls and limits. */
#ifndef THREADS_HTTP_RULES_H
#define THREADS_HTTP_RULES_H

#include "ipc/role.h"

int http_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err) MUST_CHECK;

#endif
