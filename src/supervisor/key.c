/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/random_id.h"
#include "crypto/hkdf.h"
#include "ipc/memfd.h"
#include "ipc/role_name.h"

enum { KEY_PATH_MAX = 2304 };

static void key_path(const struct supervisor *s, char path[KEY_PATH_MAX])
{
	const char *configured = config_text(s->config, "key_file");

	if (*configured)
		snprintf(path, KEY_PATH_MAX, "%s", configured);
	else
		snprintf(path, KEY_PATH_MAX, "%s/master.key", s->data_dir);
}

static bool hub_has_data(const struct supervisor *s)
{
	char path[KEY_PATH_MAX];

	snprintf(path, sizeof(path), "%s/hub/hub.db", s->data_dir);
	return access(path, F_OK) == 0;
}

/* Written under another name first: a half-written key must never be taken for one. */
static int make_key(const char *path, struct threads_error *err)
{
	unsigned char key[KEY_BYTES];
	char fresh[KEY_PATH_MAX + 8];
	AUTO_FD int fd = -1;
	int rc;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "create %s: %m", fresh);
	random_bytes(key, sizeof(key));
	rc = write_all(fd, key, sizeof(key), err);
	OPENSSL_cleanse(key, sizeof(key));
	if (rc == 0 && (fsync(fd) < 0 || rename(fresh, path) < 0))
		rc = threads_error_set(err, THREADS_EIO, "write %s: %m", path);
	return rc;
}

int key_prepare(const struct supervisor *s, struct threads_error *err)
{
	char path[KEY_PATH_MAX];
	struct stat st;

	key_path(s, path);
	if (stat(path, &st) == 0) {
		if (st.st_mode & 077)
			return threads_error_set(err, THREADS_EDENIED,
						 "%s can be read by others; run: chmod 600 it",
						 path);
		return 0;
	}
	if (errno != ENOENT)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (hub_has_data(s))
		return threads_error_set(err, THREADS_ENOENT,
					 "the key %s is missing; put the key of this hub there",
					 path);
	return make_key(path, err);
}

int key_for_role(const struct supervisor *s, enum role role, unsigned char out[KEY_BYTES],
		 struct threads_error *err)
{
	unsigned char master[KEY_BYTES];
	char path[KEY_PATH_MAX], purpose[64];
	AUTO_FD int fd = -1;
	int rc;

	key_path(s, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	rc = pread_all(fd, master, sizeof(master), 0, err);
	snprintf(purpose, sizeof(purpose), "threads-role-%s", role_name(role));
	if (rc == 0)
		rc = hkdf_derive(master, sizeof(master), purpose, out, KEY_BYTES, err);
	OPENSSL_cleanse(master, sizeof(master));
	return rc;
}
