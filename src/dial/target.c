/* SPDX-License-Identifier: Apache-2.0 */
#include "dial/target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/net_range.h"

static void result_set(struct target_result *result, const char *kind, const char *words)
{
	result->kind = kind;
	snprintf(result->words, sizeof(result->words), "%s", words);
}

static void addrinfo_freep(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/*
 * An address of this machine, public as it may be, leads past the firewall in
 * front of it. The kernel would speak to it from that very address: asked by a
 * socket for datagrams, which sends nothing when it is connected.
 */
bool target_is_own(const struct sockaddr *address)
{
	const socklen_t len = address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
							    : sizeof(struct sockaddr_in6);
	AUTO_FD int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage from = { 0 };
	socklen_t from_len = sizeof(from);
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (fd < 0 || connect(fd, address, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&from, &from_len) < 0 ||
	    from.ss_family != address->sa_family)
		return false;
	if (address->sa_family == AF_INET) {
		memcpy(&a4, address, sizeof(a4));
		memcpy(&b4, &from, sizeof(b4));
		return a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	memcpy(&a6, address, sizeof(a6));
	memcpy(&b6, &from, sizeof(b6));
	return memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr)) == 0;
}

bool target_allowed(const struct sockaddr *address, bool private_network)
{
	switch (net_range_of(address)) {
	case NET_PUBLIC:
		return private_network || !target_is_own(address);
	case NET_PRIVATE:
		return private_network;
	case NET_NOBODY:
		return false;
	}
	return false;
}

/* The same words for every port of a refused address: they do not tell what listens there. */
static void refuse(const struct target *target, const struct addrinfo *info,
		   struct target_result *result)
{
	const enum net_range range = net_range_of(info->ai_addr);
	const bool private = range != NET_NOBODY;
	char address[INET6_ADDRSTRLEN] = "?";

	(void)getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address), NULL, 0,
			  NI_NUMERICHOST);
	result->kind = private ? "private-network" : "unreachable";
	snprintf(result->words, sizeof(result->words), "%.200s resolves to %s, %s", target->host,
		 address,
		 range == NET_PUBLIC    ? "an address of this very machine"
		 : range == NET_PRIVATE ? "an address inside a private network"
					: "which is not the address of a machine");
}

static void lookup_failed(struct target_result *result, int error)
{
	switch (error) {
	case EAI_NONAME:
	case EAI_NODATA:
		result_set(result, "host-unknown", gai_strerror(error));
		break;
	case EAI_AGAIN:
		result_set(result, "unreachable", "the name service does not answer");
		break;
	default:
		result_set(result, "unreachable", gai_strerror(error));
	}
}

static void connect_failed(struct target_result *result, int error)
{
	const char *kind = "unreachable";

	if (error == ECONNREFUSED)
		kind = "refused";
	else if (error == ETIMEDOUT)
		kind = "timeout";
	result->kind = kind;
	errno = error;
	snprintf(result->words, sizeof(result->words), "%m");
}

/* A line that died is noticed in two minutes; small commands are not held back. */
static void tune(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 }, { IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value));
}

/* Returns 0 when connected, else an errno value. */
static int wait_connected(int fd, int64_t wait_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);
	int ready;

	do {
		ready = poll(&poll_fd, 1, wait_ms > 0 ? (int)wait_ms : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static int try_address(const struct addrinfo *info, int64_t wait_ms, struct target_result *result)
{
	const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, info->ai_addr, info->ai_addrlen) < 0)
		error = errno == EINPROGRESS ? wait_connected(fd, wait_ms) : errno;
	if (error) {
		close(fd);
		return error;
	}
	tune(fd);
	(void)getnameinfo(info->ai_addr, info->ai_addrlen, result->address, sizeof(result->address),
			  NULL, 0, NI_NUMERICHOST);
	result->fd = fd;
	return 0;
}

void target_connect_any(const struct target *target, const struct addrinfo *list,
			struct target_result *result)
{
	const struct addrinfo *refused = NULL;
	int error = 0, count = 0;

	for (const struct addrinfo *info = list; info && count < TARGET_ADDRESSES_MAX;
	     info = info->ai_next, count++) {
		const int64_t left = target->deadline_ms - clock_monotonic_ms();

		if (!target_allowed(info->ai_addr, target->private_network)) {
			refused = info;
			continue;
		}
		error = left > 0 ? try_address(info,
					       left < TARGET_ADDRESS_MS ? left : TARGET_ADDRESS_MS,
					       result)
				 : ETIMEDOUT;
		if (error == 0)
			return;
	}
	if (refused && error == 0)
		refuse(target, refused, result);
	else
		connect_failed(result, error ? error : EADDRNOTAVAIL);
}

void target_connect(const struct target *target, struct target_result *ret_result)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	CLEANUP(addrinfo_freep) struct addrinfo *list = NULL;
	char port[8];
	int error;

	ret_result->fd = -1;
	ret_result->kind = "unreachable";
	snprintf(port, sizeof(port), "%d", target->port);
	error = getaddrinfo(target->host, port, &hints, &list);
	atomic_store(&ret_result->looked_up, true);
	if (error)
		lookup_failed(ret_result, error);
	else
		target_connect_any(target, list, ret_result);
}
