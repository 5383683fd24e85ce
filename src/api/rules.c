/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rules.h"

#include "api/api.h"

#include "ipc/calls.h"

static const int calls[] = {
	SCMP_SYS(accept4),      /* on the control socket */
	SCMP_SYS(getsockopt),   /* whose command it is */
	SCMP_SYS(recvfrom),     /* whose verb it is: a look at the first frame */
	SCMP_SYS(memfd_create), /* long answers */
	SCMP_SYS(fstatfs),      /* how full the disk is */
	-1,
};

static const int rare[] = {
	SANDBOX_SQLITE_RARE,
	SCMP_SYS(sendto), /* figures, when somebody collects them */
	-1,
};

/* Reads the hub's database, and the tables of time zones; can change no file. */
int api_rules(const struct role_context *role, struct sandbox_rules *rules,
	      struct threads_error *err)
{
	int rc = 0;

	rules->calls = calls;
	rules->rare = rare;
	/* Days in searches are the viewer's; without the tables they are those of UTC. */
	if (access(API_ZONE_DIR, R_OK | X_OK) == 0)
		rc = sandbox_add_folder(rules, API_ZONE_DIR, SANDBOX_READ, err);
	return rc < 0 ? rc : role_add_folder(role, rules, "hub", SANDBOX_READ, err);
}
