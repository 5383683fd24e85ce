/* SPDX-License-Identifier: Apache-2.0 */
/* The real program in its sandbox, with the test as supervisor and index. */
#include "test.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "ipc/memfd.h"
#include "supervise.h"
#include "verify.h"

enum { WAIT_MS = 30000 };

#define MAIL                                                                                       \
	"Subject: =?iso-2022-jp?B?GyRCJUYbKEI=?=\nContent-Type: text/plain; charset=koi8-r\n\n"    \
	"\xC1\xC2\n"

struct process {
	pid_t pid;
	int control_fd, index_fd;
};

static void send_frame(int fd, const struct frame *f)
{
	struct threads_error err;

	assert_rc(frame_send(fd, f, &err), 0, &err);
}

/* Returns 0 at the end of file. */
static int recv_frame(int fd, struct frame *f)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct threads_error err;
	int rc;

	assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
	rc = frame_recv(fd, f, &err);
	if (rc < 0)
		fail_msg("%s", err.text);
	return rc;
}

static void send_config(int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	supervise_put_config(&f, &(struct supervise_config){
					 .role = ROLE_PARSE, .instance = 1, .insecure = true });
	send_frame(fd, &f);
}

static int give_index(int control_fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	supervise_put_peer(&f, ROLE_INDEX, 0, fds[0]);
	send_frame(control_fd, &f);
	close(fds[0]);
	return fds[1];
}

static struct process start(void)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct process p;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0)
		supervise_become("threads-parse", fds[0]);
	close(fds[0]);
	p.control_fd = fds[1];
	send_config(p.control_fd);
	assert_int_equal(recv_frame(p.control_fd, &f), 1);
	assert_int_equal(f.type, CTL_READY);
	p.index_fd = give_index(p.control_fd);
	return p;
}

static int end(struct process *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->control_fd);
	close(p->index_fd);
	return status;
}

static void ask_batch(const struct process *p, int input, int output, size_t len)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, PARSE_BATCH, 7);
	frame_put_fd(&f, input);
	frame_put_fd(&f, output);
	frame_put_int(&f, 1);
	frame_put_int(&f, 0);
	frame_put_int(&f, (int64_t)len);
	frame_put_int(&f, 0);
	send_frame(p->index_fd, &f);
}

static void look(void *arg, const struct verify_message *m)
{
	snprintf(arg, 100, "%s: %s", m->record->subject.text, m->record->body_text.text);
}

/* Two charsets whose converters are files: a confined process cannot open them any more. */
static void test_one_batch_then_the_end(void **state)
{
	static const struct batch_entry entry = { 0, sizeof(MAIL) - 1 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int output = memfd_create("out", MFD_CLOEXEC);
	struct process p = start();
	struct threads_error err;
	char seen[100] = "";
	int input;

	(void)state;
	assert_rc(memfd_from("in", MAIL, sizeof(MAIL) - 1, &input, &err), 0, &err);
	ask_batch(&p, input, output, sizeof(MAIL) - 1);
	assert_int_equal(recv_frame(p.index_fd, &f), 1);
	assert_int_equal(f.type, PARSE_BATCH_IS);
	assert_int_equal(f.id, 7);
	assert_int_equal(end(&p), 0);
	assert_rc(verify_output(output, (const unsigned char *)MAIL, &entry, 1, look, seen, &err),
		  0, &err);
	assert_string_equal(seen, "\xE3\x83\x86: \xD0\xB0\xD0\xB1\n");
	close(input);
}

/* Input that could shrink while it is read is not mapped. */
static void test_unsealed_input_is_refused(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int input = memfd_create("in", MFD_CLOEXEC);
	AUTO_FD int output = memfd_create("out", MFD_CLOEXEC);
	struct process p = start();

	(void)state;
	assert_int_equal(write(input, MAIL, sizeof(MAIL) - 1), sizeof(MAIL) - 1);
	ask_batch(&p, input, output, sizeof(MAIL) - 1);
	assert_int_equal(recv_frame(p.index_fd, &f), 1);
	assert_int_equal(f.type, IPC_ERROR);
	assert_int_equal(frame_get_int(&f), THREADS_EINVAL);
	assert_int_equal(end(&p), 0);
}

static void test_ends_with_index(void **state)
{
	struct process p = start();

	(void)state;
	close(p.index_fd);
	p.index_fd = -1;
	assert_int_equal(end(&p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_batch_then_the_end),
		cmocka_unit_test(test_unsealed_input_is_refused),
		cmocka_unit_test(test_ends_with_index),
	};

	return cmocka_run_group_tests_name("parse/process", tests, NULL, NULL);
}
