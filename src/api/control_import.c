/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "threadsctl import": descriptors of the operator's files go on to index as
 * they come. When index dies the connection is closed; threadsctl comes back
 * and goes on behind the last file that was finished.
 */
#include "api/control.h"
#include "core/log.h"
#include "core/number.h"

enum { RESUME_WAIT_MS = 60000, PROGRESS_MS = 1000, FILES_MAX = 250 };

/* ---- begin and resume ------------------------------------------------------------------------- */

static json_t *import_read(struct control *control)
{
	struct threads_error err;
	json_t *import = NULL;

	if (reader_import(control->api->reader, &control_operator, control->target,
			  api_now(control->api), &import, &err) != 1)
		return NULL;
	return import;
}

static void import_progress(struct control *control)
{
	CLEANUP(json_freep) json_t *import = import_read(control);
	struct threads_error err;
	json_t *total = json_object_get(import, "bytes_total");

	if (import)
		control_progress(
			control,
			json_pack("{sO,sO,so,sO,sO}", "read", json_object_get(import, "read"),
				  "bytes", json_object_get(import, "bytes"), "bytes_total",
				  json_integer_value(total) > 0 ? json_incref(total) : json_null(),
				  "rate", json_object_get(import, "rate"), "seconds_left",
				  json_object_get(import, "seconds_left")));
	/* Without progress the import goes on all the same. */
	if (control_later(control, PROGRESS_MS, import_progress, &err) < 0)
		log_warning("import: %s", err.text);
}

/* Several questions are under way at once, so control->question is not theirs. */
struct files_asked {
	struct control *control; /* NULL: the connection is gone */
	LIST_ENTRY(files_asked) link;
};

/* Answers to come are dropped. */
static void forget(struct control *control)
{
	struct files_asked *asked;

	while ((asked = LIST_FIRST(&control->files))) {
		LIST_REMOVE(asked, link);
		asked->control = NULL; /* freed when its answer comes */
	}
	control->files_asked = 0;
}

static void import_begun(struct control *control, const char *id, int64_t taken)
{
	struct threads_error err;

	memcpy(control->target, id, strnlen(id, PUBLIC_ID_LEN));
	control->target[PUBLIC_ID_LEN] = '\0';
	control->importing = true;
	control->forget = forget;
	control->last_seen = false;
	control->files_taken = taken;
	control_line(control,
		     json_pack("{ss,sI}", "import", control->target, "taken", (json_int_t)taken));
	/* Without progress the import goes on all the same. */
	if (control_later(control, PROGRESS_MS, import_progress, &err) < 0)
		log_warning("import: %s", err.text);
}

static void import_created(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	if (control_answered(control, rc, err))
		import_begun(control, frame_get_text(f), 0);
}

static void import_totals(struct control *control)
{
	static const char *const names[] = { "read",   "stored", "duplicate", "excluded",
					     "failed", "bytes",  "seconds" };
	CLEANUP(json_freep) json_t *import = import_read(control);
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(4096);
	const char *state = json_string_value(json_object_get(import, "state"));
	const char *error = json_string_value(json_object_get(import, "error"));
	json_t *line = json_object();

	for (size_t i = 0; import && i < ARRAY_SIZE(names); i++)
		json_object_set(line, names[i], json_object_get(import, names[i]));
	control_line(control, line);
	if (state && strcmp(state, "done") == 0) {
		control_end(control);
		return;
	}
	strbuf_add_str(&words, error ? error : "The import did not finish. Run it again.");
	control_fail(control, strbuf_str(&words));
}

static void import_resumed(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(json_freep) json_t *import = NULL;
	struct control *control = arg;
	const char *id;
	int64_t taken = 0;

	/* It may have ended while nobody was connected. */
	import = import_read(control);
	if (rc < 0 && import &&
	    strcmp(json_string_value(json_object_get(import, "state")), "done") == 0) {
		control->question = NULL;
		control_line(control, json_pack("{ss,sO}", "import", control->target, "taken",
						json_object_get(import, "files_done")));
		import_totals(control);
		return;
	}
	if (!control_answered(control, rc, err))
		return;
	id = frame_get_text(f);
	if (parse_int(frame_get_text(f), 0, INT64_MAX, &taken, NULL) < 0)
		taken = 0;
	import_begun(control, id, taken);
}

