/* SPDX-License-Identifier: Apache-2.0 */
/* backup and verify: each role answers for its own database. auth gives auth.db to threadsctl itself. */
#include "api/control.h"

/* ---- backup: threadsctl asks for one part after the other ------------------------------------- */

static void snapshot_is(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(json_freep) json_t *line = NULL;
	struct control *control = arg;
	struct threads_error why = { 0 };
	int64_t bytes, schema;
	const char *details;
	AUTO_FD int fd = -1;

	if (!control_answered(control, rc, err))
		return;
	bytes = frame_get_int_in(f, 0, INT64_MAX);
	schema = frame_get_int(f);
	details = frame_get_text(f);
	fd = frame_get_fd(f);
	rc = frame_get_end(f, &why);
	if (rc == 0)
		rc = json_parse_object(details, strlen(details), &line, &why);
	if (rc < 0) {
		control_fail_error(control, &why);
		return;
	}
	json_object_set_new(line, "bytes", json_integer(bytes));
	json_object_set_new(line, "schema", json_integer(schema));
	control_line(control, TAKE_PTR(line));
	control_blob(control, TAKE_FD(fd));
	control_end(control);
}

static int snapshot_ask(struct control *control, enum role role, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, BACKUP_SNAPSHOT, 0);
	return control_ask(control, role, &f, QUESTION_REPEAT, QUESTION_LONG_MS, snapshot_is, err);
}

/* The row is in the copy that follows: it tells later when it was made. */
static void hub_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;
	struct threads_error why = { 0 };

	(void)f;
	if (!control_answered(control, rc, err))
		return;
	if (snapshot_ask(control, ROLE_INDEX, &why) < 0)
		control_fail_error(control, &why);
}

static void hold_answered(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	(void)f;
	if (control_answered(control, rc, err))
		control_end(control);
}

static int hold_ask(struct control *control, bool end, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, BACKUP_HOLD, 0);
	frame_put_int(&f, json_integer_value(json_object_get(control->arguments, "hold")));
	frame_put_int(&f, end);
	return control_ask(control, ROLE_INDEX, &f, end ? QUESTION_ONCE : QUESTION_REPEAT,
			   QUESTION_WAIT_MS, hold_answered, err);
}

int control_backup(struct control *control, struct threads_error *err)
{
	const char *part = control_text(control, "part");

	if (strcmp(part, "hub") == 0)
		return control_audit(control, "backup", "", "", hub_audited, err);
	if (strcmp(part, "vault") == 0)
		return snapshot_ask(control, ROLE_VAULT, err);
	if (strcmp(part, "hold") == 0 || strcmp(part, "end") == 0)
		return hold_ask(control, *part == 'e', err);
	return threads_error_set(err, THREADS_EINVAL, "a backup has no part '%.20s'", part);
}

/* ---- verify: index, then auth, then vault ------------------------------------------------------ */

static void verify_end(struct control *control)
{
	const bool faults = json_array_size(json_object_get(control->document, "faults")) > 0;

	control_line(control, TAKE_PTR(control->document));
	if (faults)
		control_fail(control,
			     "There are faults, see the list above. Look at the disk; what "
			     "they concern is whole in the last backup.");
	else
		control_end(control);
}

static int check_ask(struct control *control, enum role role, question_fn *fn,
		     struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, DATABASE_CHECK, 0);
	return control_ask(control, role, &f, QUESTION_REPEAT, QUESTION_LONG_MS, fn, err);
}

/* Adds a role's faults to the report. False: the verb has ended. */
static bool check_take(struct control *control, int rc, struct frame *f,
		       const struct threads_error *err)
{
	CLEANUP(json_freep) json_t *faults = NULL;
	const char *text;

	if (!control_answered(control, rc, err))
		return false;
	text = frame_get_text(f);
	faults = json_loadb(text, strlen(text), 0, NULL);
	if (!json_is_array(faults)) {
		control_fail(control, "A part of the hub did not answer as expected.");
		return false;
	}
	json_array_extend(json_object_get(control->document, "faults"), faults);
	return true;
}

static void vault_checked(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	if (check_take(arg, rc, f, err))
		verify_end(arg);
}

static void auth_checked(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct threads_error why = { 0 };

	if (check_take(arg, rc, f, err) && check_ask(arg, ROLE_VAULT, vault_checked, &why) < 0)
		control_fail_error(arg, &why);
}

static void hub_verified(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;
	struct threads_error why = { 0 };
	const char *text;

	if (!control_answered(control, rc, err))
		return;
	text = frame_get_text(f);
	rc = json_parse_object(text, strlen(text), &control->document, &why);
	if (rc == 0)
		rc = check_ask(control, ROLE_AUTH, auth_checked, &why);
	if (rc < 0)
		control_fail_error(control, &why);
}

int control_verify(struct control *control, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_VERIFY, 0);
	frame_put_int(&f, control_flag(control, "deep"));
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_LONG_MS, hub_verified,
			   err);
}
