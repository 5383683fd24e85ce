/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

static const char prefix[] = "/api/v1/";

static const struct route routes[] = {
	{ "GET", "me", NEED_USER, route_me, { NULL } },
	{ "PATCH", "me", NEED_USER, route_me_update, { "display_name", "settings" } },
	{ "GET", "search", NEED_USER, route_search, { NULL } },
	{ "POST", "search", NEED_USER, route_search_post, { "q", "cursor", "limit", "sort" } },
	{ "GET", "messages/*", NEED_USER, route_message, { NULL } },
	{ "GET", "messages/*/html", NEED_USER, route_message_html, { NULL } },
	{ "GET", "messages/*/headers", NEED_USER, route_message_headers, { NULL } },
	{ "GET", "messages/*/raw", NEED_USER, route_message_raw, { NULL } },
	{ "GET", "messages/*/attachments/*", NEED_USER, route_attachment, { NULL } },
	{ "GET", "conversations/*", NEED_USER, route_conversation, { NULL } },
	{ "GET", "accounts", NEED_USER, route_accounts, { NULL } },
	{ "POST",
	  "accounts",
	  NEED_USER,
	  route_account_create,
	  { "name", "policy", "owner", "imap" } },
	{ "GET", "accounts/*", NEED_USER, route_account, { NULL } },
	{ "PATCH",
	  "accounts/*",
	  NEED_USER,
	  route_account_update,
	  { "name", "policy", "folders", "imap" } },
	{ "DELETE", "accounts/*", NEED_USER | NEED_STRONG, route_account_delete, { NULL } },
	{ "PUT", "accounts/*/secret", NEED_USER, route_account_secret, { "box" } },
	{ "POST", "accounts/*/sync", NEED_USER, route_account_sync, { NULL } },
	{ "POST", "accounts/*/pause", NEED_USER, route_account_pause, { NULL } },
	{ "POST", "accounts/*/resume", NEED_USER, route_account_resume, { NULL } },
	{ "GET", "accounts/*/folders", NEED_USER, route_account_folders, { NULL } },
	{ "GET", "accounts/*/ledger", NEED_USER, route_account_ledger, { NULL } },
	{ "GET", "imports", NEED_USER, route_imports, { NULL } },
	{ "POST", "imports", NEED_USER, route_import_create, { "account", "kind", "files" } },
	{ "GET", "imports/*", NEED_USER, route_import, { NULL } },
	{ "POST", "imports/*/start", NEED_USER, route_import_start, { NULL } },
	{ "POST", "imports/*/cancel", NEED_USER, route_import_cancel, { NULL } },
	{ "PUT", "imports/*/files/*", NEED_USER, route_import_piece, { NULL } },
	{ "GET", "users", NEED_USER, route_users, { NULL } },
	{ "GET", "settings", NEED_MANAGER, route_settings, { NULL } },
	{ "PATCH",
	  "settings",
	  NEED_MANAGER | NEED_STRONG,
	  route_settings_update,
	  { "own_domains", "time_zone", "account_policy_default", "outside_channels",
	    "organisation", "everyone_group", "setup_done" } },
	{ "GET", "status", NEED_MANAGER, route_status, { NULL } },
	{ "GET", "audit", NEED_AUDITOR, route_audit, { NULL } },
	{ "GET", "audit/chain", NEED_AUDITOR, route_audit_chain, { NULL } },
	{ "GET", "audit/file", NEED_AUDITOR, route_audit_file, { NULL } },
	{ "GET", "events", NEED_USER, route_events, { NULL } },
	{ "GET", "openapi.json", NEED_NOTHING, route_openapi, { NULL } },
};

const struct route *route_at(size_t index)
{
	return index < ARRAY_SIZE(routes) ? &routes[index] : NULL;
}

