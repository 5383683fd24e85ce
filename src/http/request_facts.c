/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of the role may know about a request. */
#include "core/clock.h"
#include "http/server_internal.h"

const char *http_request_method(const struct http_request *req)
{
	return req->method;
}

bool http_request_is_get(const struct http_request *req)
{
	return strcmp(req->method, "GET") == 0 || strcmp(req->method, "HEAD") == 0;
}

const char *http_request_path(const struct http_request *req)
{
	return strbuf_str(&req->path);
}

const char *http_request_query(const struct http_request *req)
{
	return req->query;
}

const char *http_request_field(const struct http_request *req, const char *name)
{
	const char *value = MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, name);

	return value ? value : "";
}

const char *http_request_client(const struct http_request *req)
{
	return strbuf_str(&req->client);
}

const char *http_request_id(const struct http_request *req)
{
	return req->id;
}

void http_request_set_person(struct http_request *req, const char *user_id)
{
	if (public_id_valid(user_id))
		memcpy(req->person, user_id, sizeof(req->person));
}

bool http_request_has_body(const struct http_request *req)
{
	return req->framing.chunked || req->framing.length > 0;
}

int64_t http_request_length(const struct http_request *req)
{
	return req->framing.chunked ? -1 : (int64_t)req->framing.length;
}

const struct strbuf *http_request_body(const struct http_request *req)
{
	return &req->body;
}

int64_t http_request_age_ms(const struct http_request *req)
{
	return clock_monotonic_ms() - req->start_ms;
}

void http_request_set_user(struct http_request *req, void *user)
{
	req->user = user;
}

void *http_request_user(const struct http_request *req)
{
	return req->user;
}
