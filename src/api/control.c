/* SPDX-License-Identifier: Apache-2.0 */
#include "api/control.h"

#include "api/exchange.h"
#include "api/overview.h"
#include "core/log.h"
#include "ipc/memfd.h"

const struct viewer control_operator = { .role = VIEWER_OPERATOR };

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
	if (control->forget)
		control->forget(control);
	control->forget = NULL;
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

int control_owner(struct control *control, char out[PUBLIC_ID_SIZE], struct threads_error *err)
{
	const char *name = control_text(control, "owner");
	struct viewer viewer;
	int rc;

	if (!*name) {
		rc = reader_first_owner(control->api->reader, out, err);
		if (rc == 0)
			return threads_error_set(err, THREADS_EINVAL,
						 "there is no owner yet; set the hub up first, "
						 "\"threadsctl setup-link\" says where");
		return rc < 0 ? rc : 0;
	}
	rc = reader_viewer_by_name(control->api->reader, name, &viewer, err);
	if (rc == 0)
		rc = reader_viewer(control->api->reader, name, &viewer, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "there is no active user “%.100s”",
					 name);
	if (rc == 1)
		memcpy(out, viewer.public_id, PUBLIC_ID_SIZE);
	return rc < 0 ? rc : 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

void control_free(struct control *control)
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

void control_free_all(struct api *api)
{
	struct control *control;

	while ((control = LIST_FIRST(&api->controls)))
		control_drop(control);
}
