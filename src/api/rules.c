/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rules.h"

#include "ipc/calls.h"

static const int calls[] = {
	SANDBOX_SQLITE_READ_CALLS,
	SCMP_SYS(accept4),      /* on the control socket */
	SCMP_SYS(getsockopt),   /* whose command it is */
	SCMP_SYS(recvfrom),     /* whose verb it is: a look at the first frame */
	SCMP_SYS(memfd_create), /* long answers */
	SCMP_SYS(fstatfs),      /* how full the disk is */
	-1,
};

static const int rare[] = { SANDBOX_SQLITE_RARE, -1 };

/* Reads the hub's database and can change no file. */
int api_rules(const struct role_context *role, struct sandbox_rules *rules,
	      struct threads_error *err)
{
	rules->calls = calls;
	rules->rare = rare;
	return role_add_folder(role, rules, "hub", SANDBOX_READ, err);
}
