/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/log.h"
#include "core/number.h"
#include "supervisor/options.h"

enum {
	LISTENERS_PATH_MAX = 2304,
	BACKLOG = 1024,
	CONTROL_BACKLOG = 64,
	FIRST_PASSED_FD = 3, /* sd_listen_fds(3) */
};

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

static bool socket_option_is(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

/* How many sockets systemd passed to this very process. The variables end here. */
static int64_t passed_count(void)
{
	const char *pid_text = options_env("LISTEN_PID"), *count_text = options_env("LISTEN_FDS");
	int64_t pid = 0, count = 0;

	if (pid_text && parse_int(pid_text, 1, INT32_MAX, &pid, NULL) == 0 && pid == getpid() &&
	    count_text && parse_int(count_text, 0, INT32_MAX, &count, NULL) < 0)
		count = 0;
	return count;
}

/* Returns 1 with the socket that systemd opened (threads.socket), 0 if it opened none. */
static int take_passed(int *ret_fd, struct threads_error *err)
{
	const int64_t count = passed_count();
	const int fd = FIRST_PASSED_FD;

	if (count == 0)
		return 0;
	if (count != 1 || !socket_option_is(fd, SO_ACCEPTCONN, 1) ||
	    !socket_option_is(fd, SO_TYPE, SOCK_STREAM))
		return threads_error_set(err, THREADS_EINVAL,
					 "socket activation: one listening stream socket is "
					 "wanted, %d descriptors were passed",
					 (int)count);
	/* Elsewhere than at 3, which is where roles look for their control connection. */
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PASSED_FD + 1);
	if (*ret_fd < 0 || fcntl(*ret_fd, F_SETFL, O_NONBLOCK) < 0)
		return threads_error_set(err, THREADS_EIO, "socket activation: %m");
	close(fd);
	return 1;
}

static int listen_http(struct supervisor *s, struct threads_error *err)
{
	const char *where = config_text(s->config, "listen");
	const int rc = take_passed(&s->http_fd, err);

	if (rc > 0)
		log_info("listening on the socket that systemd opened, not on %s", where);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (where[0] == '/')
		return listen_unix(where, SOCK_STREAM, 0660, &s->http_fd, err);
	return listen_tcp(where, &s->http_fd, err);
}

/* The port that listens, also when the configuration says 0; 0 for a unix socket. */
static int port_of(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	struct sockaddr_in in;

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    (address.ss_family != AF_INET && address.ss_family != AF_INET6))
		return 0;
	memcpy(&in, &address, sizeof(in)); /* the port stands at the same place in both */
	return ntohs(in.sin_port);
}

/* Figures name nobody, but they are nobody's business either. */
static int listen_metrics(struct supervisor *s, struct threads_error *err)
{
	const gid_t group = (gid_t)config_int(s->config, "metrics_group");
	const char *path = config_text(s->config, "metrics_socket");
	char preset[LISTENERS_PATH_MAX];
	int rc;

	snprintf(preset, sizeof(preset), "%s/run/metrics.sock", s->data_dir);
	if (!*path)
		path = preset;
	rc = listen_unix(path, SOCK_STREAM, group ? 0660 : 0600, &s->metrics_fd, err);
	if (rc == 0 && group && chown(path, (uid_t)-1, group) < 0)
		return threads_error_set(err, THREADS_EIO, "give %s to group %u: %m", path, group);
	return rc;
}

static void find_origin(struct supervisor *s)
{
	const char *url = config_text(s->config, "public_url");
	const int port = port_of(s->http_fd);
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	if (len > 0)
		snprintf(s->origin, sizeof(s->origin), "%.*s", (int)len, url);
	else if (port > 0)
		snprintf(s->origin, sizeof(s->origin), "http://localhost:%d", port);
	else
		snprintf(s->origin, sizeof(s->origin), "http://localhost");
}

int listeners_open(struct supervisor *s, struct threads_error *err)
{
	char path[LISTENERS_PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/run/control.sock", s->data_dir);
	rc = listen_unix(path, SOCK_SEQPACKET, 0600, &s->control_fd, err);
	if (rc == 0)
		rc = listen_metrics(s, err);
	if (rc == 0)
		rc = listen_http(s, err);
	if (rc == 0)
		find_origin(s);
	return rc;
}
