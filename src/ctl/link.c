/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/config.h"
#include "ctl/print.h"

static const char installed_config[] = "/etc/threads/threads.conf";

enum { REPEAT_MAX = 20, REPEAT_WAIT_US = 250 * 1000, SILENCE_MS = 10 * 1000 };

int link_config(const struct ctl_args *args, struct config **ret_config, struct threads_error *err)
{
	CLEANUP(config_freep) struct config *config = NULL;
	int rc = config_new(&config, err);

	if (rc == 0 && ctl_has(args, OPT_CONFIG))
		rc = config_read(config, ctl_value(args, OPT_CONFIG), err);
	else if (rc == 0 && access(installed_config, R_OK) == 0)
		rc = config_read(config, installed_config, err);
	if (rc == 0)
		*ret_config = TAKE_PTR(config);
	return rc;
}

int link_data_dir(const struct ctl_args *args, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(config_freep) struct config *config = NULL;
	int rc;

	if (ctl_has(args, OPT_DATA)) {
		strbuf_add_str(out, ctl_value(args, OPT_DATA));
		return strbuf_check(out, err);
	}
	rc = link_config(args, &config, err);
	if (rc < 0)
		return rc;
	strbuf_add_str(out, config_text(config, "data_dir"));
	return strbuf_check(out, err);
}

/* Through a descriptor of the folder: a socket's path may have 107 bytes only. */
static int connect_in(const char *run_dir, int *ret_fd)
{
	AUTO_FD int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (dir < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control.sock", dir);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
		*ret_fd = fd;
		return 0;
	}
	cleanup_fd(&fd); /* keeps errno */
	return -1;
}

int link_open(const struct ctl_args *args, struct link *link, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT(4096);
	CLEANUP(strbuf_release) struct strbuf run = STRBUF_INIT(4200);
	int rc = link_data_dir(args, &data, err);

	if (rc < 0)
		return rc;
	strbuf_addf(&run, "%s/run", strbuf_str(&data));
	if (connect_in(strbuf_str(&run), &link->fd) == 0)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return threads_error_set(
			err, THREADS_EDENIED,
			"the hub in %.150s may be operated by root and its owner only",
			strbuf_str(&data));
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
		return threads_error_set(
			err, THREADS_ENOENT,
			"no hub runs in %.150s; start it, or name its folder with --data",
			strbuf_str(&data));
	return threads_error_set(err, THREADS_EIO, "the hub in %.150s cannot be reached: %m",
				 strbuf_str(&data));
}

