/* SPDX-License-Identifier: Apache-2.0 */
#include "api/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "api/ask.h"
#include "core/log.h"
#include "ipc/memfd.h"

enum {
	CONTROLS_MAX = 32,
	LINE_MAX_BYTES = 100 * 1024, /* of a frame's 128 kB */
	HEADER_PEEK = 16,
	FIRST_FRAME_MS = 5000,
};

static const struct verb *const tables[] = { verbs_read, verbs_account, verbs_import };

static void control_free(struct control *c)
{
	ask_cancel(c->api, c);
	if (c->on_gone)
		c->on_gone(c);
	json_decref(c->args);
	free(c->state);
	c->peer = peer_free(c->peer);
	LIST_REMOVE(c, link);
	free(c);
}

void control_free_all(struct api *api)
{
	struct control *c;

	while ((c = LIST_FIRST(&api->controls)))
		control_free(c);
}

static void send_text(struct control *c, uint16_t type, json_t *json)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(64 << 20);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(json_freep) json_t *own = json;
	struct threads_error err;
	AUTO_FD int fd = -1;

	if (!own || json_append(&text, own, &err) < 0) {
		log_error("control: a line could not be written");
		return;
	}
	if (text.len > LINE_MAX_BYTES) {
		if (memfd_from("threads-line", strbuf_str(&text), text.len, &fd, &err) == 0)
			control_blob(c, fd);
		return;
	}
	frame_begin(&f, type, 1);
	frame_put_text(&f, strbuf_str(&text));
	if (peer_send(c->peer, &f, &err) < 0)
		log_warning("control: %s", err.text);
}

void control_line(struct control *c, json_t *json)
{
	send_text(c, CTL_LINE, json);
}

void control_progress(struct control *c, json_t *json)
{
	send_text(c, CTL_PROGRESS, json);
}

void control_blob(struct control *c, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, CTL_BLOB, 1);
	frame_put_fd(&f, fd);
	if (peer_send(c->peer, &f, &err) < 0)
		log_warning("control: %s", err.text);
}

void control_end(struct control *c, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	ask_cancel(c->api, c);
	c->busy = false;
	c->on_gone = NULL;
	c->on_files = NULL;
	free(c->state);
	c->state = NULL;
	json_decref(c->args);
	c->args = NULL;
	frame_begin(&f, CTL_END, 1);
	frame_put_int(&f, *words ? 1 : 0);
	frame_put_text(&f, words);
	if (peer_send(c->peer, &f, &err) < 0)
		log_warning("control: %s", err.text);
}

void control_fail(struct control *c, const struct threads_error *err)
{
	if (err->code == THREADS_EAGAIN && c->on_files) {
		/* Closing in a callback of its own peer is safe; freeing it is the close. */
		control_free(c);
		return;
	}
	control_end(c, err->text);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct verb *verb = tables[t]; verb->name; verb++)
			if (strcmp(verb->name, name) == 0)
				return verb;
	return NULL;
}

static int on_verb(struct control *c, struct frame *f, struct threads_error *err)
{
	const char *name = frame_get_text(f), *text = frame_get_text(f);
	const struct verb *verb = find_verb(name);
	struct threads_error why;
	int rc = frame_get_end(f, err);

	if (rc == 0 && c->busy)
		rc = threads_error_set(err, THREADS_EINVAL, "a verb is still running");
	if (rc < 0)
		return rc;
	c->busy = true;
	if (!verb) {
		control_end(c, "This hub does not know the command. Are hub and threadsctl of "
			       "the same version?");
		return 0;
	}
	rc = json_parse_object(text, strlen(text), &c->args, &why);
	if (rc == 0)
		rc = api_reader(c->api, &c->reader, &why);
	if (rc < 0)
		control_end(c, why.text);
	else
		verb->fn(c);
	return 0;
}

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct control *c = arg;

	(void)peer;
	if (f->type == CTL_VERB_API)
		return on_verb(c, f, err);
	if (f->type == CTL_FILES && c->on_files)
		return c->on_files(c, f, err);
	return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u", f->type);
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct control *c = arg;

	(void)peer;
	if (why)
		log_warning("control: %s", why->text);
	c->peer = NULL;
	control_free(c);
}

/* Only root and the owner of the data folder. */
static bool may_connect(const struct api *api, int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == 0 || who.uid == api->data_owner);
}

/* A connection whose first frame has come: it stays here, or goes to auth unread. */
struct greeting {
	struct api *api;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
};

static void greeting_end(struct greeting *g)
{
	g->watch = loop_watch_remove(g->watch);
	g->timer = loop_timer_remove(g->timer);
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

static void on_too_late(void *arg)
{
	greeting_end(arg);
}

static void pass_to_auth(struct api *api, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err = { .text = "auth is not there" };

	frame_begin(&f, AUTH_CONTROL, 0);
	frame_put_fd(&f, fd);
	if (!api->auth || peer_send(api->auth, &f, &err) < 0)
		log_warning("control: %s", err.text);
}

static void keep_here(struct api *api, int fd)
{
	struct control *c = calloc(1, sizeof(*c));
	struct threads_error err = { .text = "out of memory" };

	if (!c) {
		close(fd);
		return;
	}
	const struct peer_handler handler = { on_frame, on_closed, c };

	c->api = api;
	c->operator_.role = VIEWER_OPERATOR;
	LIST_INSERT_HEAD(&api->controls, c, link);
	if (peer_new(api->role->loop, fd, ROLE_CTL, 0, &handler, &c->peer, &err) < 0) {
		log_error("control: %s", err.text);
		control_free(c);
	}
}

/* Looks at the type in the header only: what follows may be a password. */
static void on_first_frame(int fd, uint32_t events, void *arg)
{
	struct greeting *g = arg;
	uint16_t type = 0;

	(void)events;
	if (frame_peek_type(fd, &type) && type == CTL_VERB_AUTH) {
		pass_to_auth(g->api, fd);
	} else if (type == CTL_VERB_API) {
		g->watch = loop_watch_remove(g->watch);
		g->fd = -1;
		keep_here(g->api, fd);
	}
	greeting_end(g);
}

static void greet(struct api *api, int fd)
{
	struct greeting *g = calloc(1, sizeof(*g));
	struct threads_error err;

	if (!g) {
		close(fd);
		return;
	}
	g->api = api;
	g->fd = fd;
	if (loop_watch_add(api->role->loop, fd, EPOLLIN, on_first_frame, g, &g->watch, &err) < 0 ||
	    loop_timer_add(api->role->loop, on_too_late, g, &g->timer, &err) < 0) {
		greeting_end(g);
		return;
	}
	loop_timer_set(g->timer, FIRST_FRAME_MS);
}

static size_t control_count(const struct api *api)
{
	const struct control *c;
	size_t count = 0;

	LIST_FOREACH(c, &api->controls, link)
	count++;
	return count;
}

static void on_connect(int listener, uint32_t events, void *arg)
{
	struct api *api = arg;
	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return; /* the other api took it */
	if (!may_connect(api, fd) || control_count(api) >= CONTROLS_MAX) {
		close(fd);
		return;
	}
	greet(api, fd);
}

int control_listen(struct api *api, struct threads_error *err)
{
	if (api->role->listen_count < 1)
		return threads_error_set(err, THREADS_EBUG, "no control socket was handed over");
	return loop_watch_add(api->role->loop, api->role->listen_fds[0], EPOLLIN, on_connect, api,
			      &api->control_watch, err);
}
