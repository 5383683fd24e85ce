/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/rules.h"

#include "ipc/calls.h"

/* Threads: the one that hashes. */
static const int calls[] = { SANDBOX_SQLITE_WRITE_CALLS, SANDBOX_THREAD_CALLS, -1 };

static const int rare[] = {
	SANDBOX_SQLITE_WRITE_RARE,
	SCMP_SYS(memfd_create), /* a frame too long for a socket: very many users */
	-1,
};

/* Writes in its own folder and sees no other. */
int auth_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err)
{
	rules->calls = calls;
	rules->rare = rare;
	return role_add_folder(role, rules, "auth", SANDBOX_WRITE, err);
}