static int import_resume(struct control *control, const char *id, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (!public_id_valid(id))
		return threads_error_set(err, THREADS_EINVAL, "there is no such import");
	memcpy(control->target, id, PUBLIC_ID_SIZE);
	frame_begin(&f, INDEX_IMPORT_START, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, id);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, RESUME_WAIT_MS, import_resumed,
			   err);
}

int control_import(struct control *control, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const char *account = control_text(control, "account");
	const char *kind = control_text(control, "kind");
	char owner[PUBLIC_ID_SIZE] = "";
	int rc;

	if (*control_text(control, "resume"))
		return import_resume(control, control_text(control, "resume"), err);
	if (!*account)
		return threads_error_set(err, THREADS_EINVAL, "the account needs a name");
	if (strcmp(kind, "mbox") != 0 && strcmp(kind, "maildir") != 0 && strcmp(kind, "eml") != 0)
		return threads_error_set(err, THREADS_EINVAL, "kind is mbox, maildir or eml");
	rc = control_owner(control, owner, err);
	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_IMPORT_CREATE, 0);
	frame_put_text(&f, "");
	frame_put_text(&f, account);
	frame_put_text(&f, owner);
	frame_put_text(&f, kind);
	frame_put_int(&f, 0);
	frame_put_int(&f, 0);
	/* Asked twice it leaves an import without files behind, which does no harm. */
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS,
			   import_created, err);
}

/* ---- files -------------------------------------------------------------------------------------- */

static void taken_tell(struct control *control, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int64_t taken;

	if (parse_int(words, 0, INT64_MAX, &taken, NULL) < 0 || taken <= control->files_taken)
		return;
	control->files_taken = taken;
	frame_begin(&f, CTL_FILES_TAKEN, control->id);
	frame_put_int(&f, taken);
	if (peer_send(control->peer, &f, &err) < 0)
		log_debug("control: %s", err.text);
}

static void files_answered(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct files_asked *asked = arg;
	struct control *control = asked->control;

	if (!control) {
		free(asked);
		return;
	}
	LIST_REMOVE(asked, link);
	free(asked);
	control->files_asked--;
	if (rc == THREADS_EAGAIN) {
		/* index restarted: threadsctl comes back and goes on where that stands. */
		control_drop(control);
		return;
	}
	if (rc < 0) {
		control_fail_error(control, err);
		return;
	}
	frame_get_text(f);
	taken_tell(control, frame_get_text(f));
	if (control->last_seen && control->files_asked == 0)
		import_totals(control);
}

/* CTL_FILES as INDEX_IMPORT_FILES; descriptors change hands. */
static int files_question(struct control *control, struct frame *f, struct frame *question,
			  struct threads_error *err)
{
	const int64_t last = frame_get_int_in(f, 0, 1);
	const int64_t count = frame_get_int_in(f, 0, FILES_MAX);

	control->last_seen |= last == 1;
	frame_begin(question, INDEX_IMPORT_FILES, 0);
	frame_put_text(question, control->target);
	frame_put_int(question, last);
	frame_put_int(question, count);
	for (int64_t i = 0; i < count; i++) {
		frame_put_text(question, frame_get_text(f));
		frame_put_int(question, frame_get_int_in(f, 0, INT64_MAX));
	}
	for (int64_t i = 0; i < count && !f->failed; i++)
		frame_put_fd(question, frame_get_fd(f));
	question->owns_fds = true;
	return frame_get_end(f, err);
}

int control_import_files(struct control *control, struct frame *f, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	struct question_order order = {
		ROLE_INDEX, QUESTION_ONCE, QUESTION_LONG_MS, files_answered, NULL,
	};
	struct files_asked *asked;
	int rc = files_question(control, f, &question, err);

	if (rc < 0)
		return rc;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	asked->control = control;
	order.arg = asked;
	rc = question_ask(control->api, &order, &question, NULL, err);
	if (rc < 0) {
		free(asked);
		return rc;
	}
	LIST_INSERT_HEAD(&control->files, asked, link);
	control->files_asked++;
	return 0;
}
