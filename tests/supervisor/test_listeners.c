/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of systemd's and our own, and the address that follows from them. */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "supervisor/listeners.h"

struct world {
	struct supervisor s;
	char path[2200];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct threads_error err;

	assert_non_null(w);
	w->s.http_fd = w->s.control_fd = w->s.metrics_fd = -1;
	snprintf(w->s.data_dir, sizeof(w->s.data_dir), "/tmp/threads-listen-XXXXXX");
	assert_non_null(mkdtemp(w->s.data_dir));
	snprintf(w->path, sizeof(w->path), "%s/run", w->s.data_dir);
	assert_int_equal(mkdir(w->path, 0700), 0);
	assert_int_equal(config_new(&w->s.config, &err), 0);
	assert_int_equal(config_set(w->s.config, "listen", "127.0.0.1:0", &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "run/control.sock", "run/metrics.sock", "http.sock" };
	struct world *w = *state;
	const int fds[] = { w->s.http_fd, w->s.control_fd, w->s.metrics_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(w->path, sizeof(w->path), "%s/%s", w->s.data_dir, names[i]);
		unlink(w->path);
	}
	snprintf(w->path, sizeof(w->path), "%s/run", w->s.data_dir);
	rmdir(w->path);
	rmdir(w->s.data_dir);
	w->s.config = config_free(w->s.config);
	free(w);
	return 0;
}

static int tcp_socket(bool listens)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(!listens || listen(fd, 1) == 0);
	return fd;
}

static void test_port_zero_is_named_as_it_is(void **state)
{
	struct world *w = *state;
	struct threads_error err;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char want[64];

	assert_int_equal(listeners_open(&w->s, &err), 0);
	assert_int_equal(getsockname(w->s.http_fd, (struct sockaddr *)&address, &len), 0);
	snprintf(want, sizeof(want), "http://localhost:%d", ntohs(address.sin_port));
	assert_string_equal(w->s.origin, want);
	assert_int_not_equal(ntohs(address.sin_port), 0);
}

static void test_a_public_url_counts_more(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(config_set(w->s.config, "public_url", "https://hub.example.org//", &err),
			 0);
	assert_int_equal(listeners_open(&w->s, &err), 0);
	assert_string_equal(w->s.origin, "https://hub.example.org");
}

static void test_a_unix_socket_has_no_port(void **state)
{
	struct world *w = *state;
	struct threads_error err;
	struct stat st;

	snprintf(w->path, sizeof(w->path), "%s/http.sock", w->s.data_dir);
	assert_int_equal(config_set(w->s.config, "listen", w->path, &err), 0);
	assert_int_equal(listeners_open(&w->s, &err), 0);
	assert_string_equal(w->s.origin, "http://localhost");
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

enum outcome { OWN_SOCKET = 10, PASSED_SOCKET, REFUSED, BROKEN };

static enum outcome outcome_of(struct world *w, const char *passed_name)
{
	struct threads_error err;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char port[64];

	if (listeners_open(&w->s, &err) < 0)
		return strstr(err.text, "socket activation") ? REFUSED : BROKEN;
	if (getsockname(w->s.http_fd, (struct sockaddr *)&address, &len) < 0 || w->s.http_fd <= 3)
		return BROKEN;
	if (!(fcntl(w->s.http_fd, F_GETFL) & O_NONBLOCK) ||
	    !(fcntl(w->s.http_fd, F_GETFD) & FD_CLOEXEC))
		return BROKEN;
	snprintf(port, sizeof(port), "%d", ntohs(address.sin_port));
	return strcmp(port, passed_name) == 0 ? PASSED_SOCKET : OWN_SOCKET;
}

/* In a process of its own, because descriptor 3 is the one that counts. */
static enum outcome try_passed(struct world *w, int fd, const char *count, bool to_us)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);
	char pid_text[16], port[64];
	int status;
	pid_t pid;

	(void)getsockname(fd, (struct sockaddr *)&address, &len);
	snprintf(port, sizeof(port), "%d", ntohs(address.sin_port));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		snprintf(pid_text, sizeof(pid_text), "%d", (int)getpid() + (to_us ? 0 : 1));
		setenv("LISTEN_PID", pid_text, 1);
		setenv("LISTEN_FDS", count, 1);
		if (fd != 3 && dup2(fd, 3) < 0)
			_exit(BROKEN);
		_exit((int)outcome_of(w, port));
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum outcome)WEXITSTATUS(status);
}

static void test_a_passed_socket_is_taken(void **state)
{
	assert_int_equal(try_passed(*state, tcp_socket(true), "1", true), PASSED_SOCKET);
}

static void test_what_was_passed_to_another_process_is_not(void **state)
{
	assert_int_equal(try_passed(*state, tcp_socket(true), "1", false), OWN_SOCKET);
}

static void test_anything_else_than_one_listener_is_refused(void **state)
{
	assert_int_equal(try_passed(*state, tcp_socket(true), "2", true), REFUSED);
	assert_int_equal(try_passed(*state, tcp_socket(false), "1", true), REFUSED);
	assert_int_equal(try_passed(*state, open("/dev/null", O_RDWR), "1", true), REFUSED);
	assert_int_equal(try_passed(*state, socket(AF_INET, SOCK_DGRAM, 0), "1", true), REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_port_zero_is_named_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_public_url_counts_more, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_unix_socket_has_no_port, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_passed_socket_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_passed_to_another_process_is_not,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_anything_else_than_one_listener_is_refused,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("supervisor/listeners", tests, NULL, NULL);
}
