/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/clock.h"
#include "crypto/password.h"

static void test_right_and_wrong(void **state)
{
	char phc[PASSWORD_PHC_SIZE], again[PASSWORD_PHC_SIZE], long_one[PASSWORD_MAX + 1] = "x";
	struct threads_error err;

	(void)state;
	assert_rc(password_hash("correct horse", 13, phc, &err), 0, &err);
	assert_rc(password_hash("correct horse", 13, again, &err), 0, &err);
	assert_string_not_equal(phc, again);
	assert_memory_equal(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_rc(password_verify(phc, "correct horse", 13, &err), 1, &err);
	assert_rc(password_verify(phc, "correct hors", 12, &err), 0, &err);
	assert_rc(password_verify(phc, "", 0, &err), 0, &err);
	assert_rc(password_verify("$argon2id$nonsense", "x", 1, &err), THREADS_EINVAL, &err);
	assert_rc(password_hash(long_one, sizeof(long_one), phc, &err), THREADS_ELIMIT, &err);
	assert_rc(password_verify(phc, long_one, sizeof(long_one), &err), THREADS_ELIMIT, &err);
}

static void test_old_parameters_are_noticed(void **state)
{
	char phc[PASSWORD_PHC_SIZE];
	struct threads_error err;

	(void)state;
	assert_rc(password_hash("x", 1, phc, &err), 0, &err);
	assert_false(password_needs_rehash(phc));
	assert_true(password_needs_rehash("$argon2id$v=19$m=19455,t=2,p=1$c2FsdA$aGFzaA"));
	assert_true(password_needs_rehash("$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"));
}

static int64_t thread_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The least of seven, taken in turns, so that a busy machine does not decide. */
static void test_nobody_costs_the_same(void **state)
{
	int64_t somebody = INT64_MAX, nobody = INT64_MAX;
	char phc[PASSWORD_PHC_SIZE];
	struct threads_error err;

	(void)state;
	assert_rc(password_hash("right", 5, phc, &err), 0, &err);
	for (int i = 0; i < 7; i++) {
		const int64_t begin = thread_us();

		assert_rc(password_verify(phc, "wrong", 5, &err), 0, &err);

		const int64_t middle = thread_us();

		assert_rc(password_verify_nobody("wrong", 5, &err), 0, &err);

		const int64_t end = thread_us();

		somebody = middle - begin < somebody ? middle - begin : somebody;
		nobody = end - middle < nobody ? end - middle : nobody;
	}
	print_message("CPU: a name that exists %lld us, one that does not %lld us\n",
		      (long long)somebody, (long long)nobody);
	assert_true(nobody > somebody / 2 && nobody < somebody * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_and_wrong),
		cmocka_unit_test(test_old_parameters_are_noticed),
		cmocka_unit_test(test_nobody_costs_the_same),
	};

	return cmocka_run_group_tests_name("crypto/password", tests, NULL, NULL);
}
