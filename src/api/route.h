/* SPDX-License-Identifier: Apache-2.0 */
/* The routes under /api/v1 that api serves, who may use them, and their handlers. */
#ifndef THREADS_API_ROUTE_H
#define THREADS_API_ROUTE_H

#include "api/exchange.h"

enum route_need {
	NEED_NOTHING,     /* no ticket: the document of the API */
	NEED_USER,        /* any active user */
	NEED_AUDITOR,     /* owner, admin, auditor */
	NEED_MANAGER,     /* owner, admin */
	NEED_STRONG = 16, /* besides: password and code within five minutes */
};

enum { ROUTE_FIELDS_MAX = 8 };

struct route {
	const char *method;
	const char *path; /* below /api/v1/; "*" stands for one public id */
	unsigned need;    /* of enum route_need */
	exchange_fn *fn;
	const char *fields[ROUTE_FIELDS_MAX]; /* of the JSON body; others are refused */
};

/* One request, as http passed it on. Borrowed. */
struct route_request {
	const char *method, *path;
	const void *ticket, *body;
	size_t ticket_len, body_len;
};

/* Checks route, ticket, body and viewer, in that order, then runs the handler or answers why
 * not: nothing is read into for somebody without a ticket. */
void route_dispatch(struct exchange *ex, const struct route_request *request);

/* The viewer and his role, then the handler; run again while the database is being mended. */
exchange_fn route_enter;

/* Walks the table, for the test of the API document. NULL past the end. */
const struct route *route_at(size_t index);

/* Turns the row id in "next" of a page into a cursor. */
void route_next_cursor(json_t *page, char kind);

/* search_routes.c */
exchange_fn route_search, route_search_post;

/* message_routes.c */
exchange_fn route_message, route_message_html, route_message_headers, route_message_raw,
	route_attachment, route_conversation;

/* account_routes.c */
exchange_fn route_accounts, route_account, route_account_create, route_account_update,
	route_account_delete, route_account_secret, route_account_sync, route_account_pause,
	route_account_resume, route_account_folders, route_account_ledger;

/* import_routes.c */
exchange_fn route_imports, route_import, route_import_create, route_import_start,
	route_import_cancel, route_import_piece, route_upload_done;

/* hub_routes.c */
exchange_fn route_me, route_me_update, route_users, route_settings, route_settings_update,
	route_status, route_openapi;

/* audit_routes.c */
exchange_fn route_audit, route_audit_chain, route_audit_file;

/* events.c */
exchange_fn route_events;

#endif
