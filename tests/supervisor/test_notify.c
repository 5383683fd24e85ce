/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd hears, over a real datagram socket and from a real loop. */
#include "test.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "supervisor/child.h"
#include "supervisor/notify.h"

struct world {
	struct supervisor s;
	int systemd; /* the end that systemd has */
};

/* Abstract, as containers have it: "@name". */
static int setup(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct world *w = calloc(1, sizeof(*w));
	struct threads_error err;
	char name[64];
	int len;

	assert_non_null(w);
	w->s.notify_fd = -1;
	len = snprintf(name, sizeof(name), "@threads-notify-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	w->systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(w->systemd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	unsetenv("WATCHDOG_PID");
	assert_int_equal(loop_new(&w->s.loop, &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct child *child;

	while ((child = LIST_FIRST(&w->s.children)))
		child_free(child);
	w->s.loop = loop_free(w->s.loop);
	notify_close(&w->s);
	close(w->systemd);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	free(w);
	return 0;
}

/* Everything that was said, datagrams parted by "|". */
static const char *heard(struct world *w)
{
	static char all[2048];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(w->systemd, all + len, sizeof(all) - len - 2, 0)) > 0) {
		len += (size_t)n;
		all[len++] = '|';
	}
	all[len] = '\0';
	return all;
}

static struct child *add(struct world *w, enum role role, bool permanent)
{
	struct threads_error err;
	struct child *child;

	assert_int_equal(child_add(&w->s, role, 0, permanent, &child, &err), 0);
	return child;
}

static void test_ready_is_said_once_and_when_all_are(void **state)
{
	struct world *w = *state;
	struct child *index = add(w, ROLE_INDEX, true), *auth = add(w, ROLE_AUTH, true);
	struct threads_error err;

	add(w, ROLE_PARSE, false); /* comes and goes: nobody waits for it */
	assert_int_equal(notify_open(&w->s, &err), 0);
	auth->state = CHILD_READY;
	snprintf(index->last_error, sizeof(index->last_error), "ended with status 1");
	notify_roles(&w->s);
	assert_string_equal(heard(w),
			    "STATUS=1 of 2 roles ready; waiting for index: ended with status 1|");
	index->state = CHILD_READY;
	notify_roles(&w->s);
	assert_string_equal(heard(w), "STATUS=2 of 2 roles ready|READY=1|");
	notify_roles(&w->s);
	assert_string_equal(heard(w), "STATUS=2 of 2 roles ready|");
}

static void test_a_reload_ends_with_ready(void **state)
{
	struct world *w = *state;
	struct threads_error err;
	const char *said;

	assert_int_equal(notify_open(&w->s, &err), 0);
	notify_reloading(&w->s);
	said = heard(w);
	assert_memory_equal(said, "RELOADING=1\nMONOTONIC_USEC=", 27);
	notify_reloaded(&w->s);
	assert_memory_equal(heard(w), "READY=1|", 8);
	notify_stopping(&w->s);
	assert_string_equal(heard(w), "STOPPING=1\nSTATUS=ending|");
}

static void test_the_watchdog_is_fed_by_turns_of_the_loop(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	setenv("WATCHDOG_USEC", "3000", 1);
	assert_int_equal(notify_open(&w->s, &err), 0);
	assert_string_equal(heard(w), ""); /* nobody turned it yet */
	assert_int_equal(loop_turn(w->s.loop, 0, &err), 1);
	assert_string_equal(heard(w), "WATCHDOG=1|");
	assert_int_equal(loop_turn(w->s.loop, 1000, &err), 1);
	assert_string_equal(heard(w), "WATCHDOG=1|");
}

static void test_nobody_asked_nobody_is_told(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	setenv("WATCHDOG_USEC", "3000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_open(&w->s, &err), 0);
	assert_int_equal(loop_turn(w->s.loop, 0, &err), 1);
	assert_string_equal(heard(w), ""); /* the watchdog is another process' */
	notify_close(&w->s);
	notify_roles(&w->s);
	assert_string_equal(heard(w), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ready_is_said_once_and_when_all_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_reload_ends_with_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_watchdog_is_fed_by_turns_of_the_loop,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_asked_nobody_is_told, setup, teardown),
	};

	return cmocka_run_group_tests_name("supervisor/notify", tests, NULL, NULL);
}
