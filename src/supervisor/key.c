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
#include "supervisor/options.h"

enum { KEY_PATH_MAX = 2304 };

/* Returns true for the credential of the service (LoadCredentialEncrypted=master.key). */
static bool key_path(const struct supervisor *s, char path[KEY_PATH_MAX])
{
	const char *configured = config_text(s->config, "key_file");
	const char *credentials = options_env("CREDENTIALS_DIRECTORY");

	if (*configured) {
		snprintf(path, KEY_PATH_MAX, "%s", configured);
		return false;
	}
	if (credentials) {
		snprintf(path, KEY_PATH_MAX, "%s/master.key", credentials);
		if (access(path, F_OK) == 0)
			return true;
	}
	snprintf(path, KEY_PATH_MAX, "%s/master.key", s->data_dir);
	return false;
}

static bool hub_has_data(const struct supervisor *s)
{
	static const char *const signs[] = { "hub/hub.db", "key.check" };
	char path[KEY_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->data_dir, signs[i]);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* A new name in a folder outlives a power cut only when the folder is synced too. */
static int sync_folder_of(const char *path, struct threads_error *err)
{
	char folder[KEY_PATH_MAX];
	const char *slash = strrchr(path, '/');
	AUTO_FD int fd = -1;

	snprintf(folder, sizeof(folder), "%.*s/", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return threads_error_set(err, THREADS_EIO, "sync folder %s: %m", folder);
	return 0;
}

/*
 * Written under another name first: half of it must never be taken for the
 * whole. On the disk for certain at the end: what it encrypts will be too.
 */
static int write_new(const char *path, const unsigned char bytes[KEY_BYTES],
		     struct threads_error *err)
{
	char fresh[KEY_PATH_MAX + 8];
	AUTO_FD int fd = -1;
	int rc;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "create %s: %m", fresh);
	rc = write_all(fd, bytes, KEY_BYTES, err);
	if (rc == 0 && (fsync(fd) < 0 || rename(fresh, path) < 0))
		rc = threads_error_set(err, THREADS_EIO, "write %s: %m", path);
	return rc < 0 ? rc : sync_folder_of(path, err);
}

static int make_key(const char *path, struct threads_error *err)
{
	unsigned char key[KEY_BYTES];
	int rc;

	random_bytes(key, sizeof(key));
	rc = write_new(path, key, err);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

static int derive(const char *path, const char *purpose, unsigned char out[KEY_BYTES],
		  struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char master[KEY_BYTES];
	int rc;

	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	rc = pread_all(fd, master, sizeof(master), 0, err);
	if (rc == 0)
		rc = hkdf_derive(master, sizeof(master), purpose, out, KEY_BYTES, err);
	OPENSSL_cleanse(master, sizeof(master));
	return rc;
}

/*
 * DATA/key.check holds bytes derived from the key, which tell nothing about it.
 * With another key the hub would start, and mix what two keys encrypted.
 */
static int check_known(const struct supervisor *s, const char *path, bool credential,
		       struct threads_error *err)
{
	unsigned char got[KEY_BYTES], want[KEY_BYTES];
	char check[KEY_PATH_MAX];
	AUTO_FD int fd = -1;
	int rc = derive(path, "threads-key-check", got, err);

	if (rc < 0)
		return rc;
	snprintf(check, sizeof(check), "%s/key.check", s->data_dir);
	fd = open(check, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return write_new(check, got, err);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", check);
	rc = pread_all(fd, want, sizeof(want), 0, err);
	if (rc < 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "%s is damaged; take it from a backup", check);
	if (CRYPTO_memcmp(got, want, sizeof(got)) == 0)
		return 0;
	if (credential)
		return threads_error_set(err, THREADS_EDENIED,
					 "the service's key (/etc/threads/master.key.cred) is not "
					 "the key of the data in %.60s; encrypt their own with "
					 "systemd-creds, see docs/operations.md",
					 s->data_dir);
	return threads_error_set(err, THREADS_EDENIED,
				 "%s is not the key of the data in %s; put their own key there",
				 path, s->data_dir);
}

int key_prepare(const struct supervisor *s, struct threads_error *err)
{
	char path[KEY_PATH_MAX];
	const bool credential = key_path(s, path);
	struct stat st;
	int rc;

	if (stat(path, &st) == 0) {
		/* systemd lets us read a credential by an ACL, whose mask looks like a group's right. */
		if (!credential && st.st_mode & 077)
			return threads_error_set(err, THREADS_EDENIED,
						 "%s can be read by others; run: chmod 600 it",
						 path);
		if (!S_ISREG(st.st_mode) || st.st_size != KEY_BYTES)
			return threads_error_set(err, THREADS_EINVAL,
						 "%s is no key, which has %d bytes; put the key of "
						 "this hub there",
						 path, KEY_BYTES);
		return check_known(s, path, credential, err);
	}
	if (errno != ENOENT)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (hub_has_data(s))
		return threads_error_set(err, THREADS_ENOENT,
					 "the key %s is missing; put the key of this hub there",
					 path);
	rc = make_key(path, err);
	return rc < 0 ? rc : check_known(s, path, false, err);
}

int key_for_role(const struct supervisor *s, enum role role, unsigned char out[KEY_BYTES],
		 struct threads_error *err)
{
	char path[KEY_PATH_MAX], purpose[64];

	key_path(s, path);
	snprintf(purpose, sizeof(purpose), "threads-role-%s", role_name(role));
	return derive(path, purpose, out, err);
}
