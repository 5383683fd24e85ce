/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "dial/dial.h"
#include "dial/limit.h"
#include "dial/target.h"
#include "ipc/frame.h"

struct scene {
	struct loop *loop;
	struct dial *dial;
	int listener, port;
};

static struct threads_error err;

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);

	assert_non_null(s);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s->listener, 5), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &len), 0);
	s->port = ntohs(address.sin_port);
	assert_rc(loop_new(&s->loop, &err), 0, &err);
	assert_rc(dial_new(s->loop, &s->dial, &err), 0, &err);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	dial_free(s->dial);
	loop_free(s->loop);
	close(s->listener);
	free(s);
	return 0;
}

static int add_link_to(struct scene *s, const char *host, int port, bool private_network)
{
	struct role_peer peer = { ROLE_IMAP, 1, { host, port, private_network }, -1 };
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	peer.fd = pair[1];
	assert_rc(dial_add_link(s->dial, &peer, &err), 0, &err);
	return pair[0];
}

static int add_link(struct scene *s, const char *host, int port)
{
	return add_link_to(s, host, port, true);
}

static void send_connect(int fd, int64_t timeout_ms)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, DIAL_CONNECT, 9);
	frame_put_int(&f, timeout_ms);
	assert_rc(frame_send(fd, &f, &err), 0, &err);
}

/* 1 = an answer, 0 = the link was closed. */
static int receive(struct scene *s, int fd, struct frame *answer)
{
	for (int i = 0; i < 1000; i++) {
		int rc;

		assert_true(loop_turn(s->loop, 10, &err) >= 0);
		rc = frame_recv(fd, answer, &err);
		if (rc >= 0)
			return rc;
	}
	fail_msg("no answer");
	return 0;
}

static bool has_kind(const char *text, const char *kind)
{
	return strncmp(text, kind, strlen(kind)) == 0 && text[strlen(kind)] == ':';
}

static void expect_failure(struct scene *s, const char *host, int port, const char *kind,
			   const char *other)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int fd = add_link(s, host, port);
	const char *text;

	send_connect(fd, 5000);
	assert_int_equal(receive(s, fd, &answer), 1);
	assert_int_equal(answer.type, IPC_ERROR);
	assert_int_equal(answer.id, 9);
	assert_int_equal(frame_get_int(&answer), THREADS_EAGAIN);
	text = frame_get_text(&answer);
	if (!has_kind(text, kind) && !has_kind(text, other))
		fail_msg("%s gave '%s'", host, text);
}

static void test_connects_again_and_again(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		AUTO_FD int fd = add_link(s, hosts[i], s->port);

		for (int j = 0; j < 3; j++) {
			CLEANUP(frame_release) struct frame answer = FRAME_INIT;
			AUTO_FD int socket_fd = -1;
			AUTO_FD int there = -1;
			char byte = 0;

			send_connect(fd, 5000);
			assert_int_equal(receive(s, fd, &answer), 1);
			assert_int_equal(answer.type, DIAL_CONNECTED);
			assert_int_equal(answer.id, 9);
			assert_string_equal(frame_get_text(&answer), "127.0.0.1");
			socket_fd = frame_get_fd(&answer);
			assert_rc(frame_get_end(&answer, &err), 0, &err);
			assert_true(fcntl(socket_fd, F_GETFL) & O_NONBLOCK);
			there = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
			assert_int_equal(write(there, "x", 1), 1);
			usleep(10000);
			assert_int_equal(read(socket_fd, &byte, 1), 1);
		}
	}
}

static void test_says_what_is_wrong(void **state)
{
	struct scene *s = *state;

	expect_failure(s, "127.0.0.1", 1, "refused", "refused");
	/* Where there is no name server at all, nobody can know. */
	expect_failure(s, "no-such-host.invalid.", s->port, "host-unknown", "unreachable");
}

static void test_silence_ends_in_time(void **state)
{
	struct scene *s = *state;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int fd = add_link(s, "127.0.0.1", s->port);
	const int64_t begin_ms = clock_monotonic_ms();
	int fillers[64];
	size_t count = 0;

	/* A full queue of a listener that never accepts: no answer to the handshake. */
	assert_int_equal(listen(s->listener, 0), 0);
	for (; count < ARRAY_SIZE(fillers); count++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_port = htons((uint16_t)s->port) };

		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fillers[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[count], (const struct sockaddr *)&address, sizeof(address));
	}
	send_connect(fd, 400);
	assert_int_equal(receive(s, fd, &answer), 1);
	assert_int_equal(answer.type, IPC_ERROR);
	(void)frame_get_int(&answer);
	assert_int_equal(strncmp(frame_get_text(&answer), "timeout:", 8), 0);
	assert_in_range(clock_monotonic_ms() - begin_ms, 300, 60000);
	while (count > 0)
		close(fillers[--count]);
}

