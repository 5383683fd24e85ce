/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: a table of names and kinds, and what follows when one changes. */
#include <jansson.h>

#include "core/json.h"
#include "filing/email_key.h"
#include "store/job.h"
#include "store/people.h"
#include "store/store_internal.h"

enum { SETTING_TEXT_MAX = 4096, SETTING_DOMAINS_MAX = 1000 };

enum setting_kind {
	SETTING_TEXT,
	SETTING_BOOL,
	SETTING_DOMAINS,
	SETTING_OPEN_CLOSED,
	SETTING_SHARED
};

static const struct {
	const char *name;
	enum setting_kind kind;
} settings[] = {
	{ "own_domains", SETTING_DOMAINS },
	{ "time_zone", SETTING_TEXT },
	{ "account_policy_default", SETTING_OPEN_CLOSED },
	{ "outside_channels", SETTING_SHARED },
	{ "organisation", SETTING_TEXT },
	{ "everyone_group", SETTING_BOOL },
	{ "setup_done", SETTING_BOOL },
};

static const char sql_get[] = "SELECT value FROM setting WHERE name = :name";
static const char sql_set[] = "INSERT INTO setting (name, value) VALUES (:name, :value)"
			      " ON CONFLICT (name) DO UPDATE SET value = :value";
static const char sql_everyone[] = "UPDATE user_group SET selector = :selector"
				   " WHERE builtin = 1 AND selector <> :selector";

static bool is_text_of(const json_t *value, const char *a, const char *b)
{
	const char *text = json_string_value(value);

	return text && (strcmp(text, a) == 0 || strcmp(text, b) == 0);
}

static bool are_domains(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value) || json_array_size(value) > SETTING_DOMAINS_MAX)
		return false;
	json_array_foreach(value, i, item) {
		CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_DOMAIN_MAX + 1);
		const char *domain = json_string_value(item);

		if (!domain || domain_key(domain, strlen(domain), &key, NULL) < 0)
			return false;
	}
	return true;
}

static bool value_fits(enum setting_kind kind, const json_t *value)
{
	switch (kind) {
	case SETTING_TEXT:
		return json_is_string(value) && json_string_length(value) <= SETTING_TEXT_MAX;
	case SETTING_BOOL:
		return json_is_boolean(value);
	case SETTING_DOMAINS:
		return are_domains(value);
	case SETTING_OPEN_CLOSED:
		return is_text_of(value, "open", "closed");
	case SETTING_SHARED:
		return is_text_of(value, "shared", "private");
	default:
		return false;
	}
}

static int check(const char *name, const json_t *value, struct threads_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (value_fits(settings[i].kind, value))
			return 0;
		return threads_error_set(err, THREADS_EINVAL, "not a value for %s", name);
	}
	return threads_error_set(err, THREADS_EINVAL, "there is no setting '%.40s'", name);
}

/* Returns 1 if the value was another one, 0 if it is as it was. */
static int value_write(struct store *store, const char *name, const json_t *value,
		       struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(1 << 20);
	char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	CLEANUP(query_end) struct query get = query_begin(store->db, sql_get);
	CLEANUP(query_end) struct query set = query_begin(store->db, sql_set);
	int rc;

	if (!dump)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	strbuf_add_str(&text, dump);
	free(dump);
	query_bind_text(&get, ":name", name);
	rc = query_step(&get, err);
	if (rc < 0 || (rc == 1 && strcmp(query_text(&get, 0), strbuf_str(&text)) == 0))
		return rc < 0 ? rc : 0;
	query_bind_text(&set, ":name", name);
	query_bind_text(&set, ":value", strbuf_str(&text));
	rc = query_run(&set, err);
	return rc < 0 ? rc : 1;
}

/* What people may see changes: the channels follow, then the audiences. */
static int audiences_follow(struct store *store, bool channels, bool tighter, int64_t now_ms,
			    struct threads_error *err)
{
	int64_t job_id = 0;
	int rc = 0;

	store->people_version++;
	if (channels)
		rc = job_add(store, JOB_CHANNEL_DEFAULTS, 0, now_ms, &job_id, err);
	if (rc == 0)
		rc = job_add(store, JOB_AUDIENCE_ALL, 0, now_ms, &job_id, err);
	if (rc == 0 && tighter)
		rc = job_deny_groups(store, job_id, 0, err);
	return rc;
}

static int everyone_follow(struct store *store, bool on, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_everyone);
	int rc;

	query_bind_text(&q, ":selector", on ? "all" : "none");
	rc = query_run(&q, err);
	if (rc < 0 || db_changes(store->db) == 0)
		return rc;
	return audiences_follow(store, false, !on, now_ms, err);
}

static int follow(struct store *store, const char *name, const json_t *value, int64_t now_ms,
		  struct threads_error *err)
{
	if (strcmp(name, "own_domains") == 0)
		return audiences_follow(store, true, true, now_ms, err);
	if (strcmp(name, "outside_channels") == 0)
		return audiences_follow(store, true, is_text_of(value, "private", "private"),
					now_ms, err);
	if (strcmp(name, "everyone_group") == 0)
		return everyone_follow(store, json_is_true(value), now_ms, err);
	return 0;
}

int setting_change(struct store *store, const char *json_object_text, int64_t now_ms,
		   struct threads_error *err)
{
	CLEANUP(json_freep) json_t *object = NULL;
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const char *name;
	json_t *value;
	int rc = json_parse_object(json_object_text, strlen(json_object_text), &object, err);

	if (rc < 0)
		return rc;
	json_object_foreach(object, name, value) {
		rc = check(name, value, err);
		if (rc < 0)
			return rc;
	}
	rc = store_join(store, &scope, err);
	if (rc < 0)
		return rc;
	json_object_foreach(object, name, value) {
		rc = value_write(store, name, value, err);
		if (rc == 1)
			rc = follow(store, name, value, now_ms, err);
		if (rc < 0)
			return rc;
	}
	return store_commit(&scope, err);
}
