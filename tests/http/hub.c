/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "hub.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "supervise.h"

extern char **environ;

static void send_frame(int fd, const struct frame *f)
{
	struct threads_error err;

	for (int i = 0; i < 200; i++) {
		const int rc = frame_send(fd, f, &err);

		if (rc != THREADS_EAGAIN)
			return;
		usleep(5000);
	}
}

/* ---- the played roles (in their thread: no assertions) ---- */

static void put_answer(struct frame *f, uint32_t id, int status, const char *type)
{
	frame_begin(f, HTTP_RESPONSE, id);
	frame_put_int(f, status);
	frame_put_text(f, type);
}

static void put_body(struct frame *f, const char *body)
{
	frame_put_bytes(f, body, strlen(body));
	frame_put_int(f, HTTP_BODY_INLINE);
	frame_put_int(f, 0);
	frame_put_int(f, 0);
}

static void answer_text(int fd, uint32_t id, int status, const char *json)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	put_answer(&f, id, status, "application/json");
	frame_put_int(&f, 3);
	frame_put_text(&f, "ETag");
	frame_put_text(&f, "\"text\"");
	frame_put_text(&f, "X-Evil");
	frame_put_text(&f, "dropped");
	frame_put_text(&f, "Set-Cookie");
	frame_put_text(&f, "played=1");
	put_body(&f, json);
	send_frame(fd, &f);
}

static void answer_file(int fd, uint32_t id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int file = memfd_create("file", MFD_CLOEXEC);

	for (int i = 0; i < HUB_FILE_SIZE / 10; i++)
		dprintf(file, "%09d\n", i);
	put_answer(&f, id, 200, "application/octet-stream");
	frame_put_int(&f, 2);
	frame_put_text(&f, "ETag");
	frame_put_text(&f, "\"file\"");
	frame_put_text(&f, "Content-Disposition");
	frame_put_text(&f, "attachment; filename=\"a.bin\"");
	frame_put_bytes(&f, "", 0);
	frame_put_int(&f, HTTP_BODY_FD);
	frame_put_int(&f, 0);
	frame_put_int(&f, HUB_FILE_SIZE);
	frame_put_fd(&f, file);
	send_frame(fd, &f);
}

static void answer_kind(struct hub *hub, int fd, uint32_t id, enum http_body kind, int64_t length)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	put_answer(&f, id, 200, kind == HTTP_BODY_STREAM ? "text/event-stream" : "");
	frame_put_int(&f, 0);
	frame_put_bytes(&f, "", 0);
	frame_put_int(&f, kind);
	frame_put_int(&f, kind == HTTP_BODY_UPLOAD ? 7 : 0);
	frame_put_int(&f, length);
	if (kind == HTTP_BODY_UPLOAD)
		frame_put_fd(&f, hub->upload_fd);
	send_frame(fd, &f);
}

struct asked {
	const char *method, *path, *query, *cookie, *pending, *client, *origin;
	size_t ticket_len, body_len;
	int64_t length;
};

static void read_request(struct frame *f, struct asked *asked)
{
	asked->method = frame_get_text(f);
	asked->path = frame_get_text(f);
	asked->query = frame_get_text(f);
	asked->cookie = frame_get_text(f);
	asked->pending = frame_get_text(f);
	asked->client = frame_get_text(f);
	for (int i = 0; i < 5; i++)
		frame_get_text(f);
	asked->origin = frame_get_text(f);
	frame_get_bytes(f, &asked->ticket_len);
	frame_get_bytes(f, &asked->body_len);
	asked->length = frame_get_int(f);
	if (!frame_at_end(f)) {
		const int fd = frame_get_fd(f);

		asked->body_len = (size_t)lseek(fd, 0, SEEK_END);
		close(fd);
	}
}

static void answer_echo(int fd, uint32_t id, const struct asked *asked)
{
	CLEANUP(strbuf_release) struct strbuf json = STRBUF_INIT(16384);

	strbuf_addf(&json,
		    "{\"method\":\"%s\",\"path\":\"%s\",\"query\":\"%s\",\"cookie\":\"%s\","
		    "\"pending\":\"%s\",\"client\":\"%s\",\"origin\":\"%s\",\"ticket\":%zu,"
		    "\"body\":%zu}",
		    asked->method, asked->path, asked->query, asked->cookie, asked->pending,
		    asked->client, asked->origin, asked->ticket_len, asked->body_len);
	answer_text(fd, id, 200, strbuf_str(&json));
}

