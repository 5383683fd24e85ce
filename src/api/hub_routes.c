/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer himself, users, settings, status and the document of the API. */
#include "api/cursor.h"
#include "api/openapi.h"
#include "api/route.h"
#include "api/status_service.h"

enum { DISPLAY_NAME_MAX = 200, SETTINGS_TEXT_MAX = 16 * 1024 };

void route_next_cursor(json_t *page, char kind)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(CURSOR_TEXT_MAX);
	const json_t *next = json_object_get(page, "next");
	int64_t id;

	if (!json_is_integer(next))
		return;
	id = json_integer_value(next);
	cursor_append(&text, kind, &id, 1);
	json_object_set_new(page, "next", json_string(strbuf_str(&text)));
}

/* ---- the viewer --------------------------------------------------------------------------- */

int route_me(struct exchange *ex, struct threads_error *err)
{
	json_t *me = NULL;
	int rc = reader_me(ex->api->reader, &ex->viewer, &me, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, me);
	return 0;
}

static void me_updated(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)f;
	if (exchange_answered(ex, rc, err))
		exchange_run(ex, route_me);
}

/* The viewer's settings with the changes in; only what is known. */
static int settings_merge(struct exchange *ex, const json_t *changes, struct strbuf *out,
			  struct threads_error *err)
{
	static const char *const names[] = { "single_key_shortcuts", "theme", NULL };
	CLEANUP(json_freep) json_t *me = NULL;
	json_t *settings;
	const char *theme = "";
	bool shortcuts;
	int rc;

	if (!json_is_object(changes))
		return threads_error_set(err, THREADS_EINVAL, "settings must be an object");
	rc = json_check_fields(changes, names, err);
	if (rc == 0)
		rc = json_get_text_or(changes, "theme", 10, "system", &theme, err);
	if (rc == 0)
		rc = json_get_bool_or(changes, "single_key_shortcuts", true, &shortcuts, err);
	if (rc == 0)
		rc = reader_me(ex->api->reader, &ex->viewer, &me, err);
	if (rc < 0)
		return rc;
	if (strcmp(theme, "system") != 0 && strcmp(theme, "light") != 0 &&
	    strcmp(theme, "dark") != 0)
		return threads_error_set(err, THREADS_EINVAL, "theme is system, light or dark");
	settings = json_object_get(me, "settings");
	for (size_t i = 0; names[i]; i++)
		if (json_object_get(changes, names[i]))
			json_object_set(settings, names[i], json_object_get(changes, names[i]));
	return json_append(out, settings, err);
}

int route_me_update(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf settings = STRBUF_INIT(SETTINGS_TEXT_MAX);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const json_t *changes = json_object_get(ex->body, "settings");
	const char *name;
	int rc = json_get_text_or(ex->body, "display_name", DISPLAY_NAME_MAX, "", &name, err);

	if (rc == 0 && changes)
		rc = settings_merge(ex, changes, &settings, err);
	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_USER_UPDATE, 0);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, name);
	frame_put_text(&f, strbuf_str(&settings));
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, me_updated, err);
}

int route_users(struct exchange *ex, struct threads_error *err)
{
	json_t *list = NULL;
	int rc = reader_users(ex->api->reader, &ex->viewer, &list, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, json_pack("{so}", "users", list));
	return 0;
}

/* ---- settings ------------------------------------------------------------------------------ */

int route_settings(struct exchange *ex, struct threads_error *err)
{
	json_t *settings = NULL;
	int rc = reader_settings(ex->api->reader, &settings, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, settings);
	return 0;
}

static void settings_changed(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)f;
	if (exchange_answered(ex, rc, err))
		exchange_run(ex, route_settings);
}

int route_settings_update(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(SETTINGS_TEXT_MAX);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = json_append(&text, ex->body, err);

	if (rc < 0)
		return rc;
	frame_begin(&f, INDEX_SETTINGS, 0);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, strbuf_str(&text));
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, settings_changed, err);
}

/* ---- status, document ----------------------------------------------------------------- */

static void status_known(void *arg, const struct overview *overview)
{
	struct exchange *ex = arg;
	struct threads_error why = { 0 };
	json_t *status = NULL;
	int rc;

	ex->overview = NULL;
	rc = status_answer(ex->api, overview, &status, &why);
	if (rc < 0)
		exchange_reply_error(ex, rc, &why);
	else
		exchange_reply_json(ex, 200, status);
}

int route_status(struct exchange *ex, struct threads_error *err)
{
	return overview_ask(ex->api, status_known, ex, &ex->overview, err);
}

int route_openapi(struct exchange *ex, struct threads_error *err)
{
	(void)err;
	exchange_reply_text(ex, 200, "application/json", openapi_document, openapi_document_len,
			    NULL);
	return 0;
}
