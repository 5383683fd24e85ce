/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role api in this process over a store in memory. The test plays http and
 * index: index answers everything at once unless it is told to be silent.
 */
#ifndef THREADS_TESTS_API_HARNESS_H
#define THREADS_TESTS_API_HARNESS_H

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "api/state.h"
#include "core/json.h"
#include "ipc/frame.h"
#include "ipc/memfd.h"
#include "store/mail_fixture.h"

enum { HARNESS_TURNS_MAX = 2000, HARNESS_HEARD_MAX = 64 };

#define ANN      "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BEN      "bbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CY       "cccccccccccccccccccccccccc" /* disabled */
#define DEE      "dddddddddddddddddddddddddd" /* admin */
#define EVE      "eeeeeeeeeeeeeeeeeeeeeeeeee" /* auditor */
#define STRANGER "zzzzzzzzzzzzzzzzzzzzzzzzzz"

struct harness {
	struct loop *loop;
	struct store *store;
	struct api *api;
	int64_t now_ms;
	int http_fd, index_fd, vault_fd, auth_fd;
	uint32_t last_id;
	bool index_silent;
	int64_t strong_ago_ms;        /* when the users of tickets last gave password and code */
	enum threads_code index_says; /* answer with this error; 0: fine */
	char heard[HARNESS_HEARD_MAX][160]; /* "303 user action object" */
	int heard_count;
	struct frame unanswered; /* the last question to a silent index */
};

struct answer {
	int status, kind;
	int64_t length;
	char *body;
	json_t *json;
	char headers[2000];
};

static const unsigned char harness_key[TICKET_KEY_LEN] = "ticket key, for tests only";

static inline void answer_release(struct answer *a)
{
	free(a->body);
	json_decref(a->json);
	*a = (struct answer){ 0 };
}

static inline int64_t harness_now(void *arg)
{
	return ((struct harness *)arg)->now_ms;
}

static inline int harness_link(struct harness *h, enum role who)
{
	int fds[2];
	struct threads_error err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_rc(api_add_peer(h->api, who, fds[0], &err), 0, &err);
	return fds[1];
}

static inline void harness_open(struct harness *h)
{
	struct threads_error err;
	struct api_options options = { .ticket_key = harness_key,
				       .clock = { harness_now, h },
				       .hub_dir_fd = -1,
				       .owner_uid = getuid() };

	*h = (struct harness){ .now_ms = 1000000000000, .vault_fd = -1, .auth_fd = -1 };
	h->store = fixture_open();
	fixture_sql(h->store,
		    "INSERT INTO user (id, public_id, name, display_name, role, state, created_ms)"
		    " VALUES (4, '" DEE "', 'dee', 'Dee', 'admin', 'active', 0),"
		    " (5, '" EVE "', 'eve', 'Eve', 'auditor', 'active', 0);");
	assert_rc(loop_new(&h->loop, &err), 0, &err);
	options.loop = h->loop;
	assert_rc(reader_new(h->store, &options.reader, &err), 0, &err);
	assert_rc(api_open(&options, &h->api, &err), 0, &err);
	h->http_fd = harness_link(h, ROLE_HTTP);
	h->index_fd = harness_link(h, ROLE_INDEX);
}

static inline void harness_close(struct harness *h)
{
	const int fds[] = { h->http_fd, h->index_fd, h->vault_fd, h->auth_fd };

	api_close(h->api);
	loop_free(h->loop);
	store_close(h->store);
	frame_release(&h->unanswered);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static inline void harness_send(int fd, const struct frame *f)
{
	struct threads_error err;

	assert_rc(frame_send(fd, f, &err), 0, &err);
}

/* What index says to one question: an audit row is kept, anything else is done. */
static inline void index_answer(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	char *heard = h->heard[h->heard_count++ % HARNESS_HEARD_MAX];

	if (f->type == AUDIT_ADD) {
		const char *user = frame_get_text(f), *action = frame_get_text(f);

		snprintf(heard, sizeof(h->heard[0]), "audit %s %s %s", user, action,
			 frame_get_text(f));
	} else {
		snprintf(heard, sizeof(h->heard[0]), "type %d", f->type);
	}
	if (h->index_says) {
		frame_begin(&answer, IPC_ERROR, f->id);
		frame_put_int(&answer, h->index_says);
		frame_put_text(&answer, "index does not want to");
	} else if (f->type == INDEX_BLOB) {
		int fd;
		struct threads_error err;

		assert_rc(memfd_from("blob", "Subject: x\r\n\r\nhello", 19, &fd, &err), 0, &err);
		frame_begin(&answer, INDEX_BLOB_IS, f->id);
		frame_put_int(&answer, 19);
		frame_put_fd(&answer, fd);
		answer.owns_fds = true;
	} else {
		frame_begin(&answer, f->type == AUDIT_ADD ? IPC_OK : INDEX_DONE, f->id);
		if (f->type != AUDIT_ADD) {
			frame_put_text(&answer, "");
			frame_put_text(&answer, "");
		}
	}
	harness_send(h->index_fd, &answer);
}

static inline void harness_turn(struct harness *h)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	assert_true(loop_turn(h->loop, 1, &err) >= 0);
	if (h->index_fd < 0 || frame_recv(h->index_fd, &f, &err) != 1)
		return;
	if (!h->index_silent) {
		index_answer(h, &f);
		return;
	}
	frame_release(&h->unanswered);
	h->unanswered = f;
	f = (struct frame)FRAME_INIT;
}

