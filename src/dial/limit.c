/* SPDX-License-Identifier: Apache-2.0 */
#include "dial/limit.h"

#include <stdio.h>
#include <strings.h>

#include "threads/compiler.h"

enum { MINUTE_MS = 60 * 1000 };

static struct limit_host *host_find(struct limits *limits, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits->hosts); i++)
		if (strcasecmp(limits->hosts[i].name, name) == 0)
			return &limits->hosts[i];
	return NULL;
}

static struct limit_host *host_add(struct limits *limits, const char *name, int64_t now_ms)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits->hosts); i++) {
		struct limit_host *host = &limits->hosts[i];

		if (host->under_way > 0 || (*host->name && now_ms - host->minute_ms < MINUTE_MS))
			continue;
		*host = (struct limit_host){ .minute_ms = now_ms };
		snprintf(host->name, sizeof(host->name), "%s", name);
		return host;
	}
	return NULL;
}

enum limit_word limit_begin(struct limits *limits, const char *name, int64_t now_ms)
{
	struct limit_host *host = host_find(limits, name);

	if (!host)
		host = host_add(limits, name, now_ms);
	if (!host)
		return LIMIT_TOO_MANY;
	if (now_ms - host->minute_ms >= MINUTE_MS) {
		host->minute_ms = now_ms;
		host->begun = 0;
	}
	if (host->begun >= LIMIT_A_MINUTE)
		return LIMIT_TOO_MANY;
	if (host->under_way >= LIMIT_AT_ONCE)
		return LIMIT_WAIT;
	host->under_way++;
	host->begun++;
	return LIMIT_GO;
}

void limit_done(struct limits *limits, const char *name)
{
	struct limit_host *host = host_find(limits, name);

	if (host && host->under_way > 0)
		host->under_way--;
}
