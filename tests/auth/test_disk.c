/* SPDX-License-Identifier: Apache-2.0 */
/* No byte is free on the disk of auth.db: what people are told, and what goes on. */
#include "harness.h"

#include <sys/syscall.h>

#include "auth/session.h"

/* SQLite writes through these two, which stand before those of libc. */
static bool full;

static ssize_t write_at(int fd, const void *data, size_t len, off_t offset)
{
	if (!full)
		return syscall(SYS_pwrite64, fd, data, len, offset);
	errno = ENOSPC;
	return -1;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return write_at(fd, data, len, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return write_at(fd, data, len, offset);
}

static void test_a_full_disk_is_told(void **state)
{
	static const char password[] = "{\"name\":\"mara\",\"password\":\"" GOOD_PASSWORD "\"}";
	static const char wrong[] = "{\"name\":\"mara\",\"password\":\"eleven dry cats\"}";
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 }, c = { 0 };
	char body[64], words[300];
	int status;

	(void)state;
	make_owner(h, &mara);
	settle(h);
	full = true;
	h->now_ms += 2 * SESSION_SEEN_STEP_MS;
	expect(h, &mara.browser, "GET", "security", NULL, 200, NULL); /* who is in stays in */
	expect(h, &mara.browser, "POST", "signout", NULL, 507, "disk-full");
	expect(h, &b, "POST", "signin", password, 507, "disk-full");
	expect(h, &c, "POST", "signin", wrong, 507, "disk-full");
	assert_string_equal(b.pending, "");

	CLEANUP(answer_release) struct answer a = call(h, &b, "POST", "signin", password);

	assert_non_null(strstr(text_of(&a, "detail"), "nothing was changed"));
	assert_non_null(strstr(text_of(&a, "detail"), "make room"));
	json_decref(verb(h, "user invite", "{\"name\":\"tom\"}", &status, words));
	assert_int_equal(status, 1);
	assert_non_null(strstr(words, "make room"));
	full = false;
	expect(h, &b, "POST", "signin", password, 200, NULL);
	h->now_ms += 60 * 1000;
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 200, NULL);
	json_decref(verb(h, "user invite", "{\"name\":\"tom\"}", &status, words));
	assert_int_equal(status, 0);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_full_disk_is_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