static void play_request(struct hub *hub, int *fd, int index, struct frame *f)
{
	struct asked asked = { 0 };

	read_request(f, &asked);
	hub->requests++;
	if (strcmp(asked.path, "/api/v1/file") == 0) {
		answer_file(*fd, f->id);
	} else if (strcmp(asked.path, "/api/v1/die") == 0 && hub->deaths == 0) {
		hub->deaths++;
		close(*fd);
		*fd = -1;
	} else if (strcmp(asked.path, "/api/v1/silent") == 0) {
		return;
	} else if (strcmp(asked.path, "/api/v1/events") == 0) {
		hub->stream_id = f->id;
		hub->stream_api = index;
		answer_kind(hub, *fd, f->id, HTTP_BODY_STREAM, 0);
	} else if (strcmp(asked.path, "/api/v1/imports/no/files/a") == 0) {
		answer_text(*fd, f->id, 404, "{}");
	} else if (asked.length >= 0) {
		answer_kind(hub, *fd, f->id, HTTP_BODY_UPLOAD, asked.length);
	} else {
		answer_echo(*fd, f->id, &asked);
	}
}

static void play_ticket(struct hub *hub, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const bool good = strcmp(frame_get_text(f), "good") == 0 && !hub->signed_out;

	hub->tickets++;
	frame_begin(&answer, HTTP_TICKET_IS, f->id);
	frame_put_int(&answer, good);
	frame_put_bytes(&answer, "ticket-bytes", good ? 12 : 0);
	frame_put_text(&answer, good ? "user" : "");
	send_frame(hub->auth, &answer);
}

static void play_frame(struct hub *hub, int *fd, int index)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (*fd < 0 || frame_recv(*fd, &f, &err) <= 0)
		return;
	if (f.type == HTTP_TICKET) {
		play_ticket(hub, &f);
	} else if (f.type == HTTP_REQUEST) {
		play_request(hub, fd, index, &f);
	} else if (f.type == HTTP_UPLOAD_DONE) {
		char json[64];

		hub->upload_bytes = (long)frame_get_int(&f);
		snprintf(json, sizeof(json), "{\"received\":%ld}", hub->upload_bytes);
		if (hub->upload_bytes >= 0)
			answer_text(*fd, f.id, 200, json);
	} else if (f.type == HTTP_STREAM_TICKET) {
		hub->renewals++;
	} else if (f.type == HTTP_STREAM_END) {
		hub->stream_ends++;
	}
}