static inline size_t harness_ticket(struct harness *h, const char *subject,
				    unsigned char out[TICKET_LEN])
{
	struct ticket ticket = { .kind = TICKET_USER,
				 .strong_ms = h->now_ms - h->strong_ago_ms,
				 .expires_ms = h->now_ms + TICKET_LIFE_MS };
	struct threads_error err;

	memcpy(ticket.subject, subject, PUBLIC_ID_LEN);
	memcpy(ticket.session, STRANGER, PUBLIC_ID_LEN);
	assert_rc(ticket_make(harness_key, &ticket, out, &err), 0, &err);
	return TICKET_LEN;
}

/* Sends a request as http does. Returns its id. */
static inline uint32_t harness_ask(struct harness *h, const void *ticket, size_t ticket_len,
				   const char *method, const char *path, const char *body,
				   int64_t upload)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const char *query = strchr(path, '?');
	char plain[300];

	snprintf(plain, sizeof(plain), "/api/v1/%.*s",
		 (int)(query ? (size_t)(query - path) : strlen(path)), path);
	frame_begin(&f, HTTP_REQUEST, ++h->last_id);
	frame_put_text(&f, method);
	frame_put_text(&f, plain);
	frame_put_text(&f, query ? query + 1 : "");
	for (int i = 0; i < 8; i++)
		frame_put_text(&f, "");
	frame_put_text(&f, "http://localhost:8420");
	frame_put_bytes(&f, ticket, ticket_len);
	frame_put_bytes(&f, body, body ? strlen(body) : 0);
	frame_put_int(&f, upload);
	harness_send(h->http_fd, &f);
	return h->last_id;
}

static inline void answer_body(struct answer *a, struct frame *f, const void *data, size_t len)
{
	int fd;

	if (a->kind == HTTP_BODY_FD) {
		CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
		struct threads_error err;

		fd = frame_get_fd(f);
		assert_rc(memfd_map(fd, 1 << 26, &view, &err), 0, &err);
		close(fd);
		a->body = strndup((const char *)view.data, view.len);
	} else {
		a->body = data ? strndup(data, len) : strdup("");
	}
	a->json = json_loads(a->body, 0, NULL);
}

/* Reads what api told http. Returns 1, or 0 if there is nothing (yet). */
static inline int harness_read(struct harness *h, struct answer *a)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	const void *data;
	size_t len;
	int64_t count;

	if (frame_recv(h->http_fd, &f, &err) != 1 || f.type != HTTP_RESPONSE)
		return 0;
	a->status = (int)frame_get_int(&f);
	snprintf(a->headers, sizeof(a->headers), "Content-Type: %s\n", frame_get_text(&f));
	count = frame_get_int(&f);
	for (int64_t i = 0; i < count; i++) {
		const size_t at = strlen(a->headers);
		const char *name = frame_get_text(&f);

		snprintf(a->headers + at, sizeof(a->headers) - at, "%s: %s\n", name,
			 frame_get_text(&f));
	}
	data = frame_get_bytes(&f, &len);
	a->kind = (int)frame_get_int(&f);
	frame_get_int(&f);
	a->length = frame_get_int(&f);
	answer_body(a, &f, data, len);
	return 1;
}

/* Turns until api has answered. */
static inline void harness_wait(struct harness *h, struct answer *a)
{
	answer_release(a);
	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		harness_turn(h);
		if (harness_read(h, a))
			return;
	}
	fail_msg("no answer");
}

/* Request and answer of a signed-in user. */
static inline void harness_do(struct harness *h, const char *who, const char *method,
			      const char *path, const char *body, struct answer *a)
{
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, who, ticket);

	harness_ask(h, ticket, len, method, path, body, -1);
	harness_wait(h, a);
}

/* index goes away, and comes back as a new process would. */
static inline void harness_index_gone(struct harness *h)
{
	close(h->index_fd);
	h->index_fd = -1;
	for (int i = 0; i < 10; i++)
		harness_turn(h);
}

static inline bool harness_heard(const struct harness *h, const char *what)
{
	for (int i = 0; i < h->heard_count && i < HARNESS_HEARD_MAX; i++)
		if (strcmp(h->heard[i], what) == 0)
			return true;
	return false;
}

#endif