static void test_only_connect_can_be_said(void **state)
{
	static const uint16_t types[] = { VAULT_OPEN, CTL_PEER, DIAL_CONNECTED };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		CLEANUP(frame_release) struct frame f = FRAME_INIT;
		CLEANUP(frame_release) struct frame answer = FRAME_INIT;
		AUTO_FD int fd = add_link(s, "127.0.0.1", s->port);

		frame_begin(&f, types[i], 1);
		assert_rc(frame_send(fd, &f, &err), 0, &err);
		assert_int_equal(receive(s, fd, &answer), 0);
	}
}

/* A host in the question is one field too many. */
static void test_nobody_names_another_host(void **state)
{
	struct scene *s = *state;
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int fd = add_link(s, "127.0.0.1", s->port);

	frame_begin(&f, DIAL_CONNECT, 1);
	frame_put_int(&f, 1000);
	frame_put_text(&f, "127.0.0.2");
	assert_rc(frame_send(fd, &f, &err), 0, &err);
	assert_int_equal(receive(s, fd, &answer), 0);
}

static void test_who_leaves_gets_nothing(void **state)
{
	struct scene *s = *state;
	const int fd = add_link(s, "127.0.0.1", s->port);

	send_connect(fd, 1000);
	close(fd);
	for (int i = 0; i < 20; i++)
		assert_true(loop_turn(s->loop, 10, &err) >= 0);
}

static void test_a_link_needs_a_target(void **state)
{
	struct scene *s = *state;
	struct role_peer peer = { ROLE_IMAP, 1, { "", 993, false }, -1 };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	peer.fd = pair[1];
	assert_int_equal(dial_add_link(s->dial, &peer, &err), THREADS_EINVAL);
	close(pair[0]);
}

/* ---- private networks ---- */

static void expect_refused(struct scene *s, const char *host, int port, bool allowed,
			   const char *kind)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	AUTO_FD int fd = add_link_to(s, host, port, allowed);
	const char *text;

	send_connect(fd, 5000);
	assert_int_equal(receive(s, fd, &answer), 1);
	assert_int_equal(answer.type, IPC_ERROR);
	(void)frame_get_int(&answer);
	text = frame_get_text(&answer);
	if (!has_kind(text, kind))
		fail_msg("%s gave '%s'", host, text);
}

/* All the ways to write this machine; each connects when the account says so. */
static void test_this_machine_needs_a_word(void **state)
{
	static const char *const names[] = { "127.0.0.1",  "localhost",  "127.1",
					     "2130706433", "0x7f000001", "::ffff:127.0.0.1" };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(frame_release) struct frame answer = FRAME_INIT;
		AUTO_FD int fd = add_link_to(s, names[i], s->port, true);
		AUTO_FD int socket_fd = -1;

		expect_refused(s, names[i], s->port, false, "private-network");
		send_connect(fd, 5000);
		assert_int_equal(receive(s, fd, &answer), 1);
		assert_int_equal(answer.type, DIAL_CONNECTED);
		(void)frame_get_text(&answer);
		socket_fd = frame_get_fd(&answer);
	}
}

/* No byte leaves for it: the listener sees nobody, and its port is no different from a closed one. */
static void test_a_refusal_tells_nothing(void **state)
{
	struct scene *s = *state;
	char words[2][400];
	const int ports[] = { s->port, 1 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		CLEANUP(frame_release) struct frame answer = FRAME_INIT;
		AUTO_FD int fd = add_link_to(s, "127.0.0.1", ports[i], false);

		send_connect(fd, 5000);
		assert_int_equal(receive(s, fd, &answer), 1);
		(void)frame_get_int(&answer);
		snprintf(words[i], sizeof(words[i]), "%s", frame_get_text(&answer));
	}
	assert_string_equal(words[0], words[1]);
	assert_non_null(strstr(words[0], "127.0.0.1 resolves to 127.0.0.1, an address inside a "
					 "private network"));
	assert_int_equal(fcntl(s->listener, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept4(s->listener, NULL, NULL, SOCK_CLOEXEC), -1);
	assert_int_equal(errno, EAGAIN);
}

/* 0.0.0.0 leads to this machine, too: no word allows it. */
static void test_what_is_no_machine(void **state)
{
	static const char *const names[] = { "0.0.0.0",         "0",      "::", "224.0.0.1",
					     "255.255.255.255", "ff02::1" };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		expect_refused(s, names[i], s->port, true, "unreachable");
		expect_refused(s, names[i], s->port, false, "unreachable");
	}
}

