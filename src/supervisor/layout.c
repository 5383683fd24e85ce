/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

/* The setgid bit gives what index writes to the group by which api reads it. */
static const struct {
	const char *name;
	enum role owner;
	mode_t mode;
} folders[] = {
	{ "run", ROLE_SUPERVISOR, 0711 }, { "hub", ROLE_INDEX, 02750 },
	{ "packs", ROLE_INDEX, 0700 },    { "auth", ROLE_AUTH, 0700 },
	{ "vault", ROLE_VAULT, 0700 },
};

uid_t supervisor_uid(const struct supervisor *s, enum role role)
{
	if (s->role_uids == 0 || role == ROLE_SUPERVISOR)
		return geteuid();
	return (uid_t)s->role_uids + (uid_t)role;
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
static int open_data_dir(const struct supervisor *s, int *ret_fd, struct threads_error *err)
{
	AUTO_FD int fd = -1;
	int rc;

	if (mkdir(s->data_dir, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create folder %s: %m", s->data_dir);
	fd = open(s->data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", s->data_dir);
	rc = own_folder(fd, s->data_dir, geteuid(), 0711, err);
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

static int take_lock(struct supervisor *s, int dir_fd, struct threads_error *err)
{
	static const char path[] = "run/threadsd.pid";
	char pid[32];
	int len;

	s->lock_fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (s->lock_fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return threads_error_set(err, THREADS_EAGAIN,
					 "a hub already runs with the data folder %s; "
					 "its process id is in %s there",
					 s->data_dir, path);
	len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, pid, (size_t)len, 0) != len)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	return 0;
}

int layout_prepare(struct supervisor *s, struct threads_error *err)
{
	AUTO_FD int dir_fd = -1;
	int rc = open_data_dir(s, &dir_fd, err);

	/* The lock is in the first one: a hub that runs keeps its owners. */
	for (size_t i = 0; i < ARRAY_SIZE(folders) && rc == 0; i++) {
		rc = make_folder(dir_fd, folders[i].name, supervisor_uid(s, folders[i].owner),
				 folders[i].mode, err);
		if (rc == 0 && i == 0)
			rc = take_lock(s, dir_fd, err);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "%s", s->data_dir) : 0;
}