static void *play(void *arg)
{
	struct hub *hub = arg;

	for (;;) {
		struct pollfd fds[2 + HUB_APIS] = { { .fd = hub->wake[0], .events = POLLIN } };

		pthread_mutex_lock(&hub->lock);
		if (hub->stop)
			break;
		fds[1] = (struct pollfd){ .fd = hub->auth, .events = POLLIN };
		for (int i = 0; i < HUB_APIS; i++)
			fds[2 + i] = (struct pollfd){ .fd = hub->api[i], .events = POLLIN };
		pthread_mutex_unlock(&hub->lock);
		poll(fds, ARRAY_SIZE(fds), 1000);
		pthread_mutex_lock(&hub->lock);
		if (fds[0].revents) {
			char c;

			(void)!read(hub->wake[0], &c, 1);
		}
		if (fds[1].revents && fds[1].fd == hub->auth)
			play_frame(hub, &hub->auth, -1);
		for (int i = 0; i < HUB_APIS; i++)
			if (fds[2 + i].revents && fds[2 + i].fd == hub->api[i])
				play_frame(hub, &hub->api[i], i);
		pthread_mutex_unlock(&hub->lock);
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

static void wake(struct hub *hub)
{
	(void)!write(hub->wake[1], "x", 1);
}

/* ---- the played supervisor ---- */

static void spawn_role(struct hub *hub, int child_end)
{
	static const char program[] = THREADS_BINARY_DIR "/libexec/threads-http";
	char name[] = "threads-http";
	char *const argv[] = { name, NULL };
	posix_spawn_file_actions_t actions;

	CLEANUP(strbuf_release) struct strbuf options = STRBUF_INIT(4096);
	const char *given = getenv("ASAN_OPTIONS");

	/* LeakSanitizer stops the process with ptrace(), which the sandbox ends. */
	strbuf_addf(&options, "%s:detect_leaks=0", given ? given : "");
	setenv("ASAN_OPTIONS", strbuf_str(&options), 1);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, child_end, 3);
	assert_int_equal(posix_spawn(&hub->pid, program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
}

static void open_listener(struct hub *hub)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	hub->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(hub->listen_fd >= 0);
	assert_int_equal(bind(hub->listen_fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(hub->listen_fd, 1024), 0);
	assert_int_equal(getsockname(hub->listen_fd, (struct sockaddr *)&address, &len), 0);
	hub->port = ntohs(address.sin_port);
}

static void say_config(struct hub *hub, const char *config)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	char text[512];

	/* As the supervisor does where nobody set it; what stands later counts. */
	snprintf(text, sizeof(text), "public_url = http://localhost:%d\n%s", hub->port, config);
	supervise_put_config(&f, &(struct supervise_config){ .role = ROLE_HTTP,
							     .config = text,
							     .insecure = true,
							     .listen_fd = hub->listen_fd });
	send_frame(hub->control, &f);
}

static void wait_ready(struct hub *hub)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct pollfd fds = { .fd = hub->control, .events = POLLIN };
	struct threads_error err;

	assert_int_equal(poll(&fds, 1, 20000), 1);
	assert_rc(frame_recv(hub->control, &f, &err), 1, &err);
	assert_int_equal(f.type, CTL_READY);
}

void hub_start(struct hub *hub, const char *config)
{
	int pair[2];

	*hub = (struct hub){ .auth = -1, .api = { -1, -1 }, .stream_api = -1 };
	assert_int_equal(pthread_mutex_init(&hub->lock, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(hub->wake, O_CLOEXEC), 0);
	hub->control = pair[0];
	hub->upload_fd = memfd_create("upload", MFD_CLOEXEC);
	open_listener(hub);
	spawn_role(hub, pair[1]);
	close(pair[1]);
	say_config(hub, config);
	wait_ready(hub);
	assert_int_equal(pthread_create(&hub->thread, NULL, play, hub), 0);
}

static int *hub_slot(struct hub *hub, enum role role, int64_t instance)
{
	return role == ROLE_AUTH ? &hub->auth : &hub->api[instance];
}

void hub_connect(struct hub *hub, enum role role, int64_t instance)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	supervise_put_peer(&f, role, instance, pair[1]);
	send_frame(hub->control, &f);
	close(pair[1]);
	pthread_mutex_lock(&hub->lock);
	*hub_slot(hub, role, instance) = pair[0];
	pthread_mutex_unlock(&hub->lock);
	wake(hub);
}

void hub_disconnect(struct hub *hub, enum role role, int64_t instance)
{
	int *slot = hub_slot(hub, role, instance);

	pthread_mutex_lock(&hub->lock);
	if (*slot >= 0)
		close(*slot);
	*slot = -1;
	pthread_mutex_unlock(&hub->lock);
	wake(hub);
}

void hub_say_roles(struct hub *hub, const char *const *ready, size_t count)
{
	static const struct {
		enum role role;
		const char *name;
	} roles[] = { { ROLE_HTTP, "http" },
		      { ROLE_API, "api" },
		      { ROLE_AUTH, "auth" },
		      { ROLE_VAULT, "vault" },
		      { ROLE_INDEX, "index" } };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_ROLES, 0);
	frame_put_int(&f, 1);
	frame_put_int(&f, ARRAY_SIZE(roles));
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		const char *state = "starting";

		for (size_t k = 0; k < count; k++)
			if (strcmp(ready[k], roles[i].name) == 0)
				state = "ready";
		frame_put_int(&f, roles[i].role);
		frame_put_int(&f, 0);
		frame_put_int(&f, 1);
		frame_put_text(&f, state);
		frame_put_int(&f, 0);
		frame_put_int(&f, 1);
	}
	send_frame(hub->control, &f);
}

void hub_event(struct hub *hub, const char *data)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	pthread_mutex_lock(&hub->lock);
	frame_begin(&f, HTTP_STREAM_DATA, hub->stream_id);
	frame_put_bytes(&f, data, strlen(data));
	if (hub->stream_api >= 0 && hub->api[hub->stream_api] >= 0)
		send_frame(hub->api[hub->stream_api], &f);
	pthread_mutex_unlock(&hub->lock);
}

void hub_stop(struct hub *hub)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int status = -1;

	frame_begin(&f, CTL_STOP, 0);
	send_frame(hub->control, &f);
	for (int i = 0; i < 1000 && waitpid(hub->pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	pthread_mutex_lock(&hub->lock);
	hub->stop = true;
	pthread_mutex_unlock(&hub->lock);
	wake(hub);
	pthread_join(hub->thread, NULL);
	for (int i = 0; i < HUB_APIS; i++)
		hub_disconnect(hub, ROLE_API, i);
	hub_disconnect(hub, ROLE_AUTH, 0);
	pthread_mutex_destroy(&hub->lock);
	close(hub->control);
	close(hub->listen_fd);
	close(hub->upload_fd);
	close(hub->wake[0]);
	close(hub->wake[1]);
	/* Also a sanitizer's word about the role. */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
