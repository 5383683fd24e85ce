/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder: its modes, its lock, and no way out of it by a link. */
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/layout.h"

struct world {
	struct supervisor s;
	char top[64], other[128], path[2300];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->s.lock_fd = -1;
	snprintf(w->top, sizeof(w->top), "/tmp/threads-layout-XXXXXX");
	assert_non_null(mkdtemp(w->top));
	snprintf(w->s.data_dir, sizeof(w->s.data_dir), "%s/data", w->top);
	snprintf(w->other, sizeof(w->other), "%s/other", w->top);
	assert_int_equal(mkdir(w->other, 0755), 0);
	*state = w;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (w->s.lock_fd >= 0)
		close(w->s.lock_fd);
	nftw(w->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

static const char *in_data(struct world *w, const char *name)
{
	snprintf(w->path, sizeof(w->path), "%s/%s", w->s.data_dir, name);
	return w->path;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_folders_get_their_modes_again(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(mkdir(w->s.data_dir, 0700), 0);
	assert_int_equal(mkdir(in_data(w, "vault"), 0777), 0);
	assert_int_equal(layout_prepare(&w->s, &err), 0);
	assert_int_equal(mode_of(w->s.data_dir), 0711);
	assert_int_equal(mode_of(in_data(w, "hub")), 02750);
	assert_int_equal(mode_of(in_data(w, "vault")), 0700);
}

static void test_a_link_in_the_data_folder_is_refused(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(mkdir(w->s.data_dir, 0711), 0);
	assert_int_equal(symlink(w->other, in_data(w, "packs")), 0);
	assert_true(layout_prepare(&w->s, &err) < 0);
	assert_non_null(strstr(err.text, "packs"));
	assert_int_equal(mode_of(w->other), 0755); /* what it leads to is as it was */
}

static void test_a_linked_lock_is_refused(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(mkdir(w->s.data_dir, 0711), 0);
	assert_int_equal(mkdir(in_data(w, "run"), 0711), 0);
	assert_int_equal(symlink("../../other/file", in_data(w, "run/threadsd.pid")), 0);
	assert_true(layout_prepare(&w->s, &err) < 0);
	snprintf(w->path, sizeof(w->path), "%s/file", w->other);
	assert_int_equal(access(w->path, F_OK), -1);
}

static void test_the_data_folder_itself_may_be_a_link(void **state)
{
	struct world *w = *state;
	struct threads_error err;

	assert_int_equal(symlink(w->other, w->s.data_dir), 0);
	assert_int_equal(layout_prepare(&w->s, &err), 0);
	assert_int_equal(mode_of(w->other), 0711);
}

static void test_a_second_hub_is_kept_out(void **state)
{
	struct world *w = *state;
	struct supervisor second = w->s;
	struct threads_error err;

	assert_int_equal(layout_prepare(&w->s, &err), 0);
	assert_int_equal(layout_prepare(&second, &err), THREADS_EAGAIN);
	assert_non_null(strstr(err.text, "already runs"));
	if (second.lock_fd >= 0)
		close(second.lock_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folders_get_their_modes_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_link_in_the_data_folder_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_linked_lock_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_data_folder_itself_may_be_a_link, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_second_hub_is_kept_out, setup, teardown),
	};

	return cmocka_run_group_tests_name("supervisor/layout", tests, NULL, NULL);
}
