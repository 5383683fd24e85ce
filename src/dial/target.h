/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up a name and connecting to it: blocking, for a thread of its own. */
#ifndef THREADS_DIAL_TARGET_H
#define THREADS_DIAL_TARGET_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "threads/error.h"

struct addrinfo;
struct sockaddr;

enum {
	TARGET_ADDRESSES_MAX = 16, /* of one name; the others are not tried */
	TARGET_ADDRESS_MS = 10000, /* for each of them */
};

struct target {
	char host[256];
	int port;
	bool private_network;
	int64_t deadline_ms; /* monotonic */
};

struct target_result {
	int fd;                         /* connected, non-blocking; -1 = failed */
	char address[INET6_ADDRSTRLEN]; /* numeric */
	const char *kind;               /* static; see dial.h */
	char words[320];
	atomic_bool looked_up; /* the name service answered; may be read at any time */
};

/* Tries each address of the name in turn, but only those that are allowed. */
void target_connect(const struct target *target, struct target_result *ret_result);

/* The second half: the answer of the name service is given. For tests of what such an answer may hold. */
void target_connect_any(const struct target *target, const struct addrinfo *list,
			struct target_result *result);

/* Whether it is an address of this machine. Only IPv4 and IPv6 are asked for. */
bool target_is_own(const struct sockaddr *address);

/*
 * Whether this very address may be connected to, asked right before it is: a
 * name may lead elsewhere at each look-up. An address of a private network, or
 * of this machine, needs the account's word; multicast, broadcast and unspecified have none.
 */
bool target_allowed(const struct sockaddr *address, bool private_network);

#endif
