/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of threadsctl to a running hub: verbs out, lines in. */
#ifndef THREADS_CTL_LINK_H
#define THREADS_CTL_LINK_H

#include "core/config.h"
#include "core/json.h"
#include "ctl/options.h"
#include "ipc/frame.h"
#include "threads/protocol.h"

struct link {
	int fd;
	uint32_t last_id;
	bool impatient; /* silence ends the command; else it is told once */
	bool told;
};

#define LINK_INIT                                                                                  \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* The settings of --config, of the installed configuration, or the presets. */
int link_config(const struct ctl_args *args, struct config **ret_config,
		struct threads_error *err) MUST_CHECK;

/* The data folder by --data, --config, the installed configuration, or the preset. */
int link_data_dir(const struct ctl_args *args, struct strbuf *out,
		  struct threads_error *err) MUST_CHECK;

/* Connects to DATA/run/control.sock. Errors: THREADS_ENOENT (no hub runs there), THREADS_EDENIED, THREADS_EIO. */
int link_open(const struct ctl_args *args, struct link *link, struct threads_error *err) MUST_CHECK;
void link_release(struct link *link); /* for CLEANUP too */

/* Waits until the hub reads. Errors: THREADS_EIO (the connection broke). */
int link_send(const struct link *link, const struct frame *f, struct threads_error *err) MUST_CHECK;
/* Waits until something can be read; after 10 s of silence says so once, or ends (impatient). */
int link_wait(struct link *link, struct threads_error *err) MUST_CHECK;
/* Waits for the next frame. Returns 1, 0 when the hub closed. Errors: THREADS_ELIMIT (silence). */
int link_receive(struct link *link, struct frame *f, struct threads_error *err) MUST_CHECK;

/* Sends a verb with its arguments. type is CTL_VERB_API or CTL_VERB_AUTH. */
int link_ask(struct link *link, uint16_t type, const char *verb, const json_t *arguments,
	     struct threads_error *err) MUST_CHECK;

/* What happens with the answers. Any may be NULL; returning < 0 ends the command. */
struct link_handler {
	int (*on_line)(json_t *line, void *arg, struct threads_error *err);
	int (*on_progress)(json_t *progress, void *arg, struct threads_error *err);
	int (*on_blob)(int fd, void *arg, struct threads_error *err); /* fd is borrowed */
	void *arg;
};

/*
 * Reads answers up to CTL_END. Returns 0 when the verb was done. Errors: < 0
 * with the hub's words; THREADS_EAGAIN if the connection broke before any line
 * or blob came (worth asking again), THREADS_EIO if later.
 */
int link_answers(struct link *link, const struct link_handler *handler,
		 struct threads_error *err) MUST_CHECK;

/*
 * One verb from connecting to its end. One that may be asked twice (repeatable) is
 * asked again when a part of the hub restarts. Errors: < 0 with words for the user.
 */
int link_try(const struct ctl_args *args, uint16_t type, const char *verb, const json_t *arguments,
	     const struct link_handler *handler, bool repeatable,
	     struct threads_error *err) MUST_CHECK;

/*
 * The same for a whole command (takes arguments over); prints what went wrong on stderr.
 * Returns the exit status.
 */
int link_run(const struct ctl_args *args, uint16_t type, const char *verb, json_t *arguments,
	     const struct link_handler *handler, bool repeatable);

#endif
