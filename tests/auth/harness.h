/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role auth in this process, with a clock that tests set, a link on which
 * the test plays http, one on which it plays api, and an index that takes
 * everything down. A struct browser keeps cookies as a browser would.
 */
#ifndef THREADS_TESTS_AUTH_HARNESS_H
#define THREADS_TESTS_AUTH_HARNESS_H

#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "auth/auth.h"
#include "auth/token.h"
#include "core/encode.h"
#include "core/json.h"
#include "crypto/totp.h"
#include "ipc/frame.h"

enum { HARNESS_TURNS_MAX = 20000, HARNESS_HEARD_MAX = 200 };

#define GOOD_PASSWORD "nine wet otters"

struct harness {
	char folder[64], path[96];
	struct loop *loop;
	struct auth *auth;
	int64_t now_ms;
	int http_fd, api_fd, index_fd;
	uint32_t last_id;
	bool index_silent;            /* takes frames, answers nothing */
	enum threads_code index_says; /* answer with this error; 0: fine */
	/* What index heard: "USER_STATE id state". */
	char heard[HARNESS_HEARD_MAX][160];
	int heard_count;
	/* What USER_LIST is answered with. */
	const char *users[8][5];
	int user_count;
};

struct browser {
	char session[TOKEN_SIZE], pending[TOKEN_SIZE];
	const char *address, *agent;
};

struct answer {
	int status;
	json_t *json;
	char retry_after[16];
	int cookies;
};

static inline void answer_release(struct answer *a)
{
	json_decref(a->json);
}

static inline int64_t harness_now(void *arg)
{
	return ((struct harness *)arg)->now_ms;
}

static inline int link_pair(struct harness *h, enum role who)
{
	int fds[2];
	struct threads_error err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_rc(auth_add_peer(h->auth, who, fds[0], &err), 0, &err);
	return fds[1];
}

static inline void harness_open_auth(struct harness *h)
{
	static const unsigned char key[AUTH_KEY_LEN] = "key of auth, for tests only";
	static const unsigned char ticket_key[TICKET_KEY_LEN] = "ticket key, for tests only";
	const struct auth_options options = {
		.loop = h->loop,
		.db_path = h->path,
		.base_url = "http://localhost:8420",
		.key = key,
		.ticket_key = ticket_key,
		.session_idle_ms = 12 * 3600 * 1000,
		.session_max_ms = 7 * 24 * 3600 * 1000LL,
		.clock = { harness_now, h },
	};
	struct threads_error err;

	assert_rc(auth_open(&options, &h->auth, &err), 0, &err);
	assert_rc(auth_start(h->auth, &err), 0, &err);
	h->http_fd = link_pair(h, ROLE_HTTP);
	h->api_fd = link_pair(h, ROLE_API);
	h->index_fd = link_pair(h, ROLE_INDEX);
}

static inline void harness_close_auth(struct harness *h)
{
	h->auth = auth_close(h->auth);
	close(h->http_fd);
	close(h->api_fd);
	close(h->index_fd);
}

static inline struct harness *harness_new(void)
{
	struct harness *h = calloc(1, sizeof(*h));
	struct threads_error err;

	assert_non_null(h);
	h->now_ms = 1795000000000; /* in 2026 */
	snprintf(h->folder, sizeof(h->folder), "/tmp/threads-auth-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof(h->path), "%s/auth.db", h->folder);
	assert_rc(loop_new(&h->loop, &err), 0, &err);
	harness_open_auth(h);
	return h;
}

static inline void harness_free(struct harness *h)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[128];

	harness_close_auth(h);
	loop_free(h->loop);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", h->path, ends[i]);
		unlink(path);
	}
	rmdir(h->folder);
	free(h);
}

/* The same database after the process was ended and started again. */
static inline void harness_restart(struct harness *h)
{
	harness_close_auth(h);
	harness_open_auth(h);
}

static inline void index_answer_users(struct harness *h, struct frame *out, uint32_t id)
{
	frame_begin(out, USER_LIST_IS, id);
	frame_put_int(out, h->user_count);
	for (int i = 0; i < h->user_count; i++)
		for (int j = 0; j < 5; j++)
			frame_put_text(out, h->users[i][j]);
}

static inline void index_hear(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	char *line = h->heard[h->heard_count < HARNESS_HEARD_MAX - 1 ? h->heard_count++
								     : h->heard_count];
	int n = snprintf(line, 160, "%s",
			 f->type == USER_CREATE  ? "create"
			 : f->type == USER_STATE ? "state"
			 : f->type == AUDIT_ADD  ? "audit"
						 : "list");

	while (!frame_at_end(f))
		n += snprintf(line + n, 160 - (size_t)n, " %s", frame_get_text(f));
	if (h->index_silent)
		return;
	frame_begin(&out, IPC_OK, f->id);
	if (h->index_says) {
		frame_begin(&out, IPC_ERROR, f->id);
		frame_put_int(&out, h->index_says);
		frame_put_text(&out, "not now");
	} else if (f->type == USER_LIST) {
		index_answer_users(h, &out, f->id);
	}
	assert_int_equal(frame_send(h->index_fd, &out, NULL), 0);
}

