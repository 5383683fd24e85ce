/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of network an address belongs to: the ranges of RFC 6890 and its
 * successors. An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4)
 * is of the kind of the address that it carries.
 */
#ifndef THREADS_CORE_NET_RANGE_H
#define THREADS_CORE_NET_RANGE_H

#include <stdbool.h>

struct sockaddr;

enum net_range {
	NET_PUBLIC,  /* the internet */
	NET_PRIVATE, /* this machine, its networks, or set aside for examples */
	NET_NOBODY,  /* no single machine: multicast, broadcast, unspecified, no IP at all */
};

enum net_range net_range_of(const struct sockaddr *address);

/* Whether host, as typed, is "localhost" or an address that is not public. Looks nothing up. */
bool net_host_is_private(const char *host);

#endif
