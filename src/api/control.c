/* SPDX-License-Identifier: Apache-2.0 */
#include "api/control.h"
#include "api/overview.h"

#include <sys/socket.h>

#include "api/exchange.h"
#include "core/log.h"
#include "ipc/memfd.h"

const struct viewer control_operator = { .role = VIEWER_OPERATOR };

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
	  { "name", "owner", "policy", "provider", "host", "port", "tls", "user" } },
	{ "account set-password", control_account_password, { "account" } },
	{ "account secret", control_account_secret, { "account_id", "box" } },
	{ "account sync", control_account_sync, { "account", "wait" } },
	{ "account pause", control_account_pause, { "account" } },
	{ "account resume", control_account_resume, { "account" } },
	{ "account delete", control_account_delete, { "account", "keep_messages" } },
	{ "import", control_import, { "account", "owner", "kind", "resume" } },
	{ "vault fingerprint", control_fingerprint, { NULL } },
};

/* ---- frames to threadsctl ----------------------------------------------------------------- */

static void send_frame(struct control *control, struct frame *f)
{
	struct threads_error err;

	if (peer_send(control->peer, f, &err) < 0)
		log_debug("control: %s", err.text);
}

static void send_json(struct control *control, enum frame_type type, json_t *json)
{
	CLEANUP(json_freep) json_t *owned = json;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(EXCHANGE_REPLY_MAX);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int fd;

	if (!owned || json_append(&text, owned, &err) < 0)
		return;
	if (text.len > CONTROL_LINE_MAX) {
		if (memfd_from("line", text.data, text.len, &fd, &err) == 0)
			control_blob(control, fd);
		return;
	}
	frame_begin(&f, (uint16_t)type, control->id);
	frame_put_text(&f, strbuf_str(&text));
	send_frame(control, &f);
}

void control_line(struct control *control, json_t *line)
{
	send_json(control, CTL_LINE, line);
}

void control_progress(struct control *control, json_t *progress)
{
	send_json(control, CTL_PROGRESS, progress);
}

void control_blob(struct control *control, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int owned = fd;

	frame_begin(&f, CTL_BLOB, control->id);
	frame_put_fd(&f, owned);
	send_frame(control, &f);
}

/* Forgets the verb; the connection may carry another one. */
static void verb_reset(struct control *control)
{
	control->question = question_cancel(control->question);
	control->overview = overview_cancel(control->overview);
	control->timer = loop_timer_remove(control->timer);
	json_decref(control->arguments);
	json_decref(control->lines);
	json_decref(control->document);
	control->arguments = control->lines = control->document = NULL;
	free(TAKE_PTR(control->cursor));
	reader_blob_release(&control->blob);
	control->verb = NULL;
	control->refill = NULL;
	control->line_next = 0;
	control->retries = 0;
	control->importing = control->last_seen = false;
	control_import_forget(control);
	control->files_taken = 0;
}

static void end_with(struct control *control, int status, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_END, control->id);
	frame_put_int(&f, status);
	frame_put_text(&f, words);
	send_frame(control, &f);
	verb_reset(control);
}

void control_end(struct control *control)
{
	end_with(control, 0, "");
}

void control_fail(struct control *control, const char *words)
{
	end_with(control, 1, words);
}

void control_fail_error(struct control *control, const struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(1024);

	exchange_sentence(&words, err->text);
	control_fail(control, words.len ? strbuf_str(&words) : "Something went wrong in the hub.");
}

/* ---- lists ------------------------------------------------------------------------------------ */

static void pump_again(struct control *control)
{
	control_pump(control);
}

/* 1 if there are lines to send now, 0 at the end. */
static int lines_refill(struct control *control, struct threads_error *err)
{
	int rc = 1;

	while (control->line_next >= json_array_size(control->lines) && rc == 1) {
		json_decref(control->lines);
		control->lines = json_array();
		control->line_next = 0;
		if (!control->refill)
			return 0;
		rc = control->refill(control, err);
		if (rc < 1)
			control->refill = NULL;
	}
	return rc < 0 ? rc : control->line_next < json_array_size(control->lines);
}

void control_pump(struct control *control)
{
	struct threads_error err = { 0 };
	int rc = 1;

	while (peer_backlog(control->peer) < CONTROL_BACKLOG_MAX) {
		rc = lines_refill(control, &err);
		if (rc <= 0)
			break;
		control_line(control,
			     json_incref(json_array_get(control->lines, control->line_next++)));
	}
	if (rc == 1)
		rc = control_later(control, CONTROL_PUMP_MS, pump_again, &err);
	else if (rc == 0)
		control_end(control);
	if (rc < 0)
		control_fail_error(control, &err);
}

/* ---- pieces for the verbs ---------------------------------------------------------------------- */

const char *control_text(const struct control *control, const char *name)
{
	const char *text = json_string_value(json_object_get(control->arguments, name));

	return text ? text : "";
}

bool control_flag(const struct control *control, const char *name)
{
	return json_is_true(json_object_get(control->arguments, name));
}

int control_ask(struct control *control, enum role to, struct frame *f, enum question_mode mode,
		int64_t wait_ms, question_fn *fn, struct threads_error *err)
{
	const struct question_order order = { to, mode, wait_ms, fn, control };

	return question_ask(control->api, &order, f, &control->question, err);
}

bool control_answered(struct control *control, int rc, const struct threads_error *err)
{
	control->question = NULL;
	if (rc >= 0)
		return true;
	control_fail_error(control, err);
	return false;
}

int control_audit(struct control *control, const char *action, const char *object,
		  const char *detail, question_fn *fn, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, AUDIT_ADD, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, action);
	frame_put_text(&f, object);
	frame_put_text(&f, detail);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS, fn, err);
}

static void timer_rang(void *arg)
{
	struct control *control = arg;

	control->timer_fn(control);
}

int control_later(struct control *control, int64_t in_ms, void (*fn)(struct control *),
		  struct threads_error *err)
{
	int rc = 0;

	if (!control->timer)
		rc = loop_timer_add(control->api->loop, timer_rang, control, &control->timer, err);
	if (rc < 0)
		return rc;
	control->timer_fn = fn;
	loop_timer_set(control->timer, in_ms);
	return 0;
}

void control_run(struct control *control, control_fn *fn)
{
	struct threads_error err = { 0 };

	if (fn(control, &err) < 0)
		control_fail_error(control, &err);
}

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
	const char *names[ARRAY_SIZE(control->verb->fields) + 4] = { NULL };
	size_t count = ARRAY_SIZE(control->verb->fields);
	int rc = json_parse_object(text, strlen(text), &control->arguments, err);

	if (rc < 0)
		return rc;
	memcpy(names, control->verb->fields, sizeof(control->verb->fields));
	while (count > 0 && !names[count - 1])
		count--;
	if (strcmp(control->verb->name, "account add") == 0) {
		names[count++] = "ca";
		names[count++] = "folders";
		names[count] = "private_network";
	}
	return json_check_fields(control->arguments, names, err);
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

static void control_free(struct control *control)
{
	verb_reset(control);
	LIST_REMOVE(control, link);
	control->api->control_count--;
	free(control);
}

void control_drop(struct control *control)
{
	peer_free(control->peer);
	control_free(control);
}

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

void control_free_all(struct api *api)
{
	struct control *control;

	while ((control = LIST_FIRST(&api->controls)))
		control_drop(control);
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
