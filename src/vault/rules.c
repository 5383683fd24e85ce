/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/rules.h"

#include "ipc/calls.h"

enum { MEMORY_MAX = 256 * 1024 * 1024, FILE_BYTES_MAX = 1024 * 1024 * 1024 };

static const int calls[] = { SANDBOX_SQLITE_WRITE_CALLS, -1 };

static const int rare[] = { SANDBOX_SQLITE_WRITE_RARE, -1 };

/* Writes in its own folder and sees no other. */
int vault_rules(const struct role_context *role, struct sandbox_rules *rules,
		struct threads_error *err)
{
	rules->calls = calls;
	rules->rare = rare;
	rules->memory_max = MEMORY_MAX;
	rules->file_max = FILE_BYTES_MAX;
	return role_add_folder(role, rules, "vault", SANDBOX_WRITE, err);
}
