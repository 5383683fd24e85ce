/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net_range.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "threads/compiler.h"

enum { IPV6_BYTES = 16 };

/* The first bits of a range. The first row that fits decides; what fits none is public. */
static const struct {
	uint32_t address;
	int bits;
	enum net_range range;
} ranges4[] = {
	{ 0x00000000, 8, NET_NOBODY },   /* 0.0.0.0/8: "this network", connects to this machine */
	{ 0x0A000000, 8, NET_PRIVATE },  /* 10.0.0.0/8 */
	{ 0x64400000, 10, NET_PRIVATE }, /* 100.64.0.0/10: a provider's inner network */
	{ 0x7F000000, 8, NET_PRIVATE },  /* 127.0.0.0/8: this machine */
	{ 0xA9FE0000, 16, NET_PRIVATE }, /* 169.254.0.0/16: this cable; clouds keep keys there */
	{ 0xAC100000, 12, NET_PRIVATE }, /* 172.16.0.0/12 */
	{ 0xC0000000, 24, NET_PRIVATE }, /* 192.0.0.0/24: protocol assignments */
	{ 0xC0000200, 24, NET_PRIVATE }, /* 192.0.2.0/24: documentation */
	{ 0xC0586300, 24, NET_PRIVATE }, /* 192.88.99.0/24: relays of 6to4 */
	{ 0xC0A80000, 16, NET_PRIVATE }, /* 192.168.0.0/16 */
	{ 0xC6120000, 15, NET_PRIVATE }, /* 198.18.0.0/15: measurements */
	{ 0xC6336400, 24, NET_PRIVATE }, /* 198.51.100.0/24: documentation */
	{ 0xCB007100, 24, NET_PRIVATE }, /* 203.0.113.0/24: documentation */
	{ 0xE0000000, 4, NET_NOBODY },   /* 224.0.0.0/4: multicast */
	{ 0xF0000000, 4, NET_NOBODY },   /* 240.0.0.0/4: reserved, broadcast */
};

enum { CARRIES = -1 }; /* an IPv4 address stands at byte `at` */

static const struct {
	unsigned char address[IPV6_BYTES];
	int bits;
	int range; /* enum net_range, or CARRIES */
	int at;
} ranges6[] = {
	{ { 0 }, 128, NET_NOBODY, 0 },                      /* :: */
	{ { [15] = 1 }, 128, NET_PRIVATE, 0 },              /* ::1 */
	{ { [10] = 0xFF, 0xFF }, 96, CARRIES, 12 },         /* mapped */
	{ { 0 }, 96, CARRIES, 12 },                         /* compatible */
	{ { [8] = 0xFF, 0xFF }, 96, CARRIES, 12 },          /* translated */
	{ { 0x00, 0x64, 0xFF, 0x9B }, 96, CARRIES, 12 },    /* NAT64 */
	{ { 0x20, 0x02 }, 16, CARRIES, 2 },                 /* 6to4 */
	{ { 0x20, 0x01 }, 23, NET_PRIVATE, 0 },             /* Teredo and the like */
	{ { 0x20, 0x01, 0x0D, 0xB8 }, 32, NET_PRIVATE, 0 }, /* documentation */
	{ { 0x3F, 0xFF }, 20, NET_PRIVATE, 0 },             /* documentation */
	{ { 0x5F, 0x00 }, 16, NET_PRIVATE, 0 },             /* segment routing */
	{ { 0x20 }, 3, NET_PUBLIC, 0 },                     /* all that is global */
	{ { 0xFF }, 8, NET_NOBODY, 0 },                     /* multicast */
	{ { 0 }, 0, NET_PRIVATE, 0 }, /* fc00::/7, fe80::/10 and what nobody was given yet */
};

static enum net_range range_of_ipv4(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_SIZE(ranges4); i++)
		if (((address ^ ranges4[i].address) >> (32 - ranges4[i].bits)) == 0)
			return ranges4[i].range;
	return NET_PUBLIC;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	const size_t whole = (size_t)bits / 8;
	const int rest = bits % 8;

	return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static enum net_range range_of_ipv6(const unsigned char address[IPV6_BYTES])
{
	uint32_t carried;
	size_t i = 0;

	/* The last row fits everything. */
	while (!same_bits(address, ranges6[i].address, ranges6[i].bits))
		i++;
	if (ranges6[i].range != CARRIES)
		return (enum net_range)ranges6[i].range;
	memcpy(&carried, address + ranges6[i].at, sizeof(carried));
	return range_of_ipv4(ntohl(carried));
}

enum net_range net_range_of(const struct sockaddr *address)
{
	struct sockaddr_in6 ipv6;
	struct sockaddr_in ipv4;

	if (address->sa_family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		return range_of_ipv4(ntohl(ipv4.sin_addr.s_addr));
	}
	if (address->sa_family != AF_INET6)
		return NET_NOBODY;
	memcpy(&ipv6, address, sizeof(ipv6));
	return range_of_ipv6(ipv6.sin6_addr.s6_addr);
}

bool net_host_is_private(const char *host)
{
	unsigned char ipv6[IPV6_BYTES];
	struct in_addr ipv4;

	if (strcasecmp(host, "localhost") == 0 || strcasecmp(host, "localhost.") == 0)
		return true;
	if (inet_pton(AF_INET, host, &ipv4) == 1)
		return range_of_ipv4(ntohl(ipv4.s_addr)) != NET_PUBLIC;
	return inet_pton(AF_INET6, host, ipv6) == 1 && range_of_ipv6(ipv6) != NET_PUBLIC;
}
