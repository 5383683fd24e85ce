/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/net_range.h"

static enum net_range range(const char *text)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		memcpy(&address, &ipv4, sizeof(ipv4));
	else if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1)
		memcpy(&address, &ipv6, sizeof(ipv6));
	else
		fail_msg("%s is no address", text);
	return net_range_of((const struct sockaddr *)&address);
}

/* The first and the last of each range, and what stands before and after it. */
static const struct {
	const char *text;
	enum net_range range;
} ranges[] = {
	{ "1.1.1.1", NET_PUBLIC },
	{ "0.0.0.0", NET_NOBODY },
	{ "0.255.255.255", NET_NOBODY },
	{ "1.0.0.0", NET_PUBLIC },
	{ "9.255.255.255", NET_PUBLIC },
	{ "10.0.0.0", NET_PRIVATE },
	{ "10.255.255.255", NET_PRIVATE },
	{ "11.0.0.0", NET_PUBLIC },
	{ "100.63.255.255", NET_PUBLIC },
	{ "100.64.0.0", NET_PRIVATE },
	{ "100.127.255.255", NET_PRIVATE },
	{ "100.128.0.0", NET_PUBLIC },
	{ "126.255.255.255", NET_PUBLIC },
	{ "127.0.0.1", NET_PRIVATE },
	{ "127.255.255.255", NET_PRIVATE },
	{ "128.0.0.0", NET_PUBLIC },
	{ "169.253.255.255", NET_PUBLIC },
	{ "169.254.169.254", NET_PRIVATE },
	{ "169.255.0.0", NET_PUBLIC },
	{ "172.15.255.255", NET_PUBLIC },
	{ "172.16.0.0", NET_PRIVATE },
	{ "172.31.255.255", NET_PRIVATE },
	{ "172.32.0.0", NET_PUBLIC },
	{ "192.0.0.1", NET_PRIVATE },
	{ "192.0.2.1", NET_PRIVATE },
	{ "192.0.3.0", NET_PUBLIC },
	{ "192.88.99.1", NET_PRIVATE },
	{ "192.167.255.255", NET_PUBLIC },
	{ "192.168.0.1", NET_PRIVATE },
	{ "192.169.0.0", NET_PUBLIC },
	{ "198.17.255.255", NET_PUBLIC },
	{ "198.18.0.0", NET_PRIVATE },
	{ "198.19.255.255", NET_PRIVATE },
	{ "198.20.0.0", NET_PUBLIC },
	{ "198.51.100.7", NET_PRIVATE },
	{ "203.0.113.7", NET_PRIVATE },
	{ "203.0.114.0", NET_PUBLIC },
	{ "223.255.255.255", NET_PUBLIC },
	{ "224.0.0.1", NET_NOBODY },
	{ "239.255.255.255", NET_NOBODY },
	{ "240.0.0.1", NET_NOBODY },
	{ "255.255.255.255", NET_NOBODY },
	{ "::", NET_NOBODY },
	{ "::1", NET_PRIVATE },
	{ "::10.0.0.1", NET_PRIVATE },
	{ "::ffff:127.0.0.1", NET_PRIVATE },
	{ "::ffff:10.1.2.3", NET_PRIVATE },
	{ "::ffff:0.0.0.0", NET_NOBODY },
	{ "::ffff:8.8.8.8", NET_PUBLIC },
	{ "::ffff:0:192.168.1.1", NET_PRIVATE },
	{ "64:ff9b::10.0.0.1", NET_PRIVATE },
	{ "64:ff9b::8.8.8.8", NET_PUBLIC },
	{ "64:ff9b:1::1", NET_PRIVATE },
	{ "100::1", NET_PRIVATE },
	{ "2001::1", NET_PRIVATE },
	{ "2001:1ff::1", NET_PRIVATE },
	{ "2001:200::1", NET_PUBLIC },
	{ "2001:db8::1", NET_PRIVATE },
	{ "2002:a00:1::1", NET_PRIVATE },
	{ "2002:7f00:1::1", NET_PRIVATE },
	{ "2002:808:808::1", NET_PUBLIC },
	{ "2a00:1450::1", NET_PUBLIC },
	{ "3fff::1", NET_PRIVATE },
	{ "3fff:1000::1", NET_PUBLIC },
	{ "4000::1", NET_PRIVATE },
	{ "5f00::1", NET_PRIVATE },
	{ "fc00::1", NET_PRIVATE },
	{ "fdff::1", NET_PRIVATE },
	{ "fe80::1", NET_PRIVATE },
	{ "fec0::1", NET_PRIVATE },
	{ "ff02::1", NET_NOBODY },
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (range(ranges[i].text) != ranges[i].range)
			fail_msg("%s is of range %d", ranges[i].text, (int)range(ranges[i].text));
}

static void test_other_families_are_nobody(void **state)
{
	const struct sockaddr address = { .sa_family = AF_UNIX };

	(void)state;
	assert_int_equal(net_range_of(&address), NET_NOBODY);
}

static void test_hosts(void **state)
{
	static const char *const own[] = { "localhost", "LocalHost.", "127.0.0.1",
					   "10.1.2.3",  "::1",        "fd00::1" };
	static const char *const others[] = { "",        "imap.example.org",      "10.example.org",
					      "8.8.8.8", "localhost.example.org", "2a00:1450::1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_true(net_host_is_private(own[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(net_host_is_private(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_other_families_are_nobody),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests_name("core/net_range", tests, NULL, NULL);
}
