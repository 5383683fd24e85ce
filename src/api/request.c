/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"

#include <stdio.h>

#include "api/ask.h"
#include "api/request_internal.h"
#include "api/routes.h"
#include "core/clock.h"
#include "core/number.h"
#include "core/utf8.h"
#include "ipc/memfd.h"

enum { BODY_MAX = 16 << 20 };

void request_free(struct request *r)
{
	ask_cancel(r->api, r);
	LIST_REMOVE(r, link);
	json_decref(r->json);
	free(r->method);
	free(r->path);
	free(r->query);
	free(r->content_type);
	free(r->if_none_match);
	free(r->idempotency_key);
	free(r->origin);
	free(r->body);
	free(r->path_copy);
	free(r->state);
	free(r);
}

void request_drop_all(struct api *api)
{
	struct request *r;

	while ((r = LIST_FIRST(&api->requests)))
		request_free(r);
}

/* Copies the next text field; NULL only when memory is missing. */
static char *copy_text(struct frame *f)
{
	return strdup(frame_get_text(f));
}

static int copy_body(struct request *r, struct frame *f, struct threads_error *err)
{
	size_t len;
	const void *body = frame_get_bytes(f, &len);

	r->body = malloc(len + 1);
	if (!r->body)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (len)
		memcpy(r->body, body, len);
	r->body[len] = '\0';
	r->body_len = len;
	return 0;
}

/* A large body follows as a memfd. */
static int take_body_file(struct request *r, struct frame *f, struct threads_error *err)
{
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	AUTO_FD int fd = frame_get_fd(f);
	char *body;
	int rc = memfd_map(fd, BODY_MAX, &view, err);

	if (rc < 0)
		return rc;
	body = malloc(view.len + 1);
	if (!body)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (view.len)
		memcpy(body, view.data, view.len);
	body[view.len] = '\0';
	free(r->body);
	r->body = body;
	r->body_len = view.len;
	return 0;
}

static int read_fields(struct request *r, struct frame *f, struct threads_error *err)
{
	const void *ticket;
	size_t ticket_len;
	int rc;

	r->method = copy_text(f);
	r->path = copy_text(f);
	r->query = copy_text(f);
	for (int i = 0; i < 4; i++) /* cookies, address and user agent are auth's */
		(void)frame_get_text(f);
	r->content_type = copy_text(f);
	r->if_none_match = copy_text(f);
	(void)frame_get_text(f); /* range: http's */
	r->idempotency_key = copy_text(f);
	r->origin = copy_text(f);
	ticket = frame_get_bytes(f, &ticket_len);
	if (ticket_len > 0 && ticket_check(r->api->role->ticket_key, ticket, ticket_len,
					   clock_now_ms(NULL), &r->ticket, NULL) < 0)
		r->ticket.kind = 0; /* answered with 401 */
	rc = copy_body(r, f, err);
	r->upload_length = frame_get_int(f);
	if (rc == 0 && f->fd_count > 0)
		rc = take_body_file(r, f, err);
	if (rc == 0)
		rc = frame_get_end(f, err);
	if (rc == 0 && !(r->method && r->path && r->query && r->content_type && r->if_none_match &&
			 r->idempotency_key && r->origin))
		rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return rc;
}

/* "/api/v1/messages/x/html" -> messages, x, html. Too many segments fit no route. */
static int split_path(struct request *r, struct threads_error *err)
{
	static const char base[] = "/api/v1/";
	char *rest, *segment;

	r->path_copy = strdup(r->path);
	if (!r->path_copy)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (strncmp(r->path_copy, base, sizeof(base) - 1) != 0)
		return 0;
	rest = r->path_copy + sizeof(base) - 1;
	while ((segment = strsep(&rest, "/"))) {
		if (r->segment_count == REQUEST_SEGMENTS_MAX) {
			r->segment_count = 0;
			return 0;
		}
		r->segments[r->segment_count++] = segment;
	}
	return 0;
}

int request_begin(struct api *api, struct frame *f, struct threads_error *err)
{
	struct request *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	r->api = api;
	r->id = f->id;
	LIST_INSERT_HEAD(&api->requests, r, link);
	rc = read_fields(r, f, err);
	if (rc == 0)
		rc = split_path(r, err);
	if (rc < 0) {
		request_free(r);
		return rc;
	}
	routes_serve(r);
	return 0;
}

json_t *request_json(struct request *r, const char *const *names)
{
	struct threads_error err;
	int rc = json_parse_object(r->body_len ? r->body : "{}", r->body_len ? r->body_len : 2,
				   &r->json, &err);

	if (rc == 0)
		rc = json_check_fields(r->json, names, &err);
	if (rc == 0)
		return r->json;
	respond_error(r, &err);
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Percent-decodes one value of a query; '+' is a space. */
static int decode_value(const char *p, size_t len, struct strbuf *out)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (p[i] != '%') {
			strbuf_add_char(out, p[i] == '+' ? ' ' : p[i]);
			continue;
		}
		high = i + 2 < len ? hex_digit(p[i + 1]) : -1;
		low = high >= 0 ? hex_digit(p[i + 2]) : -1;
		if (low < 0)
			return -1;
		strbuf_add_char(out, (char)(high * 16 + low));
		i += 2;
	}
	return out->failed || !utf8_valid(strbuf_str(out), out->len) ? -1 : 0;
}

int request_param(struct request *r, const char *name, const char *preset, struct strbuf *out)
{
	const size_t name_len = strlen(name);

	for (const char *p = r->query; *p;) {
		const size_t len = strcspn(p, "&");

		if (len > name_len && strncmp(p, name, name_len) == 0 && p[name_len] == '=') {
			if (decode_value(p + name_len + 1, len - name_len - 1, out) == 0)
				return 0;
			respond_problem(r, 400, "bad-request", "The address is not well-formed.",
					name);
			return THREADS_EINVAL;
		}
		p += len;
		p += *p == '&';
	}
	strbuf_add_str(out, preset);
	return 0;
}

int request_param_int(struct request *r, const char *name, int64_t min, int64_t max, int64_t preset,
		      int64_t *ret_value)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(64);
	struct threads_error err;
	int rc = request_param(r, name, "", &text);

	if (rc < 0)
		return rc;
	*ret_value = preset;
	if (text.len == 0)
		return 0;
	rc = parse_int(strbuf_str(&text), min, max, ret_value, &err);
	if (rc < 0)
		respond_problem(r, 400, "bad-request", "A number in the address is not valid.",
				name);
	return rc;
}

bool request_needs_manager(struct request *r)
{
	if (viewer_manages(&r->viewer))
		return true;
	respond_problem(r, 403, "denied", "Only an administrator may do this.", NULL);
	return false;
}

bool request_needs_strong(struct request *r)
{
	if (clock_now_ms(NULL) - r->ticket.strong_ms <= TICKET_STRONG_MS)
		return true;
	respond_problem(r, 403, "reauth-needed", "Give your password and a code again.", NULL);
	return false;
}
