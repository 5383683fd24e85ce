/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ctl/backup_manifest.h"

static const char text[] = "four";
static const char pack[] = "packs/000001.pack";

struct world {
	char folder[64];
	int dir_fd;
};

static void put(const struct world *w, const char *name, const void *bytes, size_t len)
{
	AUTO_FD int fd = openat(w->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
}

static size_t get(const struct world *w, const char *name, char *out, size_t room)
{
	AUTO_FD int fd = openat(w->dir_fd, name, O_RDONLY | O_CLOEXEC);
	const ssize_t got = read(fd, out, room);

	assert_true(got > 0);
	return (size_t)got;
}

static int setup(void **state)
{
	static struct world w;

	memcpy(w.folder, "/tmp/threads-manifest-XXXXXX", sizeof("/tmp/threads-manifest-XXXXXX"));
	assert_non_null(mkdtemp(w.folder));
	w.dir_fd = open(w.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w.dir_fd >= 0);
	assert_int_equal(mkdirat(w.dir_fd, "packs", 0700), 0);
	put(&w, pack, text, strlen(text));
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	unlinkat(w->dir_fd, pack, 0);
	unlinkat(w->dir_fd, "packs", AT_REMOVEDIR);
	unlinkat(w->dir_fd, manifest_name, 0);
	unlinkat(w->dir_fd, manifest_sum_name, 0);
	close(w->dir_fd);
	/* Nothing else may be left. */
	return rmdir(w->folder);
}

/* A manifest of the one file under that path, as it is now. */
static json_t *manifest_of(const struct world *w, const char *path)
{
	AUTO_FD int fd = openat(w->dir_fd, pack, O_RDONLY | O_CLOEXEC);
	struct copy_meter meter = { 0 };
	struct copied copied;
	json_t *manifest = NULL;
	struct threads_error err;

	copy_meter_begin(&meter);
	assert_rc(copy_bytes(fd, -1, -1, &meter, &copied, &err), 0, &err);
	assert_rc(manifest_new(&manifest, &err), 0, &err);
	assert_rc(manifest_add(manifest, path, &copied, &err), 0, &err);
	json_object_set_new(manifest, "key_check", json_string("check"));
	return manifest;
}

static void write_manifest(const struct world *w, const json_t *manifest)
{
	struct threads_error err;

	assert_rc(manifest_write(w->dir_fd, manifest, &err), 0, &err);
}

static void assert_refused(const struct world *w, int code, const char *words)
{
	struct threads_error err = { .text = "" };
	json_t *manifest = NULL;

	assert_rc(manifest_read(w->dir_fd, &manifest, &err), code, &err);
	assert_null(manifest);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
}

static void what_is_written_is_read(void **state)
{
	struct world *w = *state;
	CLEANUP(json_freep) json_t *manifest = manifest_of(w, pack), *again = NULL;
	struct manifest_file file;
	struct threads_error err;

	write_manifest(w, manifest);
	assert_rc(manifest_read(w->dir_fd, &again, &err), 0, &err);
	assert_true(json_equal(manifest, again));
	assert_true(manifest_file_at(again, 0, &file));
	assert_string_equal(file.path, pack);
	assert_int_equal(file.bytes, strlen(text));
	assert_int_equal(strlen(file.sha256), COPY_HEX_SIZE - 1);
	assert_false(manifest_file_at(again, 1, &file));
	assert_int_equal(manifest_bytes(again), strlen(text));
}

/* The hash is written first: without the manifest it is no backup, and the other way round neither. */
static void half_of_it_is_no_backup(void **state)
{
	struct world *w = *state;
	CLEANUP(json_freep) json_t *manifest = manifest_of(w, pack);

	assert_refused(w, THREADS_ENOENT, "no backup, or one that was interrupted");
	write_manifest(w, manifest);
	unlinkat(w->dir_fd, manifest_name, 0);
	assert_refused(w, THREADS_ENOENT, manifest_name);
	write_manifest(w, manifest);
	unlinkat(w->dir_fd, manifest_sum_name, 0);
	assert_refused(w, THREADS_ENOENT, manifest_sum_name);
}

/* One bit of each byte of both files, and both of them cut short at each place. */
static void no_damage_is_taken(void **state)
{
	const char *const names[] = { manifest_name, manifest_sum_name };
	struct world *w = *state;
	CLEANUP(json_freep) json_t *manifest = manifest_of(w, pack);

	write_manifest(w, manifest);
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		char good[4096], bad[4096];
		const size_t len = get(w, names[n], good, sizeof(good));

		for (size_t i = 0; i < len; i++) {
			memcpy(bad, good, len);
			bad[i] ^= (char)(1 << i % 8);
			put(w, names[n], bad, len);
			assert_refused(w, THREADS_EINVAL, "damaged");
			put(w, names[n], good, i);
			assert_refused(w, THREADS_EINVAL, "damaged");
		}
		put(w, names[n], good, len);
	}
}

