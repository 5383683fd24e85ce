/* SPDX-License-Identifier: Apache-2.0 */
/* What auth.db must guarantee when several processes use it at once. */
#include "test.h"

#include <stdio.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "store/auth_link.h"
#include "store/auth_outbox.h"
#include "store/auth_session.h"
#include "store/auth_throttle.h"

enum { NOW = 1000000, RACERS = 6, ROUNDS = 30 };

struct fixture {
	char folder[64], path[96];
	struct db *db;
	int64_t login;
};

static struct auth_login person(const char *name)
{
	struct auth_login login = { .role = "user", .state = "active" };

	public_id_make(login.user_id);
	snprintf(login.name, sizeof(login.name), "%s", name);
	snprintf(login.display_name, sizeof(login.display_name), "%s", name);
	return login;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct auth_login login = person("Mara");
	struct threads_error err;

	snprintf(f->folder, sizeof(f->folder), "/tmp/threads-auth-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/auth.db", f->folder);
	assert_rc(auth_db_open(f->path, &f->db, &err), 0, &err);
	assert_rc(auth_login_add(f->db, &login, NOW, &f->login, &err), 0, &err);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct fixture *f = *state;
	char path[128];

	db_close(f->db);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	free(f);
	return 0;
}

/* Something of which only one may win in each round. */
typedef int race_fn(struct db *db, int64_t login, int round, struct threads_error *err);

static int race_totp(struct db *db, int64_t login, int round, struct threads_error *err)
{
	return auth_login_use_step(db, login, 100 + round, err);
}

static void round_hash(int round, unsigned char hash[AUTH_HASH_LEN])
{
	memset(hash, 0, AUTH_HASH_LEN);
	hash[0] = (unsigned char)round;
}

static int race_link(struct db *db, int64_t login, int round, struct threads_error *err)
{
	unsigned char hash[AUTH_HASH_LEN];
	struct auth_link link;

	(void)login;
	round_hash(round, hash);
	return auth_link_consume(db, hash, NOW, &link, err);
}

static int race_recovery(struct db *db, int64_t login, int round, struct threads_error *err)
{
	unsigned char hash[AUTH_HASH_LEN];

	round_hash(round, hash);
	return auth_recovery_use(db, login, hash, NOW, err);
}

/* One process of the race: its own connection; its exit status is how often it won. */
static void racer(const struct fixture *f, race_fn *fn, int start_fd)
{
	struct db *db = NULL;
	int won = 0;
	char go;

	if (auth_db_open(f->path, &db, NULL) < 0)
		_exit(255);
	if (read(start_fd, &go, 1) != 0) /* all wait for the end of file */
		_exit(255);
	for (int round = 0; round < ROUNDS; round++) {
		struct threads_error err;
		const int rc = fn(db, f->login, round, &err);

		if (rc < 0) {
			fprintf(stderr, "racer: %s\n", err.text);
			_exit(255);
		}
		won += rc;
	}
	db_close(db);
	_exit(won);
}

static int run_race(const struct fixture *f, race_fn *fn)
{
	pid_t pids[RACERS];
	int start[2], total = 0;

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < RACERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			close(start[1]);
			racer(f, fn, start[0]);
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < RACERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 255);
		total += WEXITSTATUS(status);
	}
	return total;
}

static void test_of_many_uses_of_a_code_one_wins(void **state)
{
	assert_int_equal(run_race(*state, race_totp), ROUNDS);
}

static void test_of_many_uses_of_a_link_one_wins(void **state)
{
	struct fixture *f = *state;
	const struct auth_link link = { .kind = "invite",
					.login_id = f->login,
					.expires_ms = NOW + 1 };
	struct threads_error err;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned char hash[AUTH_HASH_LEN];
		/* Each of another person, or the newer would void the older. */
		struct auth_login login = person("x");
		struct auth_link own = link;

		snprintf(login.name, sizeof(login.name), "x%d", i);
		assert_rc(auth_login_add(f->db, &login, NOW, &own.login_id, &err), 0, &err);
		round_hash(i, hash);
		assert_rc(auth_link_add(f->db, hash, &own, NOW, &err), 0, &err);
	}
	assert_int_equal(run_race(f, race_link), ROUNDS);
}

static void test_of_many_uses_of_a_recovery_code_one_wins(void **state)
{
	struct fixture *f = *state;
	unsigned char hashes[ROUNDS][AUTH_HASH_LEN];
	struct threads_error err;
	int64_t left = 0;

	for (int i = 0; i < ROUNDS; i++)
		round_hash(i, hashes[i]);
	assert_rc(auth_recovery_replace(f->db, f->login,
					(const unsigned char(*)[AUTH_HASH_LEN])hashes, ROUNDS,
					&err),
		  0, &err);
	assert_int_equal(run_race(f, race_recovery), ROUNDS);
	assert_rc(auth_recovery_left(f->db, f->login, &left, &err), 0, &err);
	assert_int_equal(left, 0);
}

