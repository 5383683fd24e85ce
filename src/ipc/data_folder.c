/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/data_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

/* The setgid bit gives what index writes to the group by which api reads it. */
static const struct data_folder folders[] = {
	{ "run", ROLE_SUPERVISOR, 0711, 0644 }, { "hub", ROLE_INDEX, 02750, 0640 },
	{ "packs", ROLE_INDEX, 0700, 0640 },    { "auth", ROLE_AUTH, 0700, 0600 },
	{ "vault", ROLE_VAULT, 0700, 0600 },
};

const struct data_folder *data_folder(size_t index)
{
	return index < ARRAY_SIZE(folders) ? &folders[index] : NULL;
}

uid_t data_folder_uid(const struct data_owners *owners, enum role role)
{
	if (owners->role_uids == 0 || role == ROLE_SUPERVISOR)
		return owners->supervisor;
	return (uid_t)owners->role_uids + (uid_t)role;
}

/*
 * fd names the folder itself (O_PATH), so that nobody can put another one in its
 * place meanwhile. Without CAP_CHOWN the package has to have given it its owner.
 */
static int own_folder(int fd, const char *path, uid_t owner, mode_t mode, struct threads_error *err)
{
	char self[64];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (st.st_uid != owner &&
	    fchownat(fd, "", owner, (gid_t)owner, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return threads_error_set(err, THREADS_EIO,
					 "the folder %s belongs to uid %u, not to uid %u: %m", path,
					 st.st_uid, owner);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if ((st.st_mode & 07777) != mode && chmod(self, mode) < 0)
		return threads_error_set(err, THREADS_EIO, "mode of %s: %m", path);
	return 0;
}

/* The data folder may be a symbolic link, what is in it may not: roles own some of it. */
static int open_data_dir(const char *data_dir, uid_t owner, int *ret_fd, struct threads_error *err)
{
	AUTO_FD int fd = -1;
	int rc;

	if (mkdir(data_dir, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create folder %s: %m", data_dir);
	fd = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", data_dir);
	rc = own_folder(fd, data_dir, owner, DATA_FOLDER_MODE, err);
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

static int make_folder(int dir_fd, const char *name, uid_t owner, mode_t mode,
		       struct threads_error *err)
{
	AUTO_FD int fd = -1;

	if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create folder %s: %m", name);
	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "the folder %s: %m", name);
	return own_folder(fd, name, owner, mode, err);
}

static int take_lock(int dir_fd, int *ret_fd, struct threads_error *err)
{
	static const char path[] = "run/threadsd.pid";
	char pid[32];
	int len;

	*ret_fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (*ret_fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (flock(*ret_fd, LOCK_EX | LOCK_NB) < 0)
		return threads_error_set(err, THREADS_EAGAIN,
					 "a hub already runs with the data folder; "
					 "its process id is in %s there",
					 path);
	len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(*ret_fd, 0) < 0 || pwrite(*ret_fd, pid, (size_t)len, 0) != len)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	return 0;
}

int data_folders_prepare(const char *data_dir, const struct data_owners *owners, int *ret_lock_fd,
			 struct threads_error *err)
{
	AUTO_FD int dir_fd = -1;
	int rc = open_data_dir(data_dir, owners->supervisor, &dir_fd, err);

	/* The lock is in the first one: a hub that runs keeps its owners. */
	for (size_t i = 0; i < ARRAY_SIZE(folders) && rc == 0; i++) {
		rc = make_folder(dir_fd, folders[i].name, data_folder_uid(owners, folders[i].owner),
				 folders[i].mode, err);
		if (rc == 0 && i == 0)
			rc = take_lock(dir_fd, ret_lock_fd, err);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "%s", data_dir) : 0;
}
