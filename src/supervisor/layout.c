/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/layout.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/number.h"

enum { LAYOUT_PATH_MAX = 2304, BACKLOG = 1024, CONTROL_BACKLOG = 64 };

/* The setgid bit gives what index writes to the group by which api reads it. */
static const struct {
	const char *name;
	enum role owner;
	mode_t mode;
} folders[] = {
	{ "run", ROLE_SUPERVISOR, 0711 },   { "hub", ROLE_INDEX, 02750 },
	{ "hub/upload", ROLE_INDEX, 0700 }, { "packs", ROLE_INDEX, 0700 },
	{ "auth", ROLE_AUTH, 0700 },        { "vault", ROLE_VAULT, 0700 },
};

uid_t supervisor_uid(const struct supervisor *s, enum role role)
{
	if (s->role_uids == 0 || role == ROLE_SUPERVISOR)
		return geteuid();
	return (uid_t)s->role_uids + (uid_t)role;
}

static int make_folder(const char *path, uid_t owner, mode_t mode, struct threads_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create folder %s: %m", path);
	if (stat(path, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (st.st_uid != owner && chown(path, owner, (gid_t)owner) < 0)
		return threads_error_set(err, THREADS_EIO, "give folder %s to uid %u: %m", path,
					 owner);
	if ((st.st_mode & 07777) != mode && chmod(path, mode) < 0)
		return threads_error_set(err, THREADS_EIO, "mode of %s: %m", path);
	return 0;
}

static int take_lock(struct supervisor *s, struct threads_error *err)
{
	char path[LAYOUT_PATH_MAX], pid[32];
	int len;

	snprintf(path, sizeof(path), "%s/run/threadsd.pid", s->data_dir);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (s->lock_fd < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return threads_error_set(err, THREADS_EAGAIN,
					 "a hub already runs with the data folder %s; "
					 "its process id is in %s",
					 s->data_dir, path);
	len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, pid, (size_t)len, 0) != len)
		return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	return 0;
}

int layout_prepare(struct supervisor *s, struct threads_error *err)
{
	char path[LAYOUT_PATH_MAX];
	int rc = make_folder(s->data_dir, geteuid(), 0711, err);

	/* The lock is in the first one: a hub that runs keeps its owners. */
	for (size_t i = 0; i < ARRAY_SIZE(folders) && rc == 0; i++) {
		snprintf(path, sizeof(path), "%s/%s", s->data_dir, folders[i].name);
		rc = make_folder(path, supervisor_uid(s, folders[i].owner), folders[i].mode, err);
		if (rc == 0 && i == 0)
			rc = take_lock(s, err);
	}
	return rc;
}

static int listen_unix(const char *path, int type, mode_t mode, int *ret_fd,
		       struct threads_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return threads_error_set(err, THREADS_EINVAL,
					 "the path %s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "socket: %m");
	unlink(path); /* ours: the lock is held */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
	    listen(fd, type == SOCK_STREAM ? BACKLOG : CONTROL_BACKLOG) < 0)
		return threads_error_set(err, THREADS_EIO, "listen on %s: %m", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* "127.0.0.1:8420" or "[::1]:8420" */
static int parse_address(const char *text, struct sockaddr_storage *address, socklen_t *len,
			 struct threads_error *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(text, ':');
	char host[64] = "";
	int64_t port = 0;
	size_t n;

	if (!colon || parse_int(colon + 1, 0, 65535, &port, NULL) < 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "listen must be address:port, not '%s'", text);
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n < sizeof(host))
		memcpy(host, text, n);
	*address = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*len = sizeof(*v6);
		return 0;
	}
	return threads_error_set(err, THREADS_EINVAL,
				 "listen: '%s' is no numeric address; "
				 "for this machine only write 127.0.0.1:PORT",
				 host);
}

static int listen_tcp(const char *text, int *ret_fd, struct threads_error *err)
{
	struct sockaddr_storage address;
	socklen_t len;
	AUTO_FD int fd = -1;
	const int on = 1;
	int rc = parse_address(text, &address, &len, err);

	if (rc < 0)
		return rc;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "socket: %m");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0) {
		if (errno == EADDRINUSE)
			return threads_error_set(err, THREADS_EIO,
						 "another program listens on %s; end it, or choose "
						 "another address with the setting listen",
						 text);
		return threads_error_set(err, THREADS_EIO, "listen on %s: %m", text);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Figures name nobody, but they are nobody's business either. */
static int listen_metrics(struct supervisor *s, struct threads_error *err)
{
	const gid_t group = (gid_t)config_int(s->config, "metrics_group");
	const char *path = config_text(s->config, "metrics_socket");
	char preset[LAYOUT_PATH_MAX];
	int rc;

	snprintf(preset, sizeof(preset), "%s/run/metrics.sock", s->data_dir);
	if (!*path)
		path = preset;
	rc = listen_unix(path, SOCK_STREAM, group ? 0660 : 0600, &s->metrics_fd, err);
	if (rc == 0 && group && chown(path, (uid_t)-1, group) < 0)
		return threads_error_set(err, THREADS_EIO, "give %s to group %u: %m", path, group);
	return rc;
}

int layout_listen(struct supervisor *s, struct threads_error *err)
{
	const char *where = config_text(s->config, "listen");
	char path[LAYOUT_PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/run/control.sock", s->data_dir);
	rc = listen_unix(path, SOCK_SEQPACKET, 0600, &s->control_fd, err);
	if (rc == 0)
		rc = listen_metrics(s, err);
	if (rc < 0)
		return rc;
	if (where[0] == '/')
		return listen_unix(where, SOCK_STREAM, 0660, &s->http_fd, err);
	return listen_tcp(where, &s->http_fd, err);
}
