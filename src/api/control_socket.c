/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: who may connect, the table of verbs, and their beginning. */
#include <sys/socket.h>

#include "api/control.h"
#include "core/log.h"

static const struct control_verb verbs[] = {
	{ "search", control_search, { "user", "query", "limit", "sort", "time" } },
	{ "show", control_show, { "id", "user", "raw" } },
	{ "ledger", control_ledger, { "account" } },
	{ "status", control_status, { NULL } },
	{ "metrics", control_metrics, { NULL } },
	{ "backup", control_backup, { "part", "hold" } },
	{ "verify", control_verify, { "deep" } },
	{ "user list", control_users, { NULL } },
	{ "account list", control_accounts, { NULL } },
	{ "account add",
	  control_account_add,
	  { "name", "owner", "policy", "provider", "host", "port", "tls", "user", "ca", "folders",
	    "private_network" } },
	{ "account set-password", control_account_password, { "account" } },
	{ "account secret", control_account_secret, { "account_id", "box" } },
	{ "account sync", control_account_sync, { "account", "wait" } },
	{ "account pause", control_account_pause, { "account" } },
	{ "account resume", control_account_resume, { "account" } },
	{ "account delete", control_account_delete, { "account", "keep_messages" } },
	{ "import", control_import, { "account", "owner", "kind", "resume" } },
	{ "vault fingerprint", control_fingerprint, { NULL } },
};

/* ---- verbs ------------------------------------------------------------------------------------- */

static const struct control_verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int arguments_parse(struct control *control, const char *text, struct threads_error *err)
{
	const int rc = json_parse_object(text, strlen(text), &control->arguments, err);

	return rc < 0 ? rc : json_check_fields(control->arguments, control->verb->fields, err);
}

static int verb_begin(struct control *control, struct frame *f, struct threads_error *err)
{
	const char *name = frame_get_text(f), *arguments = frame_get_text(f);
	struct threads_error why = { 0 };
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (control->verb)
		return threads_error_set(err, THREADS_EINVAL, "a verb inside a verb");
	control->id = f->id;
	control->verb = verb_find(name);
	if (!control->verb) {
		control_fail(control, "The hub does not know this command. "
				      "Is threadsctl of the same version?");
		return 0;
	}
	rc = arguments_parse(control, arguments, &why);
	if (rc < 0)
		control_fail_error(control, &why);
	else
		control_run(control, control->verb->fn);
	return 0;
}

static int control_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct control *control = arg;

	(void)peer;
	if (f->type == CTL_VERB_API)
		return verb_begin(control, f, err);
	if (f->type == CTL_FILES && control->importing)
		return control_import_files(control, f, err);
	return threads_error_set(err, THREADS_EINVAL, "frame %u is not for api", f->type);
}

/* ---- connections ------------------------------------------------------------------------------- */

static void control_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	(void)peer;
	if (why)
		log_notice("control connection: %s", why->text);
	control_free(arg);
}

static void control_open(struct api *api, int fd)
{
	struct control *control = calloc(1, sizeof(*control));
	const struct peer_handler handler = { control_frame, control_closed, control };
	struct threads_error err;

	if (!control) {
		close(fd);
		return;
	}
	control->api = api;
	if (peer_new(api->loop, fd, ROLE_CTL, 0, &handler, &control->peer, &err) < 0) {
		log_warning("control connection: %s", err.text);
		free(control);
		return;
	}
	LIST_INSERT_HEAD(&api->controls, control, link);
	api->control_count++;
}

/* A connection whose first frame has not come yet. */
struct visitor {
	struct api *api;
	int fd;
	struct loop_watch *watch;
};

static void refuse(int fd, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, CTL_END, 0);
	frame_put_int(&f, 1);
	frame_put_text(&f, words);
	if (frame_send(fd, &f, &err) < 0)
		log_debug("control: %s", err.text);
}

/* Sign-in is auth's: it gets the connection, and reads what api has not. */
static void pass_to_auth(struct api *api, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct peer *auth = api_link_of(api, ROLE_AUTH)->peer;
	AUTO_FD int owned = fd;
	struct threads_error err;

	frame_begin(&f, AUTH_CONTROL, 0);
	frame_put_fd(&f, owned);
	if (!auth || peer_send(auth, &f, &err) < 0)
		refuse(owned, "The part of the hub that signs people in is restarting. "
			      "Try again in a moment.");
}

static void visitor_ready(int fd, uint32_t events, void *arg)
{
	struct visitor *visitor = arg;
	struct api *api = visitor->api;
	struct threads_error err;
	uint16_t type = 0;
	int rc = frame_peek(fd, &type, &err);

	(void)events;
	if (rc == THREADS_EAGAIN)
		return;
	loop_watch_remove(visitor->watch);
	free(visitor);
	if (rc <= 0)
		close(fd);
	else if (type == CTL_VERB_AUTH)
		pass_to_auth(api, fd);
	else
		control_open(api, fd);
}

static bool visitor_allowed(const struct api *api, int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return false;
	return who.uid == 0 || who.uid == api->owner_uid;
}

static void visitor_come(struct api *api, int fd)
{
	struct visitor *visitor;
	struct threads_error err;

	if (!visitor_allowed(api, fd) || api->control_count >= CONTROLS_MAX) {
		refuse(fd, visitor_allowed(api, fd)
				   ? "Too many commands run at once."
				   : "Only root and the owner of the data folder may do this.");
		close(fd);
		return;
	}
	visitor = calloc(1, sizeof(*visitor));
	if (visitor) {
		visitor->api = api;
		visitor->fd = fd;
	}
	if (!visitor || loop_watch_add(api->loop, fd, EPOLLIN, visitor_ready, visitor,
				       &visitor->watch, &err) < 0) {
		free(visitor);
		close(fd);
	}
}

static void listen_ready(int fd, uint32_t events, void *arg)
{
	const int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	/* The other api process may have been quicker. */
	if (client >= 0)
		visitor_come(arg, client);
}

int api_listen(struct api *api, int fd, struct threads_error *err)
{
	return loop_watch_add(api->loop, fd, EPOLLIN, listen_ready, api, &api->listen_watch, err);
}
