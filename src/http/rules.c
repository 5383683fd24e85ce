/* SPDX-License-Identifier: Apache-2.0 */
#include "http/rules.h"

#include "ipc/calls.h"

static const int calls[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(memfd_create), /* long bodies of requests, for api */
	SCMP_SYS(pwrite64),     /* uploads, into a file of index */
	-1,
};

/* libmicrohttpd, for answers of several parts and large ones. */
static const int rare[] = { SCMP_SYS(writev), SCMP_SYS(sendfile), SCMP_SYS(lseek), -1 };

/* Opens nothing at all. */
int http_rules(const struct role_context *role, struct sandbox_rules *rules,
	       struct threads_error *err)
{
	(void)role;
	(void)err;
	rules->calls = calls;
	rules->rare = rare;
	return 0;
}
