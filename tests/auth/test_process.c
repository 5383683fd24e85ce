/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program libexec/threads-auth as the supervisor starts it: confined, with
 * a thread that hashes, killed in the middle and started again.
 */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/json.h"
#include "core/strbuf.h"
#include "supervise.h"

enum { WAIT_MS = 20000 };

struct process {
	pid_t pid;
	int control_fd, http_fd, api_fd;
};

static char folder[64];

static void send_frame(int fd, const struct frame *f)
{
	struct threads_error err;

	assert_rc(frame_send(fd, f, &err), 0, &err);
}

static void recv_frame(int fd, struct frame *f)
{
	struct pollfd fds = { .fd = fd, .events = POLLIN };
	struct threads_error err;

	if (poll(&fds, 1, WAIT_MS) != 1)
		fail_msg("no frame");
	assert_rc(frame_recv(fd, f, &err), 1, &err);
}

static void socket_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
}

static void send_config(int fd)
{
	static const unsigned char key[32] = "a key for tests";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	supervise_put_config(&f, &(struct supervise_config){
					 .role = ROLE_AUTH,
					 .folder = folder,
					 .config = "public_url = https://threads.example.org\n",
					 .insecure = true,
					 .key = key,
					 .ticket_key = key });
	send_frame(fd, &f);
}

static int give_peer(int control_fd, enum role who)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int fds[2];

	socket_pair(fds);
	supervise_put_peer(&f, who, 0, fds[0]);
	send_frame(control_fd, &f);
	close(fds[0]);
	return fds[1];
}

static struct process start(void)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct process p;
	int fds[2];

	socket_pair(fds);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0)
		supervise_become("threads-auth", fds[0]);
	close(fds[0]);
	p.control_fd = fds[1];
	send_config(p.control_fd);
	recv_frame(p.control_fd, &f);
	assert_int_equal(f.type, CTL_READY);
	p.http_fd = give_peer(p.control_fd, ROLE_HTTP);
	p.api_fd = give_peer(p.control_fd, ROLE_API);
	return p;
}

/* Returns the status of waitpid(). */
static int end(struct process *p, int sig)
{
	int status;

	close(p->http_fd);
	close(p->api_fd);
	if (sig)
		kill(p->pid, sig);
	close(p->control_fd);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return status;
}

/* As threadsctl: a verb on a connection that api passes on. Returns its other end. */
static int say_verb(const struct process *p, const char *verb, const char *arguments)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int fds[2];

	socket_pair(fds);
	frame_begin(&f, CTL_VERB_AUTH, 1);
	frame_put_text(&f, verb);
	frame_put_text(&f, arguments);
	send_frame(fds[1], &f);
	frame_begin(&f, AUTH_CONTROL, 0);
	frame_put_fd(&f, fds[0]);
	send_frame(p->api_fd, &f);
	close(fds[0]);
	return fds[1];
}

static json_t *recv_line(int fd)
{
	CLEANUP(frame_release) struct frame in = FRAME_INIT;
	json_t *line;

	recv_frame(fd, &in);
	assert_int_equal(in.type, CTL_LINE);
	line = json_loads(frame_get_text(&in), 0, NULL);
	assert_non_null(line);
	return line;
}

static json_t *setup_link(const struct process *p)
{
	AUTO_FD int fd = say_verb(p, "setup-link", "{\"user\":\"\"}");

	return recv_line(fd);
}

/* A POST; returns its status and keeps the pending cookie. */
static int post(const struct process *p, const char *path, const char *body, char pending[64])
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(frame_release) struct frame in = FRAME_INIT;
	int status;

	frame_begin(&f, HTTP_REQUEST, 9);
	frame_put_text(&f, "POST");
	frame_put_text(&f, path);
	frame_put_text(&f, "");
	frame_put_text(&f, "");
	frame_put_text(&f, pending);
	frame_put_text(&f, "192.0.2.1");
	for (int i = 0; i < 5; i++)
		frame_put_text(&f, "");
	frame_put_text(&f, "https://threads.example.org");
	frame_put_bytes(&f, "", 0);
	frame_put_bytes(&f, body, strlen(body));
	frame_put_int(&f, -1);
	send_frame(p->http_fd, &f);
	recv_frame(p->http_fd, &in);
	assert_int_equal(in.type, HTTP_RESPONSE);
	status = (int)frame_get_int(&in);
	frame_get_text(&in);
	for (int64_t n = frame_get_int(&in); n > 0; n--) {
		frame_get_text(&in);

		const char *value = strstr(frame_get_text(&in), "pending=");

		if (value)
			snprintf(pending, 64, "%.43s", value + 8);
	}
	return status;
}