/* Runs the loop, index included, until fd has a frame. */
static inline void wait_frame(struct harness *h, int fd, struct frame *f)
{
	struct threads_error err;

	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		int rc = fd >= 0 ? frame_recv(fd, f, &err) : THREADS_EAGAIN;

		if (rc == 1)
			return;
		if (rc == 0)
			fail_msg("auth closed the link");
		CLEANUP(frame_release) struct frame in = FRAME_INIT;

		while (h->index_fd >= 0 && frame_recv(h->index_fd, &in, &err) == 1)
			index_hear(h, &in);
		assert_true(loop_turn(h->loop, 1, &err) >= 0);
		if (fd < 0)
			return;
	}
	fail_msg("no answer");
}

/* Lets everything settle: index has heard all. */
static inline void settle(struct harness *h)
{
	CLEANUP(frame_release) struct frame none = FRAME_INIT;

	for (int i = 0; i < 60; i++)
		wait_frame(h, -1, &none);
}

static inline bool heard(const struct harness *h, const char *part)
{
	for (int i = 0; i < h->heard_count; i++)
		if (strstr(h->heard[i], part))
			return true;
	return false;
}

static inline void take_cookie(char jar[TOKEN_SIZE], const char *value)
{
	const size_t len = strcspn(value, ";");

	assert_true(len == 0 || len == TOKEN_LEN);
	memcpy(jar, value, len);
	jar[len] = '\0';
}

static inline void take_headers(struct frame *f, struct browser *b, struct answer *a)
{
	for (int64_t n = frame_get_int(f); n > 0; n--) {
		const char *name = frame_get_text(f), *value = frame_get_text(f);

		if (strcmp(name, "Retry-After") == 0)
			snprintf(a->retry_after, sizeof(a->retry_after), "%s", value);
		if (strcmp(name, "Set-Cookie") != 0)
			continue;
		a->cookies++;
		assert_non_null(strstr(value, "; Path=/; Secure; HttpOnly; SameSite=Lax"));
		if (strncmp(value, "__Host-threads=", 15) == 0)
			take_cookie(b->session, value + 15);
		else if (strncmp(value, "__Host-threads-pending=", 23) == 0)
			take_cookie(b->pending, value + 23);
		else
			fail_msg("unknown cookie %s", value);
	}
}

/* Sends a request without waiting. */
static inline uint32_t ask(struct harness *h, const struct browser *b, const char *method,
			   const char *path, const char *body)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	char full[200];

	snprintf(full, sizeof(full), "/api/v1/auth/%s", path);
	frame_begin(&f, HTTP_REQUEST, ++h->last_id);
	frame_put_text(&f, method);
	frame_put_text(&f, full);
	frame_put_text(&f, "");
	frame_put_text(&f, b->session);
	frame_put_text(&f, b->pending);
	frame_put_text(&f, b->address ? b->address : "192.0.2.1");
	frame_put_text(&f, b->agent ? b->agent : "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
	frame_put_text(&f, "application/json");
	for (int i = 0; i < 3; i++)
		frame_put_text(&f, "");
	frame_put_text(&f, "https://threads.example.org");
	frame_put_bytes(&f, "", 0);
	frame_put_bytes(&f, body, body ? strlen(body) : 0);
	frame_put_int(&f, -1);
	assert_int_equal(frame_send(h->http_fd, &f, NULL), 0);
	return h->last_id;
}

static inline struct answer take_answer(struct harness *h, struct browser *b, uint32_t id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct answer a = { .status = 0 };
	struct threads_error err;
	size_t len;

	wait_frame(h, h->http_fd, &f);
	assert_int_equal(f.type, HTTP_RESPONSE);
	assert_int_equal(f.id, id);
	a.status = (int)frame_get_int(&f);
	assert_string_equal(frame_get_text(&f),
			    a.status < 400 ? "application/json" : "application/problem+json");
	take_headers(&f, b, &a);

	const char *body = frame_get_bytes(&f, &len);

	assert_rc(json_parse_object(body, len, &a.json, &err), 0, &err);
	assert_int_equal(frame_get_int(&f), HTTP_BODY_INLINE);
	assert_int_equal(frame_get_int(&f), 0);
	assert_int_equal(frame_get_int(&f), len);
	assert_rc(frame_get_end(&f, &err), 0, &err);
	return a;
}

static inline struct answer call(struct harness *h, struct browser *b, const char *method,
				 const char *path, const char *body)
{
	return take_answer(h, b, ask(h, b, method, path, body));
}

static inline const char *text_of(const struct answer *a, const char *name)
{
	const char *text = json_string_value(json_object_get(a->json, name));

	if (!text)
		fail_msg("no '%s' in %s", name, json_dumps(a->json, 0));
	return text;
}

