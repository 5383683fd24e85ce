/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about an account that is there: sync and waiting for it, pause, resume, delete. */
#include "api/control.h"
#include "core/number.h"

enum {
	SYNC_WAIT_MS = 6 * 60 * 60 * 1000,
	SYNC_STUCK_MS = 30 * 1000,
};

/* ---- sync ------------------------------------------------------------------------------------------ */

static int64_t pass_int(const json_t *pass, const char *name)
{
	return json_integer_value(json_object_get(pass, name));
}

/* It failed again and again without bringing a message: the person is told instead of kept waiting. */
static bool sync_stuck(struct control *control, const json_t *pass, int64_t started_ms)
{
	const int64_t now_ms = api_now(control->api), failures = pass_int(pass, "failures");
	const int64_t mark = started_ms + pass_int(pass, "read");

	if (control->progress_ms == 0 || mark != control->progress_mark ||
	    failures < control->failures) {
		control->progress_ms = now_ms;
		control->progress_mark = mark;
		control->failures = failures;
	}
	return failures > control->failures && now_ms - control->progress_ms > SYNC_STUCK_MS &&
	       *json_string_value(json_object_get(pass, "error"));
}

static void sync_fail(struct control *control, const json_t *pass)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(2048);

	strbuf_addf(&words,
		    "%s It is tried again by itself; \"threadsctl account list\" shows how it "
		    "goes on.",
		    json_string_value(json_object_get(pass, "error")));
	control_fail(control, strbuf_str(&words));
}

static void sync_poll(struct control *control)
{
	CLEANUP(json_freep) json_t *pass = NULL;
	struct threads_error err = { 0 };
	int64_t started_ms = 0, ended_ms = 0;
	int rc = reader_pass(control->api->reader, control->target, &pass, &started_ms, &ended_ms,
			     &err);
	const char *state = json_string_value(json_object_get(pass, "state"));

	if (rc == 1 && started_ms >= control->since_ms && ended_ms >= started_ms) {
		json_object_set_new(pass, "seconds",
				    json_real((double)(ended_ms - started_ms) / 1000));
		control_line(control, TAKE_PTR(pass));
		control_end(control);
		return;
	}
	if (rc == 1 && (strcmp(state, "error") == 0 || strcmp(state, "paused") == 0)) {
		control_fail(control, json_string_value(json_object_get(pass, "error")));
		return;
	}
	if (rc == 1 && sync_stuck(control, pass, started_ms)) {
		sync_fail(control, pass);
		return;
	}
	if (rc == 0 || api_now(control->api) > control->until_ms) {
		control_fail(control, rc == 0 ? "The account was removed meanwhile."
					      : "The account did not finish in time.");
		return;
	}
	if (rc == 1 && started_ms >= control->since_ms && control->retries++ % 4 == 0)
		control_progress(control,
				 json_pack("{sO,sO,ss}", "done", json_object_get(pass, "read"),
					   "total", json_object_get(pass, "wanted"), "words", ""));
	if (control_later(control, CONTROL_POLL_MS, sync_poll, &err) < 0)
		control_fail_error(control, &err);
}

static void state_line(struct control *control)
{
	CLEANUP(json_freep) json_t *account = NULL;
	struct threads_error err = { 0 };
	int rc = reader_account(control->api->reader, &control_operator, control->target,
				api_now(control->api), &account, &err);

	if (rc < 0) {
		control_fail_error(control, &err);
		return;
	}
	/* Removed at once when it had no messages. */
	if (rc == 0)
		control_line(control,
			     json_pack("{ss,ss}", "account", control_text(control, "account"),
				       "state", "deleting"));
	else
		control_line(control,
			     json_pack("{sO,sO}", "account", json_object_get(account, "name"),
				       "state", json_object_get(account, "state")));
	control_end(control);
}

static void sync_begun(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	if (!control_answered(control, rc, err))
		return;
	frame_get_text(f);
	/* index says from which moment on a pass is the one that was asked for. */
	if (parse_int(frame_get_text(f), 0, INT64_MAX, &control->since_ms, NULL) < 0)
		control->since_ms = api_now(control->api);
	control->until_ms = api_now(control->api) + SYNC_WAIT_MS;
	if (control_flag(control, "wait"))
		sync_poll(control);
	else
		state_line(control);
}

/* ---- commands of one frame ---------------------------------------------------------------------------- */

static int target_find(struct control *control, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	int rc = reader_account_bound(control->api->reader, &control_operator,
				      control_text(control, "account"), &bound, err);

	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is no such account; "
					 "\"threadsctl account list\" shows them");
	if (rc == 1)
		memcpy(control->target, bound.public_id, PUBLIC_ID_SIZE);
	return rc < 0 ? rc : 0;
}

static void state_changed(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	(void)f;
	if (control_answered(control, rc, err))
		state_line(control);
}

int control_account_sync(struct control *control, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = target_find(control, err);

	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_ACCOUNT_SYNC, 0);
	frame_put_text(&f, control->target);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS, sync_begun,
			   err);
}

static int state_command(struct control *control, const char *state, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = target_find(control, err);

	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_ACCOUNT_STATE, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, control->target);
	frame_put_text(&f, state);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS,
			   state_changed, err);
}

int control_account_pause(struct control *control, struct threads_error *err)
{
	return state_command(control, "paused", err);
}

int control_account_resume(struct control *control, struct threads_error *err)
{
	return state_command(control, "active", err);
}

int control_account_delete(struct control *control, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = target_find(control, err);

	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_ACCOUNT_DELETE, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, control->target);
	frame_put_int(&f, control_flag(control, "keep_messages"));
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS,
			   state_changed, err);
}
