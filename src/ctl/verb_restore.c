/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "restore": a backup and its key become a data folder. Every file is hashed on
 * the way. The key comes last and key.check first, so that a hub refuses a folder
 * whose restore was interrupted.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/config.h"
#include "crypto/hkdf.h"
#include "ctl/backup_manifest.h"
#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "ipc/data_folder.h"
#include "ipc/memfd.h"

enum { PATH_BYTES = 4200, KEY_BYTES = 32 };

static const char settings_copy[] = "threads.conf.restored";
/* The service of this machine has its key there, encrypted. */
static const char service_config[] = "/etc/threads/threads.conf";
static const char service_key[] = "/etc/threads/master.key.cred";

struct restore {
	const char *from;
	int from_fd, lock_fd;
	char data[PATH_BYTES], key_path[PATH_BYTES + 16];
	json_t *manifest;
	struct data_owners owners;
	unsigned char key[KEY_BYTES];
	struct copy_meter meter;
	bool begun, made_data, made_key;
	bool key_elsewhere; /* key_file: put there by whoever guards it, not by us */
	bool for_service;   /* neither: it has no key in the clear */
};

/* ---- the key ---- */

static int read_key(struct restore *r, const char *path, struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char check[DIGEST_LEN];
	char hex[COPY_HEX_SIZE];
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", path);
	if (!S_ISREG(st.st_mode) || st.st_size != KEY_BYTES)
		return threads_error_set(err, THREADS_EINVAL,
					 "%.150s is no key, which has %d bytes", path, KEY_BYTES);
	rc = pread_all(fd, r->key, sizeof(r->key), 0, err);
	if (rc == 0)
		rc = hkdf_derive(r->key, sizeof(r->key), "threads-key-check", check, sizeof(check),
				 err);
	if (rc < 0)
		return rc;
	copy_hex(check, hex);
	if (strcmp(hex, print_field(r->manifest, "key_check")) != 0)
		return threads_error_set(err, THREADS_EDENIED,
					 "%.150s is not the key of this backup; nothing was "
					 "written",
					 path);
	return 0;
}

/* A key that is there already must be this one. */
static int check_key_place(const struct restore *r, struct threads_error *err)
{
	AUTO_FD int fd = open(r->key_path, O_RDONLY | O_CLOEXEC);
	unsigned char there[KEY_BYTES];

	if (fd < 0)
		return errno == ENOENT
			       ? 0
			       : threads_error_set(err, THREADS_EIO, "%.150s: %m", r->key_path);
	if (read(fd, there, sizeof(there)) != (ssize_t)sizeof(there) ||
	    CRYPTO_memcmp(there, r->key, sizeof(there)) != 0)
		return threads_error_set(err, THREADS_EDENIED,
					 "%.150s holds another key; nothing was written",
					 r->key_path);
	return 0;
}