/* A call that must give this status (and problem kind, unless NULL). */
static inline void expect(struct harness *h, struct browser *b, const char *method,
			  const char *path, const char *body, int status, const char *kind)
{
	CLEANUP(answer_release) struct answer a = call(h, b, method, path, body);
	char type[64];

	if (a.status != status)
		fail_msg("%s gave %d: %s", path, a.status, json_dumps(a.json, 0));
	if (!kind)
		return;
	snprintf(type, sizeof(type), "/problems/%s", kind);
	assert_string_equal(text_of(&a, "type"), type);
	assert_int_equal(json_integer_value(json_object_get(a.json, "status")), status);
}

static inline void seed_from(const char *base32, unsigned char seed[TOTP_SEED_LEN])
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT(TOTP_SEED_LEN);

	assert_int_equal(base32_decode(&bytes, base32, strlen(base32), NULL), 0);
	assert_int_equal(bytes.len, TOTP_SEED_LEN);
	memcpy(seed, bytes.data, TOTP_SEED_LEN);
}

/* {"code":"..."} of this moment. */
static inline const char *code_body(const struct harness *h,
				    const unsigned char seed[TOTP_SEED_LEN], char out[40])
{
	char code[TOTP_CODE_SIZE];

	assert_int_equal(totp_code(seed, h->now_ms, code, NULL), 0);
	snprintf(out, 40, "{\"code\":\"%s\"}", code);
	return out;
}

/* Sends a verb as threadsctl does, through api. Gives its line (NULL if none) and exit status. */
static inline json_t *verb(struct harness *h, const char *name, const char *arguments,
			   int *ret_exit, char words[300])
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	json_t *line = NULL;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	frame_begin(&f, CTL_VERB_AUTH, 1);
	frame_put_text(&f, name);
	frame_put_text(&f, arguments);
	assert_int_equal(frame_send(fds[1], &f, NULL), 0);
	frame_begin(&f, AUTH_CONTROL, 0);
	frame_put_fd(&f, fds[0]);
	assert_int_equal(frame_send(h->api_fd, &f, NULL), 0);
	close(fds[0]);
	for (;;) {
		CLEANUP(frame_release) struct frame in = FRAME_INIT;

		wait_frame(h, fds[1], &in);
		if (in.type == CTL_LINE) {
			line = json_loads(frame_get_text(&in), 0, NULL);
			assert_non_null(line);
			continue;
		}
		assert_int_equal(in.type, CTL_END);
		*ret_exit = (int)frame_get_int(&in);
		snprintf(words, 300, "%s", frame_get_text(&in));
		close(fds[1]);
		return line;
	}
}

/* The part of a link after "#". */
static inline const char *link_token(const char *link)
{
	const char *hash = strchr(link, '#');

	assert_non_null(hash);
	assert_int_equal(strlen(hash + 1), TOKEN_LEN);
	return hash + 1;
}

struct person {
	struct browser browser;
	char id[PUBLIC_ID_SIZE];
	unsigned char seed[TOTP_SEED_LEN];
	char codes[10][40];
};

/* From a link's token to a signed-in person. */
static inline void enrol(struct harness *h, struct person *p, const char *token, const char *name)
{
	char body[300], code[40];

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
	expect(h, &p->browser, "POST", "link/open", body, 200, NULL);
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"" GOOD_PASSWORD "\"}", name);

	CLEANUP(answer_release)
	struct answer a = call(h, &p->browser, "POST", "enrol/password", body);

	assert_int_equal(a.status, 200);
	seed_from(json_string_value(json_object_get(json_object_get(a.json, "totp"), "secret")),
		  p->seed);

	CLEANUP(answer_release)
	struct answer b =
		call(h, &p->browser, "POST", "enrol/confirm", code_body(h, p->seed, code));

	assert_int_equal(b.status, 200);
	for (size_t i = 0; i < 10; i++)
		snprintf(p->codes[i], sizeof(p->codes[i]), "%s",
			 json_string_value(
				 json_array_get(json_object_get(b.json, "recovery_codes"), i)));
	snprintf(p->id, sizeof(p->id), "%s",
		 json_string_value(json_object_get(json_object_get(b.json, "user"), "id")));
}

/* The first owner, by a set-up link; the clock then moves past the code used. */
static inline void make_owner(struct harness *h, struct person *p)
{
	char words[300], token[TOKEN_SIZE];
	int status;
	json_t *line = verb(h, "setup-link", "{\"user\":\"\"}", &status, words);

	assert_int_equal(status, 0);
	snprintf(token, sizeof(token), "%s",
		 link_token(json_string_value(json_object_get(line, "link"))));
	json_decref(line);
	enrol(h, p, token, "Mara");
	h->now_ms += 60 * 1000;
}

static inline void sign_in_password(struct harness *h, struct browser *b, const char *name,
				    const char *password, int status)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
	expect(h, b, "POST", "signin", body, status, NULL);
}

#endif
