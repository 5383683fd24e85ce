/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/role_name.h"

#include "threads/compiler.h"

const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_SUPERVISOR] = "supervisor",
		[ROLE_HTTP] = "http",
		[ROLE_API] = "api",
		[ROLE_AUTH] = "auth",
		[ROLE_VAULT] = "vault",
		[ROLE_DIAL] = "dial",
		[ROLE_OAUTH] = "oauth",
		[ROLE_IMAP] = "imap",
		[ROLE_PARSE] = "parse",
		[ROLE_INDEX] = "index",
		[ROLE_EXTRACT] = "extract",
		[ROLE_SPEECH] = "speech",
		[ROLE_CTL] = "ctl",
	};

	return (unsigned int)role < ARRAY_SIZE(names) && names[role] ? names[role] : "unknown";
}
