/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/backup_manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ipc/memfd.h"

enum { MANIFEST_MAX = 16 << 20, SUM_LINE_MAX = 128 };

const char manifest_name[] = "manifest.json", manifest_sum_name[] = "manifest.sha256";

int manifest_new(json_t **ret_manifest, struct threads_error *err)
{
	*ret_manifest = json_pack("{s:i, s:s, s:o, s:[]}", "format", (int)MANIFEST_FORMAT,
				  "program", THREADS_VERSION, "schema", json_object(), "files");
	return *ret_manifest ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

int manifest_add(json_t *manifest, const char *path, const struct copied *copied,
		 struct threads_error *err)
{
	json_t *entry = json_pack("{s:s, s:I, s:s}", "path", path, "bytes",
				  (json_int_t)copied->bytes, "sha256", copied->sha256);

	if (!entry || json_array_append_new(json_object_get(manifest, "files"), entry) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}

/* The line that sha256sum would print. */
static int sum_line(const void *text, size_t len, char out[SUM_LINE_MAX], struct threads_error *err)
{
	unsigned char sum[DIGEST_LEN];
	char hex[COPY_HEX_SIZE];
	int rc = digest_sha256(text, len, sum, err);

	if (rc < 0)
		return rc;
	copy_hex(sum, hex);
	snprintf(out, SUM_LINE_MAX, "%s  %s\n", hex, manifest_name);
	return 0;
}

/* Under another name first: it is there whole or not at all. */
static int write_file(int dir_fd, const char *name, const char *text, size_t len,
		      struct threads_error *err)
{
	char fresh[64];
	AUTO_FD int fd = -1;
	int rc;

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", fresh);
	rc = write_all(fd, text, len, err);
	if (rc == 0 && (fsync(fd) < 0 || renameat(dir_fd, fresh, dir_fd, name) < 0))
		rc = threads_error_set(err, THREADS_EIO, "%s: %m", name);
	return rc;
}

int manifest_write(int dir_fd, const json_t *manifest, struct threads_error *err)
{
	AUTO_FREE char *text = json_dumps(manifest, JSON_INDENT(1));
	char line[SUM_LINE_MAX];
	int rc;

	if (!text)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = sum_line(text, strlen(text), line, err);
	if (rc == 0)
		rc = write_file(dir_fd, manifest_sum_name, line, strlen(line), err);
	if (rc == 0)
		rc = write_file(dir_fd, manifest_name, text, strlen(text), err);
	if (rc == 0 && fsync(dir_fd) < 0)
		rc = threads_error_set(err, THREADS_EIO, "fsync: %m");
	return rc;
}

static int read_file(int dir_fd, const char *name, size_t most, struct strbuf *out,
		     struct threads_error *err)
{
	AUTO_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	struct stat st;
	int rc;

	if (fd < 0 && errno == ENOENT)
		return threads_error_set(err, THREADS_ENOENT,
					 "there is no %s: this is no backup, or one that was "
					 "interrupted and must be made again",
					 name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", name);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)most)
		return threads_error_set(err, THREADS_EINVAL, "%s is damaged", name);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = pread_all(fd, text, (size_t)st.st_size, 0, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "%s", name);
	strbuf_add(out, text, (size_t)st.st_size);
	return strbuf_check(out, err);
}

/* What a hub has, and nothing else: a manifest cannot name a place outside. */
static bool path_is_known(const char *path)
{
	static const char *const known[] = { "key.check", "threads.conf", "hub/hub.db",
					     "auth/auth.db", "vault/vault.db" };
	size_t digits;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(path, known[i]) == 0)
			return true;
	if (strncmp(path, "packs/", 6) != 0)
		return false;
	digits = strspn(path + 6, "0123456789");
	return digits >= 6 && digits < 19 && strcmp(path + 6 + digits, ".pack") == 0;
}

bool manifest_file_at(const json_t *manifest, size_t i, struct manifest_file *ret_file)
{
	const json_t *entry = json_array_get(json_object_get(manifest, "files"), i);

	if (!entry)
		return false;
	ret_file->path = json_string_value(json_object_get(entry, "path"));
	ret_file->bytes = json_integer_value(json_object_get(entry, "bytes"));
	ret_file->sha256 = json_string_value(json_object_get(entry, "sha256"));
	return true;
}

int64_t manifest_bytes(const json_t *manifest)
{
	struct manifest_file file;
	int64_t bytes = 0;

	for (size_t i = 0; manifest_file_at(manifest, i, &file); i++)
		bytes += file.bytes;
	return bytes;
}

static int check_fields(const json_t *manifest, struct threads_error *err)
{
	struct manifest_file file;
	size_t i;

	if (json_integer_value(json_object_get(manifest, "format")) != MANIFEST_FORMAT)
		return threads_error_set(err, THREADS_EINVAL,
					 "the backup was made by a later version (%.40s); use that",
					 json_string_value(json_object_get(manifest, "program")));
	for (i = 0; manifest_file_at(manifest, i, &file); i++)
		if (!file.path || !path_is_known(file.path) || file.bytes < 0 || !file.sha256)
			return threads_error_set(err, THREADS_EINVAL,
						 "%s names a file that no hub has", manifest_name);
	if (i == 0 || !json_is_string(json_object_get(manifest, "key_check")))
		return threads_error_set(err, THREADS_EINVAL, "%s is incomplete", manifest_name);
	return 0;
}

int manifest_read(int dir_fd, json_t **ret_manifest, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(MANIFEST_MAX);
	CLEANUP(strbuf_release) struct strbuf sum = STRBUF_INIT(SUM_LINE_MAX);
	CLEANUP(json_freep) json_t *manifest = NULL;
	char line[SUM_LINE_MAX];
	int rc = read_file(dir_fd, manifest_name, MANIFEST_MAX, &text, err);

	if (rc == 0)
		rc = read_file(dir_fd, manifest_sum_name, SUM_LINE_MAX, &sum, err);
	if (rc == 0)
		rc = sum_line(strbuf_str(&text), text.len, line, err);
	if (rc < 0)
		return rc;
	if (sum.len != strlen(line) || memcmp(strbuf_str(&sum), line, sum.len) != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "%s is not what %s says: one of the two is damaged",
					 manifest_name, manifest_sum_name);
	rc = json_parse_object(strbuf_str(&text), text.len, &manifest, err);
	if (rc == 0)
		rc = check_fields(manifest, err);
	if (rc < 0)
		return rc;
	*ret_manifest = TAKE_PTR(manifest);
	return 0;
}

int manifest_open(const char *path, int *ret_dir_fd, json_t **ret_manifest,
		  struct threads_error *err)
{
	int rc;

	*ret_dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir_fd < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", path);
	rc = manifest_read(*ret_dir_fd, ret_manifest, err);
	return rc < 0 ? threads_error_wrap(err, rc, "%.100s", path) : 0;
}

int manifest_copy(int dir_fd, const struct manifest_file *file, int to, struct copy_meter *meter,
		  struct threads_error *err)
{
	AUTO_FD int from = -1;
	struct copied copied;
	int rc = copy_open(dir_fd, file->path, &from, err);

	if (rc < 0)
		return rc;
	rc = copy_bytes(from, -1, to, meter, &copied, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "%s", file->path);
	if (copied.bytes != file->bytes)
		return threads_error_set(err, THREADS_EINVAL,
					 "%s is damaged: it has %lld bytes, not %lld", file->path,
					 (long long)copied.bytes, (long long)file->bytes);
	if (strcmp(copied.sha256, file->sha256) != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "%s is damaged: its SHA-256 is not that of the manifest",
					 file->path);
	return 0;
}
