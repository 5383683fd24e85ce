/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/socket.h>

#include "ipc/peer.h"

struct seen {
	int frames, closed, closed_with_reason;
	int64_t sum;
	struct peer *free_in_callback;
	bool refuse;
};

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct seen *seen = arg;

	(void)peer;
	seen->frames++;
	seen->sum += frame_get_int(f);
	if (seen->free_in_callback)
		seen->free_in_callback = peer_free(seen->free_in_callback);
	if (seen->refuse)
		return threads_error_set(err, THREADS_EINVAL, "refused");
	return frame_get_end(f, err);
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct seen *seen = arg;

	(void)peer;
	seen->closed++;
	seen->closed_with_reason += why ? 1 : 0;
}

struct fixture {
	struct loop *loop;
	struct seen seen;
	struct peer *a, *b;
};

static void open_pair(struct fixture *fx)
{
	const struct peer_handler handler = { on_frame, on_closed, &fx->seen };
	struct threads_error err;
	int pair[2];

	assert_rc(loop_new(&fx->loop, &err), 0, &err);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_rc(peer_new(fx->loop, pair[0], ROLE_API, 1, &handler, &fx->a, &err), 0, &err);
	assert_rc(peer_new(fx->loop, pair[1], ROLE_INDEX, 0, &handler, &fx->b, &err), 0, &err);
}

static void turn(struct fixture *fx, int times)
{
	struct threads_error err;

	for (int i = 0; i < times; i++)
		assert_rc(loop_turn(fx->loop, 30, &err), 1, &err);
}

static int send_int(struct peer *peer, int64_t value)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, 9, 0);
	frame_put_int(&f, value);
	return peer_send(peer, &f, NULL);
}

/* More than a socket buffer holds: the queue keeps order and loses nothing. */
static void test_slow_reader_gets_everything(void **state)
{
	struct fixture fx = { 0 };
	int sent = 0;

	(void)state;
	open_pair(&fx);
	peer_pause(fx.b, true);
	while (peer_backlog(fx.a) < 500)
		assert_int_equal(send_int(fx.a, ++sent), 0);
	peer_pause(fx.b, false);
	turn(&fx, 200);
	assert_int_equal(fx.seen.frames, sent);
	assert_int_equal(fx.seen.sum, (int64_t)sent * (sent + 1) / 2);
	peer_free(fx.a);
	peer_free(fx.b);
	loop_free(fx.loop);
}

static void test_reader_that_never_reads_is_closed(void **state)
{
	struct fixture fx = { 0 };
	int rc = 0;

	(void)state;
	open_pair(&fx);
	peer_pause(fx.b, true);
	for (int i = 0; i < 20000 && rc == 0; i++)
		rc = send_int(fx.a, 1);
	assert_int_equal(rc, THREADS_ELIMIT);
	/* And closed, but not while it is being used. */
	assert_int_equal(fx.seen.closed, 0);
	turn(&fx, 4);
	assert_int_equal(fx.seen.closed, 2);
	assert_int_equal(fx.seen.closed_with_reason, 1);
	loop_free(fx.loop);
}

static void test_bad_frame_closes_only_that_peer(void **state)
{
	struct fixture fx = { 0 };

	(void)state;
	open_pair(&fx);
	assert_int_equal(send(peer_fd(fx.a), "junk", 4, 0), 4);
	turn(&fx, 3);
	assert_int_equal(fx.seen.closed, 2); /* b as broken, a at its end of file */
	assert_int_equal(fx.seen.closed_with_reason, 1);
	loop_free(fx.loop);
}

static void test_peer_may_be_freed_in_its_callback(void **state)
{
	struct fixture fx = { 0 };

	(void)state;
	open_pair(&fx);
	fx.seen.free_in_callback = fx.b;
	assert_int_equal(send_int(fx.a, 1), 0);
	assert_int_equal(send_int(fx.a, 2), 0);
	turn(&fx, 3);
	assert_int_equal(fx.seen.frames, 1);
	assert_int_equal(fx.seen.closed, 1);
	loop_free(fx.loop);
}

static void test_frames_before_the_end_are_delivered(void **state)
{
	struct fixture fx = { 0 };

	(void)state;
	open_pair(&fx);
	for (int i = 0; i < 100; i++)
		assert_int_equal(send_int(fx.a, 1), 0);
	fx.a = peer_free(fx.a);
	turn(&fx, 10);
	assert_int_equal(fx.seen.frames, 100);
	assert_int_equal(fx.seen.closed, 1);
	loop_free(fx.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_reader_gets_everything),
		cmocka_unit_test(test_reader_that_never_reads_is_closed),
		cmocka_unit_test(test_bad_frame_closes_only_that_peer),
		cmocka_unit_test(test_peer_may_be_freed_in_its_callback),
		cmocka_unit_test(test_frames_before_the_end_are_delivered),
	};

	return cmocka_run_group_tests_name("ipc/peer", tests, NULL, NULL);
}
