/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up a name and connecting to it: blocking, for a thread of its own. */
#ifndef THREADS_DIAL_TARGET_H
#define THREADS_DIAL_TARGET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "threads/error.h"

struct sockaddr;

struct target {
	char host[256];
	int port;
	int64_t deadline_ms; /* monotonic */
};

struct target_result {
	int fd;                         /* connected, non-blocking; -1 = failed */
	char address[INET6_ADDRSTRLEN]; /* numeric */
	const char *kind;               /* static; see dial.h */
	char words[256];
};

/* Tries each address of the name in turn. */
void target_connect(const struct target *target, struct target_result *ret_result);

/*
 * Whether this hub may connect to address at all. The place for a policy on
 * private networks; today everything that the operator typed is allowed.
 */
bool target_allowed(const struct sockaddr *address);

#endif
