/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects for the processes that may not: to the host and port that came with
 * the link from the supervisor, and to nothing else. Whoever asks can only say
 * "connect". Names are looked up in a thread; looking up, each address and the
 * whole have limits of time, each host one of attempts (limit.h). Addresses of
 * private networks are refused unless the link's target says otherwise.
 *
 * A failure is answered as IPC_ERROR with the text "<kind>: <words>"; kinds:
 * host-unknown, unreachable, refused, timeout, private-network, hub-busy.
 */
#ifndef THREADS_DIAL_H
#define THREADS_DIAL_H

#include "ipc/loop.h"
#include "ipc/role.h"

enum {
	DIAL_LINKS_MAX = 1024,
	DIAL_ATTEMPTS_MAX = 32,      /* look-ups and connections at once; others wait */
	DIAL_LINK_QUESTIONS_MAX = 4, /* of one process at once */
	DIAL_LOOKUP_MS = 15000,      /* for the name service */
	DIAL_TIMEOUT_MAX_MS = 120 * 1000,
};

struct dial;

int dial_new(struct loop *loop, struct dial **ret_dial, struct threads_error *err) MUST_CHECK;

/* Threads that are still looking up a name are left to end by themselves. */
struct dial *dial_free(struct dial *dial);

/* A link that may connect to peer->target. Takes over peer->fd. */
int dial_add_link(struct dial *dial, const struct role_peer *peer,
		  struct threads_error *err) MUST_CHECK;

#endif
