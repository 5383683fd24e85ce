/* SPDX-License-Identifier: Apache-2.0 */
/* The master key: made once, and never taken for that of other data. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/key.h"

struct world {
	struct supervisor s;
};

static void path_in(const struct world *w, const char *name, char out[2200])
{
	snprintf(out, 2200, "%s/%s", w->s.data_dir, name);
}

static void put(const struct world *w, const char *name, const char *bytes, size_t len)
{
	char path[2200];
	int fd;

	path_in(w, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct threads_error err;

	assert_non_null(w);
	snprintf(w->s.data_dir, sizeof(w->s.data_dir), "/tmp/threads-key-XXXXXX");
	assert_non_null(mkdtemp(w->s.data_dir));
	assert_int_equal(config_new(&w->s.config, &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "master.key", "key.check", "old" };
	struct world *w = *state;
	char path[2200];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		path_in(w, names[i], path);
		unlink(path);
	}
	rmdir(w->s.data_dir);
	w->s.config = config_free(w->s.config);
	free(w);
	return 0;
}

static void test_a_key_is_made_once_and_stays(void **state)
{
	struct world *w = *state;
	unsigned char first[KEY_BYTES], again[KEY_BYTES], other[KEY_BYTES];
	struct threads_error err;

	assert_int_equal(key_prepare(&w->s, &err), 0);
	assert_int_equal(key_for_role(&w->s, ROLE_INDEX, first, &err), 0);
	assert_int_equal(key_prepare(&w->s, &err), 0);
	assert_int_equal(key_for_role(&w->s, ROLE_INDEX, again, &err), 0);
	assert_int_equal(key_for_role(&w->s, ROLE_VAULT, other, &err), 0);
	assert_memory_equal(first, again, KEY_BYTES);
	assert_memory_not_equal(first, other, KEY_BYTES);
}

static void test_a_missing_key_is_not_made_anew(void **state)
{
	struct world *w = *state;
	char key[2200], old[2200];
	struct threads_error err;

	assert_int_equal(key_prepare(&w->s, &err), 0);
	path_in(w, "master.key", key);
	path_in(w, "old", old);
	assert_int_equal(rename(key, old), 0);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_ENOENT);
	assert_non_null(strstr(err.text, "missing"));
	assert_int_equal(access(key, F_OK), -1);
	assert_int_equal(rename(old, key), 0);
	assert_int_equal(key_prepare(&w->s, &err), 0);
}

static void test_another_key_is_refused(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(key_prepare(&w->s, &err), 0);
	put(w, "master.key", "0123456789abcdef0123456789abcdef", KEY_BYTES);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_EDENIED);
	assert_non_null(strstr(err.text, "is not the key of the data"));
	put(w, "key.check", "short", 5);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_EINVAL);
	assert_non_null(strstr(err.text, "key.check is damaged"));
}

/* Its key is nowhere in the clear: the words name the file that can be mended. */
static void test_a_service_learns_where_its_key_is(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(key_prepare(&w->s, &err), 0);
	put(w, "master.key", "0123456789abcdef0123456789abcdef", KEY_BYTES);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", w->s.data_dir, 1), 0);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_EDENIED);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_non_null(strstr(err.text, "/etc/threads/master.key.cred"));
	assert_non_null(strstr(err.text, "systemd-creds"));
}

static void test_what_is_no_key_is_refused(void **state)
{
	struct world *w = *state;
	struct threads_error err;
	char path[2200];

	put(w, "master.key", "too short", 9);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_EINVAL);
	put(w, "master.key", "0123456789abcdef0123456789abcdef", KEY_BYTES);
	path_in(w, "master.key", path);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(key_prepare(&w->s, &err), THREADS_EDENIED);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(key_prepare(&w->s, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_key_is_made_once_and_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_missing_key_is_not_made_anew, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_another_key_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_service_learns_where_its_key_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_key_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
