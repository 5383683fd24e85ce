/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ipc/ticket.h"

static const unsigned char key[TICKET_KEY_LEN] = "one boot's key";

static struct ticket example(void)
{
	struct ticket t = {
		.kind = TICKET_USER,
		.scope = 0x01020304,
		.strong_ms = 1795000000123,
		.expires_ms = 1795000060123,
	};

	public_id_make(t.subject);
	public_id_make(t.session);
	return t;
}

static void test_comes_back_as_made(void **state)
{
	const struct ticket t = example();
	unsigned char data[TICKET_LEN];
	struct threads_error err;
	struct ticket got;

	(void)state;
	assert_rc(ticket_make(key, &t, data, &err), 0, &err);
	assert_rc(ticket_check(key, data, sizeof(data), t.expires_ms - 1, &got, &err), 0, &err);
	assert_int_equal(got.kind, t.kind);
	assert_string_equal(got.subject, t.subject);
	assert_string_equal(got.session, t.session);
	assert_int_equal(got.scope, t.scope);
	assert_int_equal(got.strong_ms, t.strong_ms);
	assert_int_equal(got.expires_ms, t.expires_ms);
}

static void test_forged_expired_or_foreign_ones_are_refused(void **state)
{
	static const unsigned char other[TICKET_KEY_LEN] = "another boot's key";
	const struct ticket t = example();
	unsigned char data[TICKET_LEN];
	struct threads_error err;
	struct ticket got;

	(void)state;
	assert_rc(ticket_make(key, &t, data, &err), 0, &err);
	for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_rc(ticket_check(key, data, sizeof(data), 0, &got, &err), THREADS_EDENIED,
			  &err);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_rc(ticket_check(other, data, sizeof(data), 0, &got, &err), THREADS_EDENIED, &err);
	assert_rc(ticket_check(key, data, sizeof(data) - 1, 0, &got, &err), THREADS_EDENIED, &err);
	assert_rc(ticket_check(key, data, 0, 0, &got, &err), THREADS_EDENIED, &err);
	assert_rc(ticket_check(key, data, sizeof(data), t.expires_ms, &got, &err), THREADS_EDENIED,
		  &err);
	assert_rc(ticket_check(key, data, sizeof(data), 0, &got, &err), 0, &err);
}

static void test_no_ticket_for_a_malformed_id(void **state)
{
	struct ticket t = example();
	unsigned char data[TICKET_LEN];
	struct threads_error err;

	(void)state;
	t.subject[3] = '\0';
	assert_rc(ticket_make(key, &t, data, &err), THREADS_EBUG, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_made),
		cmocka_unit_test(test_forged_expired_or_foreign_ones_are_refused),
		cmocka_unit_test(test_no_ticket_for_a_malformed_id),
	};

	return cmocka_run_group_tests_name("ipc/ticket", tests, NULL, NULL);
}
