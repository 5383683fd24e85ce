/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "threads/compiler.h"

struct mark {
	const char *part, *name;
};

/* First match counts: most name others too (Edge says Chrome, Chrome says Safari). */
static const struct mark browsers[] = {
	{ "threadsctl", "threadsctl" },
	{ "Edg/", "Edge" },
	{ "OPR/", "Opera" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "Firefox/", "Firefox" },
	{ "FxiOS/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "Chromium/", "Chromium" },
	{ "Chrome/", "Chrome" },
	{ "Safari/", "Safari" },
	{ "curl/", "curl" },
};
static const struct mark systems[] = {
	{ "iPhone", "iPhone" },   { "iPad", "iPad" },    { "Android", "Android" },
	{ "Windows", "Windows" }, { "Mac OS X", "Mac" }, { "CrOS", "ChromeOS" },
	{ "Linux", "Linux" },     { "BSD", "BSD" },
};

static const char *first_match(const struct mark *marks, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(text, marks[i].part))
			return marks[i].name;
	return NULL;
}

void client_label(const char *user_agent, char *out, size_t out_size)
{
	const char *browser = first_match(browsers, ARRAY_SIZE(browsers), user_agent);
	const char *system = first_match(systems, ARRAY_SIZE(systems), user_agent);

	if (system)
		snprintf(out, out_size, "%s on %s", browser ? browser : "A browser", system);
	else
		snprintf(out, out_size, "%s", browser ? browser : "A browser");
}

void client_prefix(const char *address, char out[CLIENT_PREFIX_SIZE])
{
	struct in_addr v4;
	struct in6_addr v6;

	if (strncmp(address, "::ffff:", 7) == 0)
		address += 7;
	if (inet_pton(AF_INET, address, &v4) == 1) {
		inet_ntop(AF_INET, &v4, out, CLIENT_PREFIX_SIZE);
		return;
	}
	if (inet_pton(AF_INET6, address, &v6) != 1) {
		snprintf(out, CLIENT_PREFIX_SIZE, "local");
		return;
	}
	memset(v6.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &v6, out, CLIENT_PREFIX_SIZE);
}
