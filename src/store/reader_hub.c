/* SPDX-License-Identifier: Apache-2.0 */
/* People and settings. */
#include "store/reader_internal.h"

static const char sql_me[] = "SELECT name, display_name, role, settings FROM user WHERE id = :id";
static const char sql_users[] =
	"SELECT public_id, name, display_name, role, state, id = :viewer,"
	/* Somebody else's wrong guesses are not him. */
	" ifnull((SELECT at_ms FROM audit WHERE actor = user.public_id AND action NOT IN"
	" ('signin-failed', 'signin-code-failed') ORDER BY id DESC LIMIT 1), 0) FROM user"
	" WHERE :all OR id = :viewer ORDER BY name COLLATE NOCASE";
static const char sql_settings[] = "SELECT name, value FROM setting";
static const char sql_time_zone[] = "SELECT value FROM setting WHERE name = 'time_zone'";
static const char sql_first_owner[] =
	"SELECT public_id FROM user WHERE role = 'owner' AND state = 'active' ORDER BY id LIMIT 1";

/* ---- settings ------------------------------------------------------------------------- */

/* What holds before anybody has chosen. */
static json_t *settings_preset(void)
{
	return json_pack("{s[],ss,ss,ss,ss,sb,sb}", "own_domains", "time_zone", "UTC",
			 "account_policy_default", "closed", "outside_channels", "private",
			 "organisation", "", "everyone_group", 1, "setup_done", 0);
}

/* Values are JSON of the kind that the preset has; anything else is not used. */
static void setting_put(json_t *settings, const char *name, const char *value)
{
	CLEANUP(json_freep) json_t *json = json_loads(value, JSON_DECODE_ANY, NULL);
	json_t *preset = json_object_get(settings, name);

	if (!preset)
		return;
	if (json && (json_typeof(json) == json_typeof(preset) ||
		     (json_is_boolean(json) && json_is_boolean(preset))))
		json_put(settings, name, json_incref(json));
}

int reader_time_zone(struct reader *reader, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_time_zone);
	CLEANUP(json_freep) json_t *name = NULL;
	int rc = query_step(&q, err);

	if (rc <= 0)
		return rc;
	name = json_loads(query_text(&q, 0), JSON_DECODE_ANY, NULL);
	if (json_is_string(name))
		strbuf_add_str(out, json_string_value(name));
	return strbuf_check(out, err);
}

int reader_settings(struct reader *reader, json_t **ret_settings, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_settings);
	CLEANUP(json_freep) json_t *settings = settings_preset();
	int rc;

	if (!settings)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	while ((rc = query_step(&q, err)) == 1)
		setting_put(settings, query_text(&q, 0), query_text(&q, 1));
	if (rc < 0)
		return threads_error_wrap(err, rc, "read settings");
	*ret_settings = TAKE_PTR(settings);
	return 0;
}

/* ---- people --------------------------------------------------------------------------- */

/* The viewer's own settings, with what he did not choose. */
static json_t *own_settings(const char *text)
{
	CLEANUP(json_freep) json_t *chosen = json_loads(text, 0, NULL);
	json_t *settings = json_pack("{sb,ss}", "single_key_shortcuts", 1, "theme", "system");

	if (settings && json_is_object(chosen))
		json_object_update(settings, chosen);
	return settings;
}

int reader_me(struct reader *reader, const struct viewer *viewer, json_t **ret_me,
	      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_me);
	CLEANUP(json_freep) json_t *settings = NULL;
	json_t *me;
	int rc = reader_settings(reader, &settings, err);

	if (rc < 0)
		return rc;
	query_bind_int(&q, ":id", viewer->id);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	me = json_object();
	json_put_text(me, "id", viewer->public_id);
	json_put_text(me, "name", query_text(&q, 0));
	json_put_text(me, "display_name", query_text(&q, 1));
	json_put_text(me, "role", query_text(&q, 2));
	json_put(me, "settings", own_settings(query_text(&q, 3)));
	json_put(me, "time_zone", json_incref(json_object_get(settings, "time_zone")));
	json_put(me, "setup_done", json_incref(json_object_get(settings, "setup_done")));
	*ret_me = me;
	return 0;
}

int reader_users(struct reader *reader, const struct viewer *viewer, json_t **ret_users,
		 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_users);
	CLEANUP(json_freep) json_t *list = json_array();
	int rc;

	query_bind_int(&q, ":viewer", viewer->id);
	query_bind_int(&q, ":all", viewer_manages(viewer));
	while ((rc = query_step(&q, err)) == 1) {
		json_t *user = json_object();

		json_put_text(user, "id", query_text(&q, 0));
		json_put_text(user, "name", query_text(&q, 1));
		json_put_text(user, "display_name", query_text(&q, 2));
		json_put_text(user, "role", query_text(&q, 3));
		json_put_text(user, "state", query_text(&q, 4));
		json_put_time(user, "last_seen", query_int(&q, 6));
		json_put_bool(user, "you", query_int(&q, 5) != 0);
		json_array_append_new(list, user);
	}
	if (rc < 0)
		return threads_error_wrap(err, rc, "list users");
	*ret_users = TAKE_PTR(list);
	return 0;
}

int reader_first_owner(struct reader *reader, char out[PUBLIC_ID_SIZE], struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_first_owner);
	int rc = query_step(&q, err);

	if (rc <= 0)
		return rc;
	memset(out, 0, PUBLIC_ID_SIZE);
	memcpy(out, query_text(&q, 0), strnlen(query_text(&q, 0), PUBLIC_ID_LEN));
	return 1;
}
