/* SPDX-License-Identifier: Apache-2.0 */
#include "api/routes.h"

static const struct route *const tables[] = {
	routes_search, routes_message, routes_account, routes_import, routes_people, routes_hub,
};

/* "accounts/ * /sync" (without the blanks) against the request's segments. */
static bool matches(const char *pattern, const struct request *r)
{
	for (size_t i = 0; i < r->segment_count; i++) {
		const size_t len = strcspn(pattern, "/");
		const bool any = len == 1 && pattern[0] == '*';

		if (len == 0 || (!any && (strlen(r->segments[i]) != len ||
					  memcmp(pattern, r->segments[i], len) != 0)))
			return false;
		pattern += len;
		pattern += *pattern == '/';
	}
	return *pattern == '\0' && r->segment_count > 0;
}

/* ret_known: the path exists, perhaps for other methods. */
static const struct route *find(const struct request *r, bool *ret_known)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct route *route = tables[t]; route->method; route++) {
			if (!matches(route->pattern, r))
				continue;
			*ret_known = true;
			if (strcmp(route->method, r->method) == 0)
				return route;
		}
	return NULL;
}

static bool may(const struct viewer *viewer, enum route_access access)
{
	switch (access) {
	case ROUTE_MANAGER:
		return viewer_manages(viewer);
	case ROUTE_AUDITOR:
		return viewer_manages(viewer) || viewer->role == VIEWER_AUDITOR;
	case ROUTE_USER:
	case ROUTE_OPEN:
		break;
	}
	return true;
}

/* Who asks, by the ticket. False when the request was answered. */
static bool identify(struct request *r, enum route_access access)
{
	struct threads_error err;
	int rc = api_reader(r->api, &r->reader, &err);

	if (access == ROUTE_OPEN)
		return true;
	if (r->ticket.kind != TICKET_USER) {
		respond_problem(r, 401, "sign-in-needed", "Sign in to go on.", NULL);
		return false;
	}
	if (rc == 0)
		rc = reader_viewer(r->reader, r->ticket.subject, &r->viewer, &err);
	if (rc < 0)
		respond_error(r, &err);
	else if (rc == 0)
		respond_problem(r, 401, "sign-in-needed", "Sign in to go on.", NULL);
	else if (!may(&r->viewer, access))
		respond_problem(r, 403, "denied", "Only an administrator may see this.", NULL);
	else
		return true;
	return false;
}

void routes_serve(struct request *r)
{
	bool known = false;
	const struct route *route = find(r, &known);

	if (!route && known) {
		respond_problem(r, 405, "bad-request", "This cannot be done here.", NULL);
		return;
	}
	if (!route) {
		respond_not_found(r);
		return;
	}
	if (identify(r, route->access))
		route->fn(r);
}
