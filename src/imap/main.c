/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-imap: collects the mail of one account.
 *
 * Eats hostile bytes (the mail server's) in a C library. Holds that account's
 * password for the seconds of a log-in, and its mail on the way. Cannot open a
 * file or a socket, cannot reach another account, cannot write the store: it
 * has a connected socket from dial, and links to index and vault.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "core/log.h"
#include "imap/rules.h"
#include "imap/worker.h"

static const char bundle_path[] = "/etc/ssl/certs/ca-certificates.crt";

struct imap_process {
	char name[40]; /* of the log's lines: "imap 17", by account */
	struct links *links;
	pthread_t thread;
	bool has_thread;
	int bundle_fd;
	int done_fd; /* eventfd: the worker ended by itself */
	struct loop_watch *done_watch;
};

static int imap_open(struct role_context *role, struct threads_error *err)
{
	struct imap_process *p = calloc(1, sizeof(*p));

	if (!p)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	role->state = p;
	snprintf(p->name, sizeof(p->name), "imap %lld", (long long)role->instance);
	log_setup(p->name, (enum log_level)config_int(role->config, "log_level"));
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write(2) */
	p->bundle_fd = open(bundle_path, O_RDONLY | O_CLOEXEC);
	if (p->bundle_fd < 0)
		log_warning("%s: %m", bundle_path);
	p->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->done_fd < 0)
		return threads_error_set(err, THREADS_EIO, "eventfd: %m");
	return links_new(&p->links, err);
}

static void *run(void *arg)
{
	struct imap_process *p = arg;
	const uint64_t one = 1;

	worker_run(p->links, p->bundle_fd);
	if (write(p->done_fd, &one, sizeof(one)) < 0)
		log_error("eventfd: %m");
	return NULL;
}

static void on_done(int fd, uint32_t events, void *arg)
{
	(void)fd;
	(void)events;
	loop_stop(arg);
}

static int imap_start(struct role_context *role, struct threads_error *err)
{
	struct imap_process *p = role->state;
	int rc = loop_watch_add(role->loop, p->done_fd, EPOLLIN, on_done, role->loop,
				&p->done_watch, err);

	if (rc < 0)
		return rc;
	rc = pthread_create(&p->thread, NULL, run, p);
	if (rc != 0) {
		errno = rc;
		return threads_error_set(err, THREADS_EIO, "thread: %m");
	}
	p->has_thread = true;
	return 0;
}

static int imap_on_peer(struct role_context *role, const struct role_peer *peer,
			struct threads_error *err)
{
	const struct imap_process *p = role->state;

	return links_offer(p->links, peer->role, peer->fd, err);
}

static void imap_close(struct role_context *role)
{
	struct imap_process *p = role->state;

	if (!p)
		return;
	if (p->has_thread) {
		links_stop(p->links);
		pthread_join(p->thread, NULL);
	}
	p->done_watch = loop_watch_remove(p->done_watch);
	links_free(p->links);
	if (p->bundle_fd >= 0)
		close(p->bundle_fd);
	if (p->done_fd >= 0)
		close(p->done_fd);
	log_setup("imap", (enum log_level)config_int(role->config, "log_level"));
	free(p);
	role->state = NULL;
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_IMAP,
		.rules = imap_rules,
		.open = imap_open,
		.start = imap_start,
		.on_peer = imap_on_peer,
		.close = imap_close,
	};

	return role_main(&program);
}
