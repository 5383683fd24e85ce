/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/rules.h"

#include "ipc/calls.h"

enum { MEMORY_MAX = 1024 * 1024 * 1024 };

static const int calls[] = {
	SANDBOX_THREAD_CALLS, /* the one that talks to the server */
	SCMP_SYS(poll),       /* it waits for server and hub */
	SCMP_SYS(recvfrom),   /* what is said before encryption: STARTTLS */
	SCMP_SYS(sendto),
	SCMP_SYS(memfd_create), /* batches of mail, */
	SCMP_SYS(pwrite64),     /* written piece by piece */
	-1,
};

static const int rare[] = {
	SCMP_SYS(ftruncate), /* a batch gives a piece back: a message was too large */
	SCMP_SYS(lseek),     /* the file of certificates is read again */
	-1,
};

/* No folder, no socket of its own making. */
int imap_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err)
{
	(void)role;
	(void)err;
	rules->calls = calls;
	rules->rare = rare;
	rules->memory_max = MEMORY_MAX;
	return 0;
}
