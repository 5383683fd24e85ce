/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "ipc/frame.h"

static void make_pair(int pair[2])
{
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
}

static void test_fields_arrive_in_order(void **state)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT, in = FRAME_INIT;
	struct threads_error err;
	size_t len;
	int pair[2], fd;

	(void)state;
	make_pair(pair);
	frame_begin(&out, 7, 42);
	frame_put_int(&out, -5);
	frame_put_text(&out, "h\xC3\xBCtte");
	frame_put_bytes(&out, "a\0b", 3);
	frame_put_fd(&out, pair[0]);
	frame_put_text(&out, NULL);
	assert_rc(frame_send(pair[0], &out, &err), 0, &err);
	assert_rc(frame_recv(pair[1], &in, &err), 1, &err);
	assert_int_equal(in.type, 7);
	assert_int_equal(in.id, 42);
	assert_int_equal(frame_get_int(&in), -5);
	assert_string_equal(frame_get_text(&in), "h\xC3\xBCtte");
	assert_memory_equal(frame_get_bytes(&in, &len), "a\0b", 3);
	assert_int_equal(len, 3);
	fd = frame_get_fd(&in);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_string_equal(frame_get_text(&in), "");
	assert_rc(frame_get_end(&in, &err), 0, &err);
	close(pair[0]);
	assert_rc(frame_recv(pair[1], &in, &err), 0, &err);
	close(pair[1]);
}

static void test_wrong_kind_missing_and_left_over_are_refused(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	(void)state;
	frame_begin(&f, 1, 0);
	frame_put_int(&f, 1);
	assert_string_equal(frame_get_text(&f), "");
	assert_int_equal(frame_get_end(&f, &err), THREADS_EINVAL);

	frame_begin(&f, 1, 0);
	assert_int_equal(frame_get_int(&f), 0);
	assert_int_equal(frame_get_end(&f, &err), THREADS_EINVAL);

	frame_begin(&f, 1, 0);
	frame_put_int(&f, 1);
	assert_int_equal(frame_get_end(&f, &err), THREADS_EINVAL);

	frame_begin(&f, 1, 0);
	frame_put_int(&f, 9);
	assert_int_equal(frame_get_int_in(&f, 0, 8), 0);
	assert_int_equal(frame_get_end(&f, &err), THREADS_EINVAL);
}

static void test_text_must_be_utf8_without_nul(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = { { "a\xFF", 2 }, { "a\0b", 3 }, { "\xC0\x80", 2 }, { "\xED\xA0\x80", 3 } };
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(frame_release) struct frame f = FRAME_INIT;

		frame_begin(&f, 1, 0);
		frame_put_bytes(&f, bad[i].bytes, bad[i].len);
		f.data[0] = 't';
		assert_string_equal(frame_get_text(&f), "");
		assert_int_equal(frame_get_end(&f, &err), THREADS_EINVAL);
	}
}

static void test_too_much_is_refused_before_it_is_sent(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FREE char *big = calloc(1, FRAME_BYTES_MAX);
	struct threads_error err;

	(void)state;
	frame_begin(&f, 1, 0);
	frame_put_bytes(&f, big, FRAME_BYTES_MAX);
	assert_int_equal(frame_check(&f, &err), THREADS_ELIMIT);
	assert_int_equal(frame_send(-1, &f, &err), THREADS_ELIMIT);
}

static void test_largest_frame_passes(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, in = FRAME_INIT;
	AUTO_FREE char *big = calloc(1, FRAME_BYTES_MAX);
	const int size = 1024 * 1024;
	struct threads_error err;
	int pair[2];

	(void)state;
	make_pair(pair);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	frame_begin(&f, 1, 0);
	frame_put_bytes(&f, big, FRAME_BYTES_MAX - 6);
	assert_rc(frame_send(pair[0], &f, &err), 0, &err);
	assert_rc(frame_recv(pair[1], &in, &err), 1, &err);
	assert_int_equal(in.len, FRAME_BYTES_MAX);
	close(pair[0]);
	close(pair[1]);
}

static void test_garbage_is_no_frame(void **state)
{
	CLEANUP(frame_release) struct frame in = FRAME_INIT;
	struct threads_error err;
	int pair[2];

	(void)state;
	make_pair(pair);
	assert_int_equal(frame_recv(pair[1], &in, &err), THREADS_EAGAIN);
	assert_int_equal(send(pair[0], "garbage", 7, 0), 7);
	assert_int_equal(frame_recv(pair[1], &in, &err), THREADS_EINVAL);
	close(pair[0]);
	close(pair[1]);
}

/* Descriptors that nobody takes are closed: a sender cannot fill our table. */
static void test_unwanted_descriptors_are_closed(void **state)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT, in = FRAME_INIT;
	struct threads_error err;
	int pair[2], before, after;

	(void)state;
	make_pair(pair);
	before = dup(0);
	close(before);
	for (int round = 0; round < 3; round++) {
		frame_begin(&out, 1, 0);
		for (int i = 0; i < 100; i++)
			frame_put_fd(&out, pair[0]);
		assert_rc(frame_send(pair[0], &out, &err), 0, &err);
		assert_rc(frame_recv(pair[1], &in, &err), 1, &err);
		frame_begin(&in, 0, 0);
	}
	after = dup(0);
	assert_int_equal(before, after);
	close(after);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_arrive_in_order),
		cmocka_unit_test(test_wrong_kind_missing_and_left_over_are_refused),
		cmocka_unit_test(test_text_must_be_utf8_without_nul),
		cmocka_unit_test(test_too_much_is_refused_before_it_is_sent),
		cmocka_unit_test(test_largest_frame_passes),
		cmocka_unit_test(test_garbage_is_no_frame),
		cmocka_unit_test(test_unwanted_descriptors_are_closed),
	};

	return cmocka_run_group_tests_name("ipc/frame", tests, NULL, NULL);
}
