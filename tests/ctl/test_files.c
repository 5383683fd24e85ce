/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ctl/files.h"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void put(const char *root, const char *name, const char *text)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int setup(void **state)
{
	static char root[] = "/tmp/threads-files-XXXXXX";
	char path[4096];

	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(root));
	put(root, "m/cur/1:2,S", "Subject: a\n\nb\n");
	put(root, "m/new/2", "Subject: a\n\nbb\n");
	put(root, "m/tmp/3", "Subject: a\n\nb\n");
	put(root, "m/.Sent/cur/4", "Subject: a\n\nb\n");
	put(root, "m/dovecot.index", "x");
	put(root, "m/cur/.hidden", "x");
	put(root, "e/a.eml", "odd");
	put(root, "e/sub/B.EML", "odd");
	put(root, "e/sub/noext", "Received: from x\n");
	put(root, "e/README", "This is about mail\n");
	put(root, "b/inbox", "From a@b.test Mon Jan  1 00:00:00 2026\nSubject: x\n\nx\n");
	put(root, "b/inbox.msf", "// mork\n");
	snprintf(path, sizeof(path), "%s/m/cur/link", root);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	snprintf(path, sizeof(path), "%s/e/out", root);
	assert_int_equal(symlink("/etc", path), 0);
	*state = root;
	return 0;
}

static int teardown(void **state)
{
	return nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void check(struct files *files, const char *root, enum files_kind kind, const char *folder,
		  const char *want)
{
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT(10000);
	char path[4096];
	struct threads_error err;

	snprintf(path, sizeof(path), "%s/%s", root, folder);
	assert_rc(files_add(files, kind, path, &err), 0, &err);
	for (size_t i = 0; i < files->count; i++)
		strbuf_addf(&got, "%s=%d ", files->entries[i].name, (int)files->entries[i].size);
	assert_string_equal(strbuf_str(&got), want);
}

static void test_maildir(void **state)
{
	CLEANUP(files_release) struct files files = FILES_INIT;

	check(&files, *state, FILES_MAILDIR, "m", "m/.Sent/cur/4=14 m/cur/1:2,S=14 m/new/2=15 ");
	assert_int_equal(files.passed_over, 3);
	files_drop(&files, 1);
	assert_string_equal(files.entries[1].name, "m/new/2");
}

static void test_eml(void **state)
{
	CLEANUP(files_release) struct files files = FILES_INIT;

	check(&files, *state, FILES_EML, "e/", "e/a.eml=3 e/sub/B.EML=3 e/sub/noext=17 ");
}

static void test_mbox_and_single_files(void **state)
{
	CLEANUP(files_release) struct files folder = FILES_INIT;
	CLEANUP(files_release) struct files file = FILES_INIT;

	check(&folder, *state, FILES_MBOX, "b", "b/inbox=53 ");
	check(&file, *state, FILES_EML, "e/README", "README=19 "); /* given by name: taken */
}

static void test_same_name_twice(void **state)
{
	CLEANUP(files_release) struct files files = FILES_INIT;

	check(&files, *state, FILES_MBOX, "b/inbox", "inbox=53 ");
	check(&files, *state, FILES_MBOX, "b/inbox", "inbox=53 inbox#2=53 ");
}

static void test_missing_path(void **state)
{
	CLEANUP(files_release) struct files files = FILES_INIT;
	struct threads_error err;

	(void)state;
	assert_rc(files_add(&files, FILES_EML, "/nonexistent/x", &err), THREADS_ENOENT, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maildir),
		cmocka_unit_test(test_eml),
		cmocka_unit_test(test_mbox_and_single_files),
		cmocka_unit_test(test_same_name_twice),
		cmocka_unit_test(test_missing_path),
	};

	return cmocka_run_group_tests_name("ctl/files", tests, setup, teardown);
}
