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
#include "dial/rules.h"

static int dial_open(struct role_context *role, struct threads_error *err)
{
	struct dial *dial = NULL;
	const int rc = dial_new(role->loop, &dial, err);

	signal(SIGPIPE, SIG_IGN);
	role->state = dial;
	return rc;
}

static int dial_on_peer(struct role_context *role, const struct role_peer *peer,
			struct threads_error *err)
{
	return dial_add_link(role->state, peer, err);
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