/* Whether path is pattern; copies what stands for each "*". */
static bool path_matches(const char *pattern, const char *path,
			 char ids[EXCHANGE_IDS_MAX][PUBLIC_ID_SIZE])
{
	size_t count = 0;

	for (; *pattern; pattern++) {
		if (*pattern != '*') {
			if (*pattern != *path++)
				return false;
			continue;
		}
		if (strcspn(path, "/") != PUBLIC_ID_LEN)
			return false;
		memcpy(ids[count], path, PUBLIC_ID_LEN);
		ids[count][PUBLIC_ID_LEN] = '\0';
		if (!public_id_valid(ids[count++]))
			return false;
		path += PUBLIC_ID_LEN;
	}
	return *path == '\0';
}

static const struct route *route_find(struct exchange *ex, const char *method, const char *path,
				      bool *ret_known)
{
	*ret_known = false;
	if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	path += sizeof(prefix) - 1;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!path_matches(routes[i].path, path, ex->ids))
			continue;
		*ret_known = true;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
	}
	return NULL;
}

static bool role_suffices(unsigned need, enum viewer_role role)
{
	need &= ~(unsigned)NEED_STRONG;
	if (need == NEED_AUDITOR)
		return role >= VIEWER_AUDITOR;
	return need != NEED_MANAGER || role >= VIEWER_ADMIN;
}

/* Looks the viewer up at each request: who was disabled a moment ago sees nothing. */
int route_enter(struct exchange *ex, struct threads_error *err)
{
	int rc = 1;

	if (ex->route->need != NEED_NOTHING)
		rc = reader_viewer(ex->api->reader, ex->ticket.subject, &ex->viewer, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		exchange_reply_problem(ex, 401, "sign-in-needed", "Sign in to go on.", NULL);
		return 0;
	}
	if (!role_suffices(ex->route->need, ex->viewer.role)) {
		exchange_reply_problem(ex, 403, "denied", "This page is for administrators.", NULL);
		return 0;
	}
	if ((ex->route->need & NEED_STRONG) &&
	    ex->ticket.strong_ms + TICKET_STRONG_MS <= api_now(ex->api)) {
		exchange_reply_problem(ex, 403, "reauth-needed",
				       "Type your password and a code again to go on.", NULL);
		return 0;
	}
	return ex->route->fn(ex, err);
}

static bool ticket_good(struct exchange *ex, const void *ticket, size_t len)
{
	if (ex->route->need == NEED_NOTHING)
		return true;
	return ticket_check(ex->api->ticket_key, ticket, len, api_now(ex->api), &ex->ticket,
			    NULL) == 0 &&
	       ex->ticket.kind == TICKET_USER;
}

/* The body is an object with fields of the route; none counts as {}. */
static int read_body(struct exchange *ex, const struct route_request *request,
		     struct threads_error *err)
{
	const char *names[ROUTE_FIELDS_MAX + 1] = { NULL };
	int rc;

	if (request->body_len == 0) {
		ex->body = json_object();
		return ex->body ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	memcpy(names, ex->route->fields, sizeof(ex->route->fields));
	rc = json_parse_object(request->body, request->body_len, &ex->body, err);
	return rc < 0 ? rc : json_check_fields(ex->body, names, err);
}

static void enter(struct exchange *ex, const struct route_request *request)
{
	struct threads_error err = { 0 };
	int rc;

	ex->again = route_enter;
	if (!ticket_good(ex, request->ticket, request->ticket_len)) {
		exchange_reply_problem(ex, 401, "sign-in-needed", "Sign in to go on.", NULL);
		return;
	}
	rc = read_body(ex, request, &err);
	if (rc < 0)
		exchange_reply_error(ex, rc, &err);
	else
		exchange_run(ex, ex->again);
}

void route_dispatch(struct exchange *ex, const struct route_request *request)
{
	bool known;

	ex->route = route_find(ex, request->method, request->path, &known);
	if (ex->route)
		enter(ex, request);
	else if (known)
		exchange_reply_problem(ex, 405, "bad-request", "This address has no such method.",
				       NULL);
	else
		exchange_reply_not_found(ex);
}