/* What a name server may answer: each address of it is looked at, not the first alone. */
static void test_each_address_is_checked(void **state)
{
	struct scene *s = *state;
	struct sockaddr_in inside = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
	struct sockaddr_in nobody = inside;
	struct addrinfo second = { .ai_family = AF_INET,
				   .ai_addr = (struct sockaddr *)&inside,
				   .ai_addrlen = sizeof(inside) };
	struct addrinfo first = { .ai_family = AF_INET,
				  .ai_addr = (struct sockaddr *)&nobody,
				  .ai_addrlen = sizeof(nobody),
				  .ai_next = &second };
	struct target target = { .host = "rebind.example.org",
				 .port = s->port,
				 .deadline_ms = clock_monotonic_ms() + 5000 };

	inside.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int allowed = 0; allowed < 2; allowed++) {
		struct target_result result = { .fd = -1 };

		target.private_network = allowed;
		target_connect_any(&target, &first, &result);
		assert_int_equal(result.fd >= 0, allowed);
		if (result.fd >= 0)
			close(result.fd);
		else
			assert_string_equal(result.kind, "private-network");
	}
}

/* A public address of this machine is no way round its firewall. 127.0.0.1 stands for one. */
static void test_own_addresses_are_known(void **state)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct sockaddr_in6 own6 = { .sin6_family = AF_INET6, .sin6_port = htons(25) };
	struct sockaddr_in other = own;

	(void)state;
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own6.sin6_addr = in6addr_loopback;
	other.sin_addr.s_addr = htonl(0xC0000201); /* 192.0.2.1, which nobody has */
	assert_true(target_is_own((struct sockaddr *)&own));
	assert_true(target_is_own((struct sockaddr *)&own6));
	assert_false(target_is_own((struct sockaddr *)&other));
}

/* ---- limits ---- */

static void test_limits_of_a_host(void **state)
{
	static struct limits limits;
	int64_t now_ms = 1000000;
	int i;

	(void)state;
	for (i = 0; i < LIMIT_AT_ONCE; i++)
		assert_int_equal(limit_begin(&limits, "a.test", now_ms), LIMIT_GO);
	assert_int_equal(limit_begin(&limits, "A.test", now_ms), LIMIT_WAIT);
	assert_int_equal(limit_begin(&limits, "b.test", now_ms), LIMIT_GO);
	limit_done(&limits, "a.test");
	for (; i < LIMIT_A_MINUTE; i++) {
		assert_int_equal(limit_begin(&limits, "a.test", now_ms), LIMIT_GO);
		limit_done(&limits, "a.test");
	}
	assert_int_equal(limit_begin(&limits, "a.test", now_ms), LIMIT_TOO_MANY);
	assert_int_equal(limit_begin(&limits, "a.test", now_ms + 60001), LIMIT_GO);
}

/* More at once than are made at once: the others wait for their turn, and get it. */
static void test_others_wait(void **state)
{
	enum { MANY = LIMIT_AT_ONCE + 6 };
	struct scene *s = *state;
	int fds[MANY];

	assert_int_equal(listen(s->listener, MANY), 0);
	for (int i = 0; i < MANY; i++) {
		fds[i] = add_link(s, "127.0.0.1", s->port);
		send_connect(fds[i], 10000);
	}
	for (int i = 0; i < MANY; i++) {
		CLEANUP(frame_release) struct frame answer = FRAME_INIT;

		assert_int_equal(receive(s, fds[i], &answer), 1);
		assert_int_equal(answer.type, DIAL_CONNECTED);
		close(fds[i]);
	}
}

static void test_one_process_asks_little_at_once(void **state)
{
	struct scene *s = *state;
	AUTO_FD int fd = add_link(s, "127.0.0.1", s->port);
	int busy = 0;

	for (int i = 0; i < DIAL_LINK_QUESTIONS_MAX + 3; i++)
		send_connect(fd, 5000);
	for (int i = 0; i < DIAL_LINK_QUESTIONS_MAX + 3; i++) {
		CLEANUP(frame_release) struct frame answer = FRAME_INIT;

		assert_int_equal(receive(s, fd, &answer), 1);
		busy += answer.type == IPC_ERROR;
	}
	assert_in_range(busy, 1, 3);
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_this_machine_needs_a_word),
		scene_test(test_a_refusal_tells_nothing),
		scene_test(test_what_is_no_machine),
		scene_test(test_each_address_is_checked),
		scene_test(test_own_addresses_are_known),
		scene_test(test_limits_of_a_host),
		scene_test(test_others_wait),
		scene_test(test_one_process_asks_little_at_once),
		scene_test(test_connects_again_and_again),
		scene_test(test_says_what_is_wrong),
		scene_test(test_silence_ends_in_time),
		scene_test(test_only_connect_can_be_said),
		scene_test(test_nobody_names_another_host),
		scene_test(test_who_leaves_gets_nothing),
		scene_test(test_a_link_needs_a_target),
	};

	return cmocka_run_group_tests_name("dial/dial", tests, NULL, NULL);
}
