/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role api without its process: opened by main.c, and by tests with a
 * store of their own and socket pairs in place of the other roles.
 */
#ifndef THREADS_API_API_H
#define THREADS_API_API_H

#include <sys/types.h>

#include "core/clock.h"
#include "ipc/loop.h"
#include "ipc/ticket.h"
#include "store/reader.h"
#include "threads/protocol.h"

/* Where the system keeps the tables of time zones. */
#define API_ZONE_DIR "/usr/share/zoneinfo"

struct api;
struct config;
struct frame;

struct api_options {
	struct loop *loop;
	struct reader *reader;           /* taken over */
	const unsigned char *ticket_key; /* TICKET_KEY_LEN, copied */
	struct clock clock;
	int hub_dir_fd;  /* DATA/hub, for figures of the status page; borrowed, may be -1 */
	uid_t owner_uid; /* who besides root may use the control socket */
	const struct config *config; /* borrowed, changes at a reload; NULL in tests */
	struct peer *supervisor;     /* borrowed; NULL in tests: nobody knows the processes */
};

int api_open(const struct api_options *options, struct api **ret_api,
	     struct threads_error *err) MUST_CHECK;
struct api *api_close(struct api *api); /* accepts NULL, returns NULL */

/* Takes over fd: a link to http, auth, vault or index. Errors: THREADS_EINVAL for other roles. */
int api_add_peer(struct api *api, enum role who, int fd, struct threads_error *err) MUST_CHECK;

/* The listening control socket; borrowed. */
int api_listen(struct api *api, int fd, struct threads_error *err) MUST_CHECK;

/* Doorbells, CTL_ROLES and answers from the supervisor. Other types are not for api. */
int api_on_control(struct api *api, struct frame *f, struct threads_error *err) MUST_CHECK;

#endif
