/* SPDX-License-Identifier: Apache-2.0 */
#include "http/site.h"

#include <stdio.h>

#include "http/assets.h"
#include "http/policy.h"

enum { ROLES_MAX = 1024, STATUS_MAX = 512 };

struct site {
	struct site_setup setup;
	struct gateway *gateway;
	bool ready[ROLE_COUNT];
	bool insecure;
};

static const char path_api[] = "/api/";
static const char path_v1[] = "/api/v1/";

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_api(const struct http_request *req)
{
	return starts_with(http_request_path(req), path_api) ||
	       strcmp(http_request_path(req), "/api") == 0;
}

/* PUT /api/v1/imports/ID/files/ID */
static bool is_upload(const struct http_request *req)
{
	const char *path = http_request_path(req);

	return strcmp(http_request_method(req), "PUT") == 0 &&
	       starts_with(path, "/api/v1/imports/") && strstr(path + 16, "/files/");
}

/* ---- heads ---- */

static bool same_origin(const struct site *site, const struct http_request *req)
{
	const struct policy_source source = {
		.sec_fetch_site = http_request_field(req, "Sec-Fetch-Site"),
		.origin = http_request_field(req, "Origin"),
		.host = http_request_field(req, "Host"),
		.public_url = site->setup.public_url,
	};

	return policy_same_origin(&source);
}

static void head_of_upload(const struct site *site, struct http_request *req)
{
	const int64_t length = http_request_length(req);

	if (!field_media_is(http_request_field(req, "Content-Type"), "application/octet-stream"))
		http_request_refuse(req, 415, "bad-request",
				    "A piece of a file is sent as application/octet-stream.");
	else if (length < 0)
		http_request_refuse(req, 411, "bad-request",
				    "A piece of a file needs a Content-Length.");
	else if ((uint64_t)length > site->setup.upload_max)
		http_request_refuse(req, 413, "too-large",
				    "The piece of the file is too large. Send smaller ones.");
	else
		http_request_take_upload(req);
}

static void head_of_change(const struct site *site, struct http_request *req)
{
	const bool bare_delete =
		strcmp(http_request_method(req), "DELETE") == 0 && !http_request_has_body(req);

	if (!same_origin(site, req)) {
		http_request_refuse(req, 403, "denied",
				    "This request did not come from a page of this hub.");
		return;
	}
	if (is_upload(req)) {
		head_of_upload(site, req);
		return;
	}
	if (!bare_delete &&
	    !field_media_is(http_request_field(req, "Content-Type"), "application/json"))
		http_request_refuse(req, 415, "bad-request",
				    "The request must be sent as application/json.");
	else if (http_request_length(req) > (int64_t)site->setup.body_max)
		http_request_refuse(req, 413, "too-large", "The request is too large.");
}

static void on_head(struct http_request *req, void *arg)
{
	if (http_request_is_get(req))
		return;
	if (is_api(req))
		head_of_change(arg, req);
	else
		http_request_refuse(req, 405, "bad-request", "This page can only be read.");
}

/* ---- status ---- */

static const struct {
	enum role role;
	const char *name;
} needed[] = {
	{ ROLE_HTTP, "http" },   { ROLE_API, "api" },     { ROLE_AUTH, "auth" },
	{ ROLE_VAULT, "vault" }, { ROLE_INDEX, "index" },
};

int site_roles_changed(struct site *site, struct frame *f, struct threads_error *err)
{
	const bool insecure = frame_get_int_in(f, 0, 1) == 1;
	const int64_t count = frame_get_int_in(f, 0, ROLES_MAX);
	bool ready[ROLE_COUNT] = { false };
	int rc;

	for (int64_t i = 0; i < count; i++) {
		const int64_t role = frame_get_int_in(f, 0, ROLE_COUNT - 1);
		const char *state;

		frame_get_int(f); /* instance */
		frame_get_int(f); /* pid */
		state = frame_get_text(f);
		if (strcmp(state, "ready") == 0)
			ready[role] = true;
		frame_get_int(f); /* restarts */
		frame_get_int(f); /* confined */
	}
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	memcpy(site->ready, ready, sizeof(site->ready));
	site->insecure = insecure;
	return 0;
}

static void reply_json(struct http_request *req, unsigned status, const struct strbuf *json)
{
	struct http_reply reply = {
		.status = status,
		.content_type = "application/json",
		.body = strbuf_str(json),
		.body_len = json->len,
	};

	if (status == 503)
		http_reply_header(&reply, "Retry-After", "1");
	http_request_reply(req, &reply);
}

