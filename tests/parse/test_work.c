/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "ipc/memfd.h"
#include "parse/work.h"
#include "verify.h"

#define MAIL      "Subject: 1\n\nbody\n"
#define SEPARATOR "From a@example.org Mon Jan  1 00:00:00 2024\n"

static int setup(void **state)
{
	struct mime *mime = NULL;
	const int rc = mime_open(&mime, NULL);

	*state = mime;
	return rc;
}

static int teardown(void **state)
{
	mime_close(*state);
	return 0;
}

/* What index sends, with the second entry at offset. */
static void batch_frame(struct frame *f, int input, int output, int64_t offset)
{
	frame_begin(f, PARSE_BATCH, 1);
	frame_put_fd(f, input);
	frame_put_fd(f, output);
	frame_put_int(f, 2);
	frame_put_int(f, 0);
	frame_put_int(f, sizeof(MAIL) - 1);
	frame_put_int(f, 0);
	frame_put_int(f, offset);
	frame_put_int(f, sizeof(MAIL) - 1);
	frame_put_int(f, 0);
}

/* The frame travels, because only then its descriptors are its own. */
static int ask(struct mime *mime, const struct frame *question, struct frame *answer,
	       struct threads_error *err)
{
	CLEANUP(frame_release) struct frame received = FRAME_INIT;
	int pair[2], rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_rc(frame_send(pair[0], question, err), 0, err);
	assert_rc(frame_recv(pair[1], &received, err), 1, err);
	rc = work_do(mime, &received, answer, err);
	close(pair[0]);
	close(pair[1]);
	return rc;
}

static void test_batch(void **state)
{
	static const struct batch_entry entries[] = { { 0, sizeof(MAIL) - 1 },
						      { sizeof(MAIL) - 1, sizeof(MAIL) - 1 } };
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int output = memfd_create("out", MFD_CLOEXEC);
	AUTO_FD int input = -1;
	struct threads_error err;
	int fd = -1;

	assert_rc(memfd_from("in", MAIL MAIL, sizeof(MAIL MAIL) - 1, &fd, &err), 0, &err);
	input = fd;
	batch_frame(&question, input, output, sizeof(MAIL) - 1);
	assert_rc(ask(*state, &question, &answer, &err), 0, &err);
	assert_int_equal(answer.type, PARSE_BATCH_IS);
	assert_int_equal(frame_get_int(&answer), 2);
	assert_rc(verify_output(output, (const unsigned char *)MAIL MAIL, entries, 2, NULL, NULL,
				&err),
		  0, &err);
	/* Control: an entry that reaches over the end is refused. */
	batch_frame(&question, input, output, sizeof(MAIL));
	assert_int_equal(ask(*state, &question, &answer, &err), THREADS_EINVAL);
}

static void test_split(void **state)
{
	static const char mbox[] = SEPARATOR "1\n\n" SEPARATOR "22\n\n" SEPARATOR "333\n\n";
	const int64_t first = sizeof(SEPARATOR) - 1, step = sizeof(SEPARATOR) - 1 + 3;
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int fd = memfd_create("mbox", MFD_CLOEXEC);
	struct threads_error err;

	assert_int_equal(write(fd, mbox, sizeof(mbox) - 1), sizeof(mbox) - 1);
	frame_begin(&question, PARSE_SPLIT, 1);
	frame_put_fd(&question, fd);
	frame_put_int(&question, 0);
	frame_put_int(&question, 2);
	frame_put_int(&question, 1 << 20);
	assert_rc(ask(*state, &question, &answer, &err), 0, &err);
	assert_int_equal(answer.type, PARSE_SPLIT_IS);
	assert_int_equal(frame_get_int(&answer), 2 * step + 1); /* next: the third separator */
	assert_int_equal(frame_get_int(&answer), 0);
	assert_int_equal(frame_get_int(&answer), 2);
	assert_int_equal(frame_get_int(&answer), first);
	assert_int_equal(frame_get_int(&answer), 2);
	assert_int_equal(frame_get_int(&answer), step + first);
	assert_int_equal(frame_get_int(&answer), 3);
	assert_true(frame_at_end(&answer));
}

static void test_other_questions_are_refused(void **state)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error err;

	frame_begin(&question, INDEX_VERIFY, 1);
	assert_int_equal(ask(*state, &question, &answer, &err), THREADS_EINVAL);
	frame_begin(&question, PARSE_BATCH, 1);
	assert_int_equal(ask(*state, &question, &answer, &err), THREADS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_other_questions_are_refused),
	};

	return cmocka_run_group_tests_name("parse/work", tests, setup, teardown);
}
