/* SPDX-License-Identifier: Apache-2.0 */
/* Which function serves which method and path, and who may call it. */
#ifndef THREADS_API_ROUTES_H
#define THREADS_API_ROUTES_H

#include "api/request.h"

typedef void route_fn(struct request *request);

/* Finds the route and calls it; answers 404 or 405 itself. */
void routes_serve(struct request *request);

/* By subject: the tables of route_*.c. pattern: segments behind /api/v1, "*" for an id. */
enum route_access {
	ROUTE_OPEN,    /* without sign-in: openapi.json */
	ROUTE_USER,    /* any active user */
	ROUTE_AUDITOR, /* owner, admin, auditor */
	ROUTE_MANAGER, /* owner, admin */
};

struct route {
	const char *method, *pattern;
	enum route_access access;
	route_fn *fn;
};

/* Each ends with a NULL method. */
extern const struct route routes_search[], routes_message[], routes_account[], routes_import[],
	routes_people[], routes_hub[];

#endif