/* Restore writes where the manifest says: it may say nothing but the files of a hub. */
static void no_place_outside_is_named(void **state)
{
	static const char *const bad[] = {
		"../hub/hub.db",       "/etc/passwd",
		"hub/../hub.db",       "packs/../x.pack",
		"packs/1.pack",        "packs/00000a.pack",
		"packs/000001.pack/x", "packs/000001.pac",
		"master.key",          "",
		"hub/hub.db/",         "packs/0000000000000000001.pack",
	};
	static const char *const good[] = {
		"key.check",    "threads.conf",   "hub/hub.db",
		"auth/auth.db", "vault/vault.db", "packs/1234567.pack"
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(json_freep) json_t *manifest = manifest_of(w, bad[i]);

		write_manifest(w, manifest);
		assert_refused(w, THREADS_EINVAL, "names a file that no hub has");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP(json_freep) json_t *manifest = manifest_of(w, good[i]), *again = NULL;
		struct threads_error err;

		write_manifest(w, manifest);
		assert_rc(manifest_read(w->dir_fd, &again, &err), 0, &err);
	}
}

static void what_is_missing_or_later_is_refused(void **state)
{
	struct world *w = *state;
	CLEANUP(json_freep) json_t *manifest = manifest_of(w, pack);

	json_object_set_new(manifest, "format", json_integer(MANIFEST_FORMAT + 1));
	write_manifest(w, manifest);
	assert_refused(w, THREADS_EINVAL, "made by a later version");
	json_object_set_new(manifest, "format", json_integer(MANIFEST_FORMAT));
	json_object_del(manifest, "key_check");
	write_manifest(w, manifest);
	assert_refused(w, THREADS_EINVAL, "incomplete");
	json_object_set_new(manifest, "key_check", json_string("check"));
	json_object_set_new(manifest, "files", json_array());
	write_manifest(w, manifest);
	assert_refused(w, THREADS_EINVAL, "incomplete");
}

static void assert_copy(const struct world *w, const struct manifest_file *file, int code,
			const char *words)
{
	struct copy_meter meter = { 0 };
	struct threads_error err = { .text = "" };

	copy_meter_begin(&meter);
	assert_rc(manifest_copy(w->dir_fd, file, -1, &meter, &err), code, &err);
	if (code < 0 && (!strstr(err.text, pack) || !strstr(err.text, words)))
		fail_msg("'%s' does not name the file with '%s'", err.text, words);
}

static void a_file_that_differs_is_named(void **state)
{
	struct world *w = *state;
	CLEANUP(json_freep) json_t *manifest = manifest_of(w, pack);
	struct manifest_file file;

	assert_true(manifest_file_at(manifest, 0, &file));
	assert_copy(w, &file, 0, "");
	put(w, pack, "fouR", 4);
	assert_copy(w, &file, THREADS_EINVAL, "its SHA-256");
	put(w, pack, "fou", 3);
	assert_copy(w, &file, THREADS_EINVAL, "it has 3 bytes, not 4");
	put(w, pack, "fours", 5);
	assert_copy(w, &file, THREADS_EINVAL, "it has 5 bytes, not 4");
	unlinkat(w->dir_fd, pack, 0);
	assert_copy(w, &file, THREADS_EINVAL, "No such file");
	assert_int_equal(symlinkat("/etc/hostname", w->dir_fd, pack), 0);
	assert_copy(w, &file, THREADS_EINVAL, "symbolic link");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(half_of_it_is_no_backup, setup, teardown),
		cmocka_unit_test_setup_teardown(no_damage_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(no_place_outside_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_or_later_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_differs_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
