/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "crypto/totp.h"

/* RFC 6238, appendix B: the seed is the digits 1..9,0 repeated to the hash's length. */
static const char digits[] = "1234567890123456789012345678901234567890"
			     "123456789012345678901234";

static void test_appendix_b(void **state)
{
	static const struct {
		int64_t seconds;
		uint32_t sha1, sha256, sha512;
	} cases[] = {
		{ 59, 94287082, 46119246, 90693936 },
		{ 1111111109, 7081804, 68084774, 25091201 },
		{ 1111111111, 14050471, 67062674, 99943326 },
		{ 1234567890, 89005924, 91819424, 93441116 },
		{ 2000000000, 69279037, 90698825, 38618901 },
		{ 20000000000, 65353130, 77737706, 47863826 },
	};
	struct threads_error err;
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t step = (uint64_t)cases[i].seconds / 30;

		assert_rc(totp_compute(TOTP_SHA1, digits, 20, step, 8, &code, &err), 0, &err);
		assert_int_equal(code, cases[i].sha1);
		assert_rc(totp_compute(TOTP_SHA256, digits, 32, step, 8, &code, &err), 0, &err);
		assert_int_equal(code, cases[i].sha256);
		assert_rc(totp_compute(TOTP_SHA512, digits, 64, step, 8, &code, &err), 0, &err);
		assert_int_equal(code, cases[i].sha512);
	}
}

static void test_window_is_one_step_each_side(void **state)
{
	const unsigned char *seed = (const unsigned char *)digits;
	const int64_t now = 1111111111000;
	char code[TOTP_CODE_SIZE];
	struct threads_error err;
	int64_t step;

	(void)state;
	assert_rc(totp_code(seed, now, code, &err), 0, &err);
	assert_string_equal(code, "050471");
	for (int off = -3; off <= 3; off++) {
		const int64_t when = now + (int64_t)off * TOTP_STEP_MS;
		const int want = off >= -1 && off <= 1;

		step = 0;
		assert_rc(totp_verify(seed, when, code, &step, &err), want, &err);
		assert_int_equal(step, want ? now / TOTP_STEP_MS : 0);
	}
}

static void test_only_six_digits_count(void **state)
{
	static const char *const wrong[] = { "",        "05047",   "0504711", "50471",
					     " 050471", "050471 ", "05047a",  "０５０４７１" };
	int64_t step;
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_rc(totp_verify((const unsigned char *)digits, 1111111111000, wrong[i], &step,
				      &err),
			  0, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appendix_b),
		cmocka_unit_test(test_window_is_one_step_each_side),
		cmocka_unit_test(test_only_six_digits_count),
	};

	return cmocka_run_group_tests_name("crypto/totp", tests, NULL, NULL);
}
