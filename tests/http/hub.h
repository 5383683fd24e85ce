/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program threads-http, started as the supervisor does it, with an auth and
 * an api played by a thread of the test.
 *
 * The played api answers by path:
 *	/api/v1/echo	what it got, as JSON
 *	/api/v1/file	100,000 bytes by descriptor, with an ETag
 *	/api/v1/die	ends the connection; answers when asked again
 *	/api/v1/silent	never answers
 *	/api/v1/events	a stream; hub_event() writes to it
 *	/api/v1/imports/.../files/...	takes an upload into hub->upload_fd
 * The played auth signs in whoever shows the cookie value "good".
 */
#ifndef THREADS_TESTS_HTTP_HUB_H
#define THREADS_TESTS_HTTP_HUB_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/frame.h"
#include "threads/protocol.h"

enum { HUB_APIS = 2, HUB_FILE_SIZE = 100000 };

struct hub {
	pid_t pid;
	int control; /* the supervisor's end */
	int listen_fd, port;
	int auth, api[HUB_APIS]; /* our ends; -1: not there */
	int upload_fd;
	int wake[2];
	pthread_t thread;
	pthread_mutex_t lock;
	/* under lock */
	bool stop, signed_out;
	int requests, tickets, renewals, stream_ends, deaths;
	long upload_bytes;
	uint32_t stream_id;
	int stream_api; /* index, -1: no stream */
};

/* config: extra lines of threads.conf. Fails the test when the program does not start. */
void hub_start(struct hub *hub, const char *config);
void hub_stop(struct hub *hub);

/* A new connection for a role, as after its restart. */
void hub_connect(struct hub *hub, enum role role, int64_t instance);
void hub_disconnect(struct hub *hub, enum role role, int64_t instance);
/* Says CTL_ROLES with these names ready. */
void hub_say_roles(struct hub *hub, const char *const *ready, size_t count);
void hub_event(struct hub *hub, const char *data);

/* ---- a browser made of plain sockets ---- */

struct page {
	int status; /* 0: closed without an answer */
	char *head;
	char *body;
	size_t body_len;
	bool closed; /* the server closed after it */
};

int browser_connect(const struct hub *hub);
void browser_send(int fd, const void *data, size_t len);
/* Reads one answer (Content-Length or chunked); waits at most wait_ms. no_body: answer to HEAD. */
struct page browser_read(int fd, int wait_ms, bool no_body);
/* One request on a connection of its own. */
struct page browser_ask(const struct hub *hub, const char *request);
/* GET path with the good cookie. */
struct page browser_get(const struct hub *hub, const char *path, const char *more_headers);
bool page_has(const struct page *page, const char *header_line);
void page_release(struct page *page);

#endif
