/* SPDX-License-Identifier: Apache-2.0 */
#include "dial/rules.h"

#include "ipc/calls.h"

enum { MEMORY_MAX = 512 * 1024 * 1024 };

static const int calls[] = {
	SANDBOX_THREAD_CALLS, /* one for each look-up */
	SCMP_SYS(socket),     /* the only role that has this */
	SCMP_SYS(connect),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockopt),
	SCMP_SYS(poll),
	SCMP_SYS(openat), /* hosts, resolv.conf, nsswitch.conf */
	SCMP_SYS(lseek),  /* hosts, from its beginning */
	-1,
};

/* Settings of the machine, and names that only a name server knows: none runs where tests do. */
static const int rare[] = {
	SCMP_SYS(uname),       /* the machine's domain, where resolv.conf names none */
	SCMP_SYS(sendmmsg),    /* both questions at once, */
	SCMP_SYS(sendto),      /* or each by itself */
	SCMP_SYS(recvfrom),    /* the answer, */
	SCMP_SYS(ioctl),       /* whose length is asked first, */
	SCMP_SYS(writev),      /* or, when it is long, by TCP */
	SCMP_SYS(getpeername), /* if that connection is still the right one */
	SCMP_SYS(getsockname), /* which address suits best: by own address */
	-1,
};

/* Reads resolv.conf, hosts, nsswitch.conf; the first may be a link into the second folder. */
int dial_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err)
{
	static const char resolved[] = "/run/systemd/resolve";
	int rc = sandbox_add_folder(rules, "/etc", SANDBOX_READ, err);

	(void)role;
	if (rc == 0 && access(resolved, F_OK) == 0)
		rc = sandbox_add_folder(rules, resolved, SANDBOX_READ, err);
	rules->calls = calls;
	rules->rare = rare;
	rules->memory_max = MEMORY_MAX;
	return rc;
}