static void serve_ready(const struct site *site, struct http_request *req)
{
	CLEANUP(strbuf_release) struct strbuf json = STRBUF_INIT(STATUS_MAX);
	size_t missing = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		missing += !site->ready[needed[i].role];
	strbuf_addf(&json, "{\"status\":\"%s\"", missing ? "waiting" : "ok");
	if (missing) {
		const char *separator = "";

		strbuf_add_str(&json, ",\"roles\":[");
		for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
			if (site->ready[needed[i].role])
				continue;
			strbuf_addf(&json, "%s\"%s\"", separator, needed[i].name);
			separator = ",";
		}
		strbuf_add_char(&json, ']');
	}
	if (site->insecure)
		strbuf_add_str(&json, ",\"insecure\":true");
	strbuf_add_char(&json, '}');
	reply_json(req, missing ? 503 : 200, &json);
}

static void serve_health(struct http_request *req)
{
	CLEANUP(strbuf_release) struct strbuf json = STRBUF_INIT(STATUS_MAX);

	strbuf_add_str(&json, "{\"status\":\"ok\"}");
	reply_json(req, 200, &json);
}

/* ---- the web interface ---- */

static const char *csp_of(const struct asset *asset)
{
	if (strcmp(asset->path, "/mailframe.html") == 0)
		return policy_csp_mail;
	if (strcmp(asset->path, "/mailframe-images.html") == 0)
		return policy_csp_mail_images;
	return policy_csp_app;
}

static void serve_asset(struct http_request *req, const struct asset *asset)
{
	static const char *const names[ENCODING_COUNT] = { NULL, "gzip", "br" };
	static const char *const marks[ENCODING_COUNT] = { "", "-gz", "-br" };
	const bool has[ENCODING_COUNT] = { true, asset->data[ENCODING_GZIP] != NULL,
					   asset->data[ENCODING_BR] != NULL };
	const enum field_encoding encoding =
		field_encoding(http_request_field(req, "Accept-Encoding"), has);
	char etag[64];
	struct http_reply reply = {
		.status = 200,
		.content_type = asset->media_type,
		.csp = csp_of(asset),
		.cache = asset_is_immutable(asset) ? "public, max-age=31536000, immutable"
						   : "no-cache",
		.body = asset->data[encoding],
		.body_len = asset_length(asset, encoding),
		.body_static = true,
	};

	snprintf(etag, sizeof(etag), "\"%s%s\"", asset->etag, marks[encoding]);
	http_reply_header(&reply, "ETag", etag);
	http_reply_header(&reply, "Vary", "Accept-Encoding");
	if (field_etag_listed(http_request_field(req, "If-None-Match"), etag)) {
		reply.status = 304;
		reply.content_type = NULL;
		reply.body_len = 0;
	} else if (names[encoding]) {
		http_reply_header(&reply, "Content-Encoding", names[encoding]);
	}
	http_request_reply(req, &reply);
}

static void serve_page(struct http_request *req)
{
	const char *path = http_request_path(req);
	const char *last = strrchr(path, '/');
	const struct asset *asset = asset_find(path);

	/* The app's own routes: /search, /accounts/ID, ... */
	if (!asset && last && !strchr(last, '.') && !starts_with(path, "/assets/"))
		asset = asset_find("/index.html");
	if (asset)
		serve_asset(req, asset);
	else
		http_request_refuse(req, 404, "not-found", "Not found.");
}

/* ---- the handler ---- */

static void on_ready(struct http_request *req, void *arg)
{
	const struct site *site = arg;
	const char *path = http_request_path(req);

	if (starts_with(path, path_v1))
		gateway_serve(site->gateway, req);
	else if (is_api(req))
		http_request_refuse(req, 404, "not-found", "Not found.");
	else if (strcmp(path, "/healthz") == 0)
		serve_health(req);
	else if (strcmp(path, "/readyz") == 0)
		serve_ready(site, req);
	else
		serve_page(req);
}

static void on_upload(struct http_request *req, void *arg)
{
	const struct site *site = arg;

	gateway_begin_upload(site->gateway, req);
}

static void on_gone(struct http_request *req, void *arg)
{
	const struct site *site = arg;

	gateway_forget(site->gateway, req);
}

int site_new(const struct site_setup *setup, struct gateway *gateway, struct site **ret_site,
	     struct threads_error *err)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	site->setup = *setup;
	site->gateway = gateway;
	*ret_site = site;
	return 0;
}

struct site *site_free(struct site *site)
{
	free(site);
	return NULL;
}

void site_set_sizes(struct site *site, uint64_t upload_max, size_t body_max)
{
	site->setup.upload_max = upload_max;
	site->setup.body_max = body_max;
}

struct http_handler site_handler(struct site *site)
{
	return (struct http_handler){ on_head, on_upload, on_ready, on_gone, site };
}