static void test_an_older_step_is_refused(void **state)
{
	struct fixture *f = *state;
	struct threads_error err;

	assert_rc(auth_login_use_step(f->db, f->login, 7, &err), 1, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 7, &err), 0, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 6, &err), 0, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 8, &err), 1, &err);
}

/* Somebody signed in while the clock was days ahead. Now it is right, and codes work again, once. */
static void test_a_step_of_a_wrong_clock_locks_nobody_out(void **state)
{
	struct fixture *f = *state;
	struct threads_error err;

	assert_rc(auth_login_use_step(f->db, f->login, 50000, &err), 1, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 49998, &err), 0, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 100, &err), 1, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 100, &err), 0, &err);
	assert_rc(auth_login_use_step(f->db, f->login, 99, &err), 0, &err);
}

static void test_recovery_codes_belong_to_one_person(void **state)
{
	struct fixture *f = *state;
	unsigned char hash[1][AUTH_HASH_LEN] = { "code" };
	struct auth_login other = person("Tom");
	struct threads_error err;
	int64_t id;

	assert_rc(auth_login_add(f->db, &other, NOW, &id, &err), 0, &err);
	assert_rc(auth_recovery_replace(f->db, f->login,
					(const unsigned char(*)[AUTH_HASH_LEN])hash, 1, &err),
		  0, &err);
	assert_rc(auth_recovery_use(f->db, id, hash[0], NOW, &err), 0, &err);
	assert_rc(auth_recovery_use(f->db, f->login, hash[0], NOW, &err), 1, &err);
}

static void test_links_end_and_newer_ones_void_older(void **state)
{
	struct fixture *f = *state;
	const struct auth_link link = { .kind = "reset",
					.login_id = f->login,
					.expires_ms = NOW + 10 };
	const struct auth_link setup = { .kind = "setup", .expires_ms = NOW + 10 };
	unsigned char a[AUTH_HASH_LEN] = "a", b[AUTH_HASH_LEN] = "b", c[AUTH_HASH_LEN] = "c";
	struct auth_link got;
	struct threads_error err;

	assert_rc(auth_link_add(f->db, a, &link, NOW, &err), 0, &err);
	assert_rc(auth_link_add(f->db, b, &link, NOW, &err), 0, &err);
	assert_rc(auth_link_add(f->db, c, &setup, NOW, &err), 0, &err);
	assert_rc(auth_link_consume(f->db, a, NOW, &got, &err), 0, &err);
	assert_rc(auth_link_consume(f->db, b, NOW + 10, &got, &err), 0, &err);
	assert_rc(auth_link_consume(f->db, b, NOW + 9, &got, &err), 1, &err);
	assert_string_equal(got.kind, "reset");
	assert_int_equal(got.login_id, f->login);
	assert_rc(auth_link_consume(f->db, c, NOW, &got, &err), 1, &err);
	assert_int_equal(got.login_id, 0);
}

static void test_names_are_unique_in_any_case(void **state)
{
	struct fixture *f = *state;
	struct auth_login login = person("mARA"), got;
	struct threads_error err;
	int64_t id;

	assert_rc(auth_login_add(f->db, &login, NOW, &id, &err), THREADS_EINVAL, &err);
	assert_rc(auth_login_by_name(f->db, "MARA", &got, &err), 1, &err);
	assert_string_equal(got.name, "Mara");
}

static void test_sessions_hold_and_end(void **state)
{
	struct fixture *f = *state;
	const struct auth_session session = {
		.public_id = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
		.login_id = f->login,
		.created_ms = NOW,
		.seen_ms = NOW,
		.expires_ms = NOW + 1000,
		.strong_ms = NOW,
	};
	const unsigned char hash[AUTH_HASH_LEN] = "session";
	struct auth_session got;
	struct threads_error err;

	assert_rc(auth_session_add(f->db, hash, &session, &err), 0, &err);
	assert_rc(auth_session_find(f->db, hash, NOW + 99, 100, &got, &err), 1, &err);
	assert_rc(auth_session_find(f->db, hash, NOW + 100, 100, &got, &err), 0, &err);
	assert_rc(auth_session_seen(f->db, got.id, NOW + 950, &err), 0, &err);
	assert_rc(auth_session_find(f->db, hash, NOW + 999, 100, &got, &err), 1, &err);
	assert_rc(auth_session_find(f->db, hash, NOW + 1000, 100, &got, &err), 0, &err);
	/* A clock that goes back a little ends no session; one that went back a day does. */
	assert_rc(auth_session_find(f->db, hash, NOW - 1000, 100, &got, &err), 1, &err);
	assert_rc(auth_session_find(f->db, hash, NOW - 86400000, 100, &got, &err), 0, &err);
	assert_rc(auth_db_tidy(f->db, NOW + 1000, &err), 0, &err);
	assert_rc(auth_session_find(f->db, hash, NOW, 100000, &got, &err), 0, &err);
}