void link_release(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

int link_send(const struct link *link, const struct frame *f, struct threads_error *err)
{
	for (;;) {
		struct pollfd fds = { .fd = link->fd, .events = POLLOUT };
		const int rc = frame_send(link->fd, f, err);

		if (rc != THREADS_EAGAIN)
			return rc;
		/* Bounded: the kernel's limit of descriptors in flight wakes nobody. */
		if (poll(&fds, 1, 100) < 0 && errno != EINTR)
			return threads_error_set(err, THREADS_EIO, "poll: %m");
	}
}

int link_wait(struct link *link, struct threads_error *err)
{
	struct pollfd fds = { .fd = link->fd, .events = POLLIN };
	const int rc = poll(&fds, 1, link->told ? -1 : SILENCE_MS);

	if (rc < 0 && errno != EINTR)
		return threads_error_set(err, THREADS_EIO, "poll: %m");
	if (rc == 0 && link->impatient)
		return threads_error_set(
			err, THREADS_ELIMIT,
			"the hub runs, but has not answered for %d s; its log says "
			"which of its roles is missing",
			SILENCE_MS / 1000);
	if (rc == 0)
		fprintf(stderr,
			"threadsctl: the hub has not answered for %d s; still waiting "
			"('threadsctl status' and its log say why)\n",
			SILENCE_MS / 1000);
	link->told |= rc == 0;
	return 0;
}

int link_receive(struct link *link, struct frame *f, struct threads_error *err)
{
	for (;;) {
		int rc = frame_recv(link->fd, f, err);

		if (rc != THREADS_EAGAIN)
			return rc;
		rc = link_wait(link, err);
		if (rc < 0)
			return rc;
	}
}

int link_ask(struct link *link, uint16_t type, const char *verb, const json_t *arguments,
	     struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(print_wipe) struct strbuf json = STRBUF_INIT(FRAME_BYTES_MAX);
	int rc = json_append(&json, arguments, err);

	if (rc < 0)
		return rc;
	frame_begin(&f, type, ++link->last_id);
	frame_put_text(&f, verb);
	frame_put_text(&f, strbuf_str(&json));
	rc = frame_check(&f, err);
	return rc < 0 ? rc : link_send(link, &f, err);
}

static int on_object(struct frame *f, int (*fn)(json_t *, void *, struct threads_error *),
		     void *arg, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *object = NULL;
	const char *text = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = json_parse_object(text, strlen(text), &object, err);
	if (rc == 0 && fn)
		rc = fn(object, arg, err);
	return rc;
}

static int on_end(struct frame *f, struct threads_error *err)
{
	const bool failed = f->type == IPC_ERROR || frame_get_int(f) != 0;
	const int64_t code = f->type == IPC_ERROR ? frame_get_int(f) : THREADS_EINVAL;
	const char *words = frame_get_text(f);
	const int rc = frame_get_end(f, err);

	(void)code;
	if (rc < 0 || !failed)
		return rc;
	return threads_error_set(err, THREADS_EINVAL, "%s",
				 words[0] ? words : "the hub refused without saying why");
}

/* Returns 1 to go on, 0 at the end, < 0 on failure. */
static int on_answer(struct frame *f, const struct link_handler *handler, bool *spoke,
		     struct threads_error *err)
{
	AUTO_FD int blob = -1;
	int rc;

	switch (f->type) {
	case CTL_LINE:
		*spoke = true;
		rc = on_object(f, handler->on_line, handler->arg, err);
		return rc < 0 ? rc : 1;
	case CTL_PROGRESS:
		rc = on_object(f, handler->on_progress, handler->arg, err);
		return rc < 0 ? rc : 1;
	case CTL_BLOB:
		*spoke = true;
		blob = frame_get_fd(f);
		rc = frame_get_end(f, err);
		if (rc == 0 && handler->on_blob)
			rc = handler->on_blob(blob, handler->arg, err);
		return rc < 0 ? rc : 1;
	case CTL_END:
	case IPC_ERROR:
		return on_end(f, err);
	default:
		return threads_error_set(err, THREADS_EIO,
					 "the hub answered with frame %u; is it another version?",
					 (unsigned)f->type);
	}
}

int link_answers(struct link *link, const struct link_handler *handler, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	bool spoke = false;
	int rc;

	do {
		rc = link_receive(link, &f, err);
		if (rc == THREADS_ELIMIT)
			return rc;
		if (rc > 0)
			rc = on_answer(&f, handler, &spoke, err);
		else
			return threads_error_set(
				err, spoke ? THREADS_EIO : THREADS_EAGAIN,
				"the hub ended the connection; look at its log and "
				"at 'threadsctl status', then try again");
	} while (rc > 0);
	return rc;
}

static int run_once(const struct ctl_args *args, uint16_t type, const char *verb,
		    const json_t *arguments, const struct link_handler *handler,
		    struct threads_error *err)
{
	CLEANUP(link_release) struct link link = LINK_INIT;
	int rc = link_open(args, &link, err);

	link.impatient = strcmp(verb, "status") == 0;
	if (rc < 0)
		return rc;
	rc = link_ask(&link, type, verb, arguments, err);
	if (rc == THREADS_EIO)
		return THREADS_EAGAIN;
	return rc < 0 ? rc : link_answers(&link, handler, err);
}

int link_try(const struct ctl_args *args, uint16_t type, const char *verb, const json_t *arguments,
	     const struct link_handler *handler, bool repeatable, struct threads_error *err)
{
	int rc = THREADS_EAGAIN;

	for (int i = 0; rc == THREADS_EAGAIN && i < REPEAT_MAX; i++) {
		if (i > 0 && !repeatable)
			break;
		if (i > 0)
			usleep(REPEAT_WAIT_US);
		rc = run_once(args, type, verb, arguments, handler, err);
	}
	return rc;
}

int link_run(const struct ctl_args *args, uint16_t type, const char *verb, json_t *arguments,
	     const struct link_handler *handler, bool repeatable)
{
	CLEANUP(json_freep) json_t *owned = arguments;
	struct threads_error err = { 0 };

	if (!owned)
		return print_failure("out of memory");
	if (link_try(args, type, verb, owned, handler, repeatable, &err) < 0)
		return print_failure(err.text);
	return CTL_DONE;
}
