/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-dial: the only process that opens connections.
 *
 * Eats answers of name servers. Holds nothing secret, sees no byte of what its
 * sockets will carry. Connects only where the supervisor's word says; its peers
 * can only say "connect".
 */
#include <signal.h>

#include "dial/dial.h"
#include "ipc/role.h"

enum { MEMORY_MAX = 512 * 1024 * 1024 };

static int dial_rules(const struct role_context *role, struct sandbox_rules *rules,
		      struct threads_error *err)
{
	/* resolv.conf, hosts, nsswitch.conf; the first may be a link into the second folder. */
	static const char resolved[] = "/run/systemd/resolve";
	int rc = sandbox_add_folder(rules, "/etc", SANDBOX_READ, err);

	(void)role;
	if (rc == 0 && access(resolved, F_OK) == 0)
		rc = sandbox_add_folder(rules, resolved, SANDBOX_READ, err);
	rules->sockets_inet = true;
	rules->threads = true;
	rules->memory_max = MEMORY_MAX;
	return rc;
}

static int dial_open(struct role_context *role, struct threads_error *err)
{
	struct dial *dial = NULL;
	const int rc = dial_new(role->loop, &dial, err);

	signal(SIGPIPE, SIG_IGN);
	role->state = dial;
	return rc;
}

static int dial_on_peer(struct role_context *role, enum role peer_role, int64_t instance,
			const char *host, int port, int fd, struct threads_error *err)
{
	return dial_add_link(role->state, fd, peer_role, instance, host, port, err);
}

static void dial_close(struct role_context *role)
{
	role->state = dial_free(role->state);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_DIAL,
		.rules = dial_rules,
		.open = dial_open,
		.on_peer = dial_on_peer,
		.close = dial_close,
	};

	return role_main(&program);
}
