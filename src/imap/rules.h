/* SPDX-License-Identifier: Apache-2.0 */
/* What threads-imap may do: its folders, system calls and limits. */
#ifndef THREADS_IMAP_RULES_H
#define THREADS_IMAP_RULES_H

#include "ipc/role.h"

int imap_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err) MUST_CHECK;

#endif
