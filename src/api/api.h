/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modules of api share. One thread, one loop; every step that needs
 * another role goes through ask.h and comes back as a callback.
 *
 *	request.c	one HTTP request from http: fields in, answer out
 *	routes.c	which function serves which method and path
 *	route_*.c	these functions, by subject
 *	control.c	connections of threadsctl; verb_*.c serve the verbs
 *	stream.c	server-sent events
 *	roles.c		what the supervisor last said about the roles
 */
#ifndef THREADS_API_API_H
#define THREADS_API_API_H

#include <sys/queue.h>

#include "ipc/role.h"
#include "store/reader.h"

struct ask;
struct control;
struct request;
struct stream;

LIST_HEAD(ask_list, ask);
LIST_HEAD(control_list, control);
LIST_HEAD(request_list, request);
LIST_HEAD(stream_list, stream);

enum { API_ROLES_MAX = 600, API_ROLE_TEXT_MAX = 128 };

struct role_state {
	enum role role;
	int64_t instance, pid, restarts;
	bool confined;
	char state[16], error[API_ROLE_TEXT_MAX];
};

struct api {
	struct role_context *role;
	char db_path[4096];
	struct reader *reader; /* NULL until index was there once */
	struct peer *http, *index, *auth, *vault;
	struct ask_list asks;
	struct request_list requests;
	struct control_list controls;
	struct loop_watch *control_watch;
	uid_t data_owner; /* may use the control socket, as root may */
	struct stream_list streams;
	struct loop_timer *stream_timer;
	unsigned int changed; /* bit per enum bell: to be told to streams */
	struct role_state *roles;
	size_t role_count;
	bool insecure;
};

/* The reader, opened when it is first needed. Errors: THREADS_EAGAIN while index starts. */
int api_reader(struct api *api, struct reader **ret_reader, struct threads_error *err) MUST_CHECK;

#endif