static void test_throttle_grows_ends_and_survives(void **state)
{
	static const struct auth_throttle_rule rule = { 3, 100, 1000, 100000 };
	struct fixture *f = *state;
	struct threads_error err;
	int64_t now = NOW, next = 0, last_delay = 0;

	for (int i = 0; i < 3; i++)
		assert_rc(auth_throttle_charge(f->db, "k", &rule, now, &next, &err), 1, &err);
	assert_rc(auth_throttle_charge(f->db, "k", &rule, now, &next, &err), 1, &err);
	for (int i = 0; i < 8; i++) {
		assert_rc(auth_throttle_charge(f->db, "k", &rule, now, &next, &err), 0, &err);
		assert_true(next - now >= last_delay && next - now <= rule.most_ms);
		last_delay = next - now;
		/* A restart in between forgives nothing. */
		db_close(f->db);
		assert_rc(auth_db_open(f->path, &f->db, &err), 0, &err);
		assert_rc(auth_throttle_charge(f->db, "k", &rule, next - 1, &next, &err), 0, &err);
		now = next;
		assert_rc(auth_throttle_charge(f->db, "k", &rule, now, &next, &err), 1, &err);
	}
	assert_int_equal(last_delay, rule.most_ms);
	assert_rc(auth_throttle_charge(f->db, "other", &rule, now, &next, &err), 1, &err);
	/* Old failures do not count. */
	now += rule.forget_ms + rule.most_ms + 1;
	for (int i = 0; i < 3; i++)
		assert_rc(auth_throttle_charge(f->db, "k", &rule, now, &next, &err), 1, &err);
	assert_rc(auth_throttle_clear(f->db, "k", &err), 0, &err);
}

static void test_throttle_survives_a_clock_set_back(void **state)
{
	static const struct auth_throttle_rule rule = { 0, 100, 1000, 100000 };
	struct fixture *f = *state;
	struct threads_error err;
	int64_t next = 0;

	assert_rc(auth_throttle_charge(f->db, "k", &rule, NOW, &next, &err), 1, &err);
	assert_rc(auth_throttle_charge(f->db, "k", &rule, NOW - 500000, &next, &err), 0, &err);
	assert_true(next <= NOW - 500000 + rule.most_ms);
	/* And that is when it ends. */
	assert_rc(auth_throttle_charge(f->db, "k", &rule, next - 1, &next, &err), 0, &err);
	assert_rc(auth_throttle_charge(f->db, "k", &rule, next, &next, &err), 1, &err);
}

static void test_outbox_keeps_order_and_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct auth_outbox_row row;
	struct threads_error err;
	int64_t last = 0, again = 0;

	assert_rc(db_begin(f->db, &err), 0, &err);
	for (int i = 0; i < 10010; i++)
		assert_rc(auth_outbox_audit(f->db, "", "signin-failed", "", "x", &err), 0, &err);
	assert_rc(auth_outbox_last(f->db, &last, &err), 0, &err);
	assert_rc(auth_outbox_audit(f->db, "", "signin-failed", "", "x", &err), 0, &err);
	assert_rc(auth_outbox_last(f->db, &again, &err), 0, &err);
	assert_int_equal(last, again);
	assert_rc(auth_outbox_audit(f->db, "", "factors-reset", "", "x", &err), 0, &err);
	assert_rc(auth_outbox_last(f->db, &again, &err), 0, &err);
	assert_int_equal(again, last + 1);
	assert_rc(db_commit(f->db, &err), 0, &err);
	assert_rc(auth_outbox_first(f->db, &row, &err), 1, &err);
	assert_int_equal(row.id, 1);
	assert_rc(auth_outbox_remove(f->db, row.id, &err), 0, &err);
	assert_rc(auth_outbox_first(f->db, &row, &err), 1, &err);
	assert_int_equal(row.id, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_many_uses_of_a_code_one_wins, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_of_many_uses_of_a_link_one_wins, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_of_many_uses_of_a_recovery_code_one_wins,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_older_step_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_step_of_a_wrong_clock_locks_nobody_out,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recovery_codes_belong_to_one_person, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_links_end_and_newer_ones_void_older, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_names_are_unique_in_any_case, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_sessions_hold_and_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_throttle_grows_ends_and_survives, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_throttle_survives_a_clock_set_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_outbox_keeps_order_and_is_bounded, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("auth/store", tests, NULL, NULL);
}