static int write_key(struct restore *r, struct threads_error *err)
{
	const uid_t uid = r->owners.supervisor;
	AUTO_FD int fd = open(r->key_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", r->key_path);
	r->made_key = true;
	rc = write_all(fd, r->key, sizeof(r->key), err);
	if (rc == 0 && ((geteuid() == 0 && fchown(fd, uid, (gid_t)uid) < 0) || fsync(fd) < 0))
		rc = threads_error_set(err, THREADS_EIO, "%.150s: %m", r->key_path);
	return rc;
}

/* ---- the data folder ---- */

static bool is_service(const struct ctl_args *args)
{
	const char *config =
		ctl_has(args, OPT_CONFIG) ? ctl_value(args, OPT_CONFIG) : service_config;

	return !ctl_has(args, OPT_DATA) && strcmp(config, service_config) == 0 &&
	       access(service_key, F_OK) == 0;
}

static int read_settings(struct restore *r, const struct ctl_args *args, struct threads_error *err)
{
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT(PATH_BYTES - 1);
	const char *key_file;
	int rc = link_data_dir(args, &data, err);

	if (rc == 0)
		rc = link_config(args, &config, err);
	if (rc < 0)
		return rc;
	memcpy(r->data, strbuf_str(&data), data.len + 1);
	key_file = config_text(config, "key_file");
	if (*key_file)
		snprintf(r->key_path, sizeof(r->key_path), "%s", key_file);
	else
		snprintf(r->key_path, sizeof(r->key_path), "%s/master.key", r->data);
	r->key_elsewhere = *key_file != '\0';
	r->for_service = !r->key_elsewhere && is_service(args);
	r->owners.role_uids = config_int(config, "role_uids");
	if (geteuid() == 0 && r->owners.role_uids == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "as root, name the configuration with --config: its "
					 "role_uids say to whom the files belong");
	return 0;
}

/* The package makes the folders; there must be nothing in them, and nothing beside them. */
static bool has_only_folders(const struct restore *r, struct threads_error *err)
{
	const struct data_folder *folder;
	struct dirent *entry;
	char path[PATH_BYTES + 64];
	DIR *dir = opendir(r->data);
	bool clean = dir != NULL;

	/* glibc's is safe on a stream of one's own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (clean && (entry = readdir(dir))) {
		clean = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		for (size_t i = 0; !clean && (folder = data_folder(i)); i++) {
			snprintf(path, sizeof(path), "%s/%s", r->data, folder->name);
			clean = strcmp(folder->name, entry->d_name) == 0 &&
				folder_is_empty(path, err) == 1;
		}
	}
	if (dir)
		closedir(dir);
	return clean;
}

/* Whose the folder is, whose the hub will be: root restores for the service's user. */
static int check_data_empty(struct restore *r, struct threads_error *err)
{
	struct stat st;

	r->owners.supervisor = geteuid();
	r->made_data = stat(r->data, &st) < 0 && errno == ENOENT;
	if (r->made_data)
		return 0;
	if (has_only_folders(r, err)) {
		if (geteuid() == 0)
			r->owners.supervisor = st.st_uid;
		return 0;
	}
	return threads_error_set(err, THREADS_EINVAL,
				 "%.150s is not empty; stop the hub if one runs there, move "
				 "that folder away and restore into a new one",
				 r->data);
}

static void file_place(const struct restore *r, const char *path, char out[PATH_BYTES + 64])
{
	snprintf(out, PATH_BYTES + 64, "%s/%s", r->data,
		 strcmp(path, "threads.conf") == 0 ? settings_copy : path);
}

/* Whose folder the file is in; NULL: of the data folder itself. */
static const struct data_folder *folder_of(const char *path)
{
	const char *slash = strchr(path, '/');
	const struct data_folder *folder;

	for (size_t i = 0; slash && (folder = data_folder(i)); i++)
		if (strlen(folder->name) == (size_t)(slash - path) &&
		    memcmp(folder->name, path, strlen(folder->name)) == 0)
			return folder;
	return NULL;
}

static int file_restore(struct restore *r, const struct manifest_file *file,
			struct threads_error *err)
{
	const struct data_folder *folder = folder_of(file->path);
	const uid_t uid = data_folder_uid(&r->owners, folder ? folder->owner : ROLE_SUPERVISOR);
	char path[PATH_BYTES + 64];
	AUTO_FD int fd = -1;
	int rc;

	file_place(r, file->path, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", path);
	rc = manifest_copy(r->from_fd, file, fd, &r->meter, err);
	if (rc < 0)
		return rc;
	if ((geteuid() == 0 && fchown(fd, uid, (gid_t)uid) < 0) ||
	    fchmod(fd, folder ? folder->file_mode : 0600) < 0)
		return threads_error_set(err, THREADS_EIO, "owner of %.150s: %m", path);
	return 0;
}

/* Failed: nothing of it may be taken for a hub. */
static void remove_all(const struct restore *r)
{
	const struct data_folder *folder;
	struct manifest_file file;
	char path[PATH_BYTES + 64];
	size_t count = 0;

	if (!r->begun)
		return;
	for (size_t i = 0; manifest_file_at(r->manifest, i, &file); i++) {
		file_place(r, file.path, path);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/run/threadsd.pid", r->data);
	unlink(path);
	while (data_folder(count))
		count++;
	while (count-- > 0 && (folder = data_folder(count))) {
		snprintf(path, sizeof(path), "%s/%s", r->data, folder->name);
		rmdir(path);
	}
	if (r->made_key)
		unlink(r->key_path);
	if (r->made_data)
		rmdir(r->data);
}

static int sync_data(const struct restore *r, struct threads_error *err)
{
	AUTO_FD int fd = open(r->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return threads_error_set(err, THREADS_EIO, "sync %.150s: %m", r->data);
	return 0;
}

static int write_all_files(struct restore *r, struct threads_error *err)
{
	struct manifest_file file;
	char lock[PATH_BYTES + 64];
	int rc;

	r->begun = true;
	rc = data_folders_prepare(r->data, &r->owners, &r->lock_fd, err);

	for (size_t i = 0; rc == 0 && manifest_file_at(r->manifest, i, &file); i++)
		rc = file_restore(r, &file, err);
	if (rc == 0)
		rc = sync_data(r, err);
	if (rc == 0 && !r->key_elsewhere && !r->for_service)
		rc = write_key(r, err);
	if (rc == 0)
		rc = sync_data(r, err);
	if (rc < 0)
		return rc;
	snprintf(lock, sizeof(lock), "%s/run/threadsd.pid", r->data);
	unlink(lock);
	return 0;
}

static int run(struct restore *r, const struct ctl_args *args, struct threads_error *err)
{
	int rc = manifest_open(r->from, &r->from_fd, &r->manifest, err);

	if (rc == 0)
		rc = read_key(r, ctl_value(args, OPT_KEY_FILE), err);
	if (rc == 0)
		rc = read_settings(r, args, err);
	if (rc == 0)
		rc = check_data_empty(r, err);
	if (rc == 0)
		rc = check_key_place(r, err);
	if (rc < 0)
		return rc;
	r->meter.total = manifest_bytes(r->manifest);
	copy_meter_begin(&r->meter);
	rc = write_all_files(r, err);
	if (rc < 0)
		remove_all(r);
	return rc;
}

static void restore_release(struct restore *r)
{
	json_decref(r->manifest);
	OPENSSL_cleanse(r->key, sizeof(r->key));
	if (r->from_fd >= 0)
		close(r->from_fd);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
}

int verb_restore(const struct ctl_args *args)
{
	CLEANUP(restore_release)
	struct restore r = { .from = args->rest[0], .from_fd = -1, .lock_fd = -1 };
	struct threads_error err = { 0 };
	size_t files;

	if (run(&r, args, &err) < 0)
		return print_failure(err.text);
	print_progress_end();
	files = json_array_size(json_object_get(r.manifest, "files"));
	if (ctl_has(args, OPT_JSON)) {
		printf("{\"files\":%zu,\"bytes\":%" PRId64 ",\"messages\":%" PRId64 "}\n", files,
		       r.meter.done, print_number(r.manifest, "messages"));
		return CTL_DONE;
	}
	printf("%" PRId64 " messages of ", print_number(r.manifest, "messages"));
	print_text(print_field(r.manifest, "made"));
	printf(" are in %s, every file as it was hashed.\n"
	       "Next: compare the settings in %s/%s with your threads.conf, start the hub, run\n"
	       "\"threadsctl verify --deep\". Everybody's sessions of that day are valid again.\n",
	       r.data, r.data, settings_copy);
	if (r.key_elsewhere && access(r.key_path, F_OK) < 0)
		printf("The key is not at its place yet: %s\n", r.key_path);
	if (r.for_service)
		printf("Before the start, give the service this key, if it has another:\n"
		       "  systemd-creds encrypt --with-key=host --name=master.key %s %s\n",
		       ctl_value(args, OPT_KEY_FILE), service_key);
	return CTL_DONE;
}