static const char enrol_body[] = "{\"name\":\"Mara\",\"password\":\"nine wet otters\"}";

static void test_confined_it_hashes_and_survives_kills(void **state)
{
	char body[100], pending[64] = "";
	struct process p = start();
	json_t *line = setup_link(&p);
	const char *link = json_string_value(json_object_get(line, "link"));

	(void)state;
	assert_memory_equal(link, "https://threads.example.org/setup#", 34);
	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", strchr(link, '#') + 1);
	json_decref(line);
	assert_int_equal(post(&p, "/api/v1/auth/link/open", body, pending), 200);
	assert_int_equal(strlen(pending), 43);
	/* What it had answered, it still knows after SIGKILL. */
	assert_true(WIFSIGNALED(end(&p, SIGKILL)));
	p = start();
	assert_int_equal(post(&p, "/api/v1/auth/enrol/password", enrol_body, pending), 200);
	assert_int_equal(post(&p, "/api/v1/auth/link/open", body, pending), 410);

	const int status = end(&p, SIGTERM);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void expect_end(int fd)
{
	struct pollfd fds = { .fd = fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&fds, 1, WAIT_MS), 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void test_a_malformed_frame_closes_that_link_only(void **state)
{
	struct process p = start();
	char pending[64] = "";

	(void)state;
	assert_int_equal(send(p.http_fd, "nonsense", 8, 0), 8);
	expect_end(p.http_fd);
	close(p.http_fd);
	p.http_fd = give_peer(p.control_fd, ROLE_HTTP);
	assert_int_equal(post(&p, "/api/v1/auth/signin",
			      "{\"name\":\"x\",\"password\":\"wrong wrong\"}", pending),
			 401);
	/* The supervisor's end is its end. */
	const int status = end(&p, 0);

	assert_true(WIFEXITED(status));
}

/* What hashes and sessions lie in goes to threadsctl, never through api, which serves the network. */
static void test_a_copy_goes_to_the_operator_alone(void **state)
{
	CLEANUP(frame_release) struct frame ask = FRAME_INIT;
	CLEANUP(frame_release) struct frame in = FRAME_INIT;
	struct process p = start();
	AUTO_FD int asker = say_verb(&p, "backup", "{\"part\":\"auth\",\"hold\":0}");
	AUTO_FD int copy = -1;
	char head[16] = "";
	json_t *line;

	(void)state;
	recv_frame(asker, &in);
	assert_int_equal(in.type, CTL_BLOB);
	copy = frame_get_fd(&in);
	assert_int_equal(pread(copy, head, sizeof(head), 0), sizeof(head));
	assert_string_equal(head, "SQLite format 3");
	line = recv_line(asker);
	assert_int_equal(json_integer_value(json_object_get(line, "bytes")),
			 lseek(copy, 0, SEEK_END));
	json_decref(line);

	frame_begin(&ask, BACKUP_SNAPSHOT, 1);
	send_frame(p.api_fd, &ask);
	expect_end(p.api_fd);
	end(&p, SIGTERM);
}

/* A copy holds what may be erased since: a role that died over it removes it when it starts. */
static void test_what_a_killed_copy_left_is_removed(void **state)
{
	static const char *const names[] = { "copy.db", "copy.db-journal" };
	char path[100];
	struct process p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/auth/%s", folder, names[i]);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		assert_int_equal(access(path, F_OK), 0);
	}
	p = start();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/auth/%s", folder, names[i]);
		assert_int_equal(access(path, F_OK), -1);
	}
	end(&p, SIGTERM);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/threads-auth-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const files[] = { "auth/auth.db", "auth/auth.db-wal",
					     "auth/auth.db-shm" };
	char path[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/auth", folder);
	rmdir(path);
	rmdir(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined_it_hashes_and_survives_kills),
		cmocka_unit_test(test_a_malformed_frame_closes_that_link_only),
		cmocka_unit_test(test_a_copy_goes_to_the_operator_alone),
		cmocka_unit_test(test_what_a_killed_copy_left_is_removed),
	};

	return cmocka_run_group_tests_name("auth/process", tests, make_folder, remove_folder);
}
