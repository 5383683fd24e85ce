/* SPDX-License-Identifier: Apache-2.0 */
/* Users as hub.db knows them. */
#include "core/random_id.h"
#include "core/utf8.h"
#include "store/people.h"
#include "store/store_internal.h"

enum { NAME_MAX_BYTES = 200, SETTINGS_MAX_BYTES = 64 * 1024 };

static const char sql_add[] =
	"INSERT INTO user (public_id, name, display_name, role, state, created_ms, active_ms)"
	" VALUES (:public_id, :name, :display_name, :role, :state, :now_ms,"
	" CASE WHEN :state = 'active' THEN :now_ms ELSE 0 END)"
	" ON CONFLICT (public_id) DO UPDATE SET name = excluded.name,"
	" display_name = excluded.display_name, role = excluded.role";
static const char sql_state[] =
	"UPDATE user SET state = :state,"
	" active_ms = CASE WHEN :state = 'active' AND active_ms = 0 THEN :now_ms ELSE active_ms END,"
	" disabled_ms = CASE WHEN :state = 'disabled' THEN :now_ms ELSE 0 END"
	" WHERE public_id = :public_id AND state <> :state";
static const char sql_known[] = "SELECT role FROM user WHERE public_id = :public_id";
static const char sql_active_owners[] =
	"SELECT count(*) FROM user WHERE role = 'owner' AND active_ms > 0";
static const char sql_update[] =
	"UPDATE user SET display_name = ifnull(:display_name, display_name),"
	" settings = ifnull(:settings, settings) WHERE public_id = :public_id";
static const char sql_each[] =
	"SELECT id, public_id, state, role, name, display_name FROM user ORDER BY id";
static const char sql_first_owner[] =
	"SELECT public_id FROM user WHERE role = 'owner' AND state = 'active'"
	" ORDER BY active_ms, id LIMIT 1";

static int name_check(const char *name, struct threads_error *err)
{
	const size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_BYTES || !utf8_valid(name, len))
		return threads_error_set(err, THREADS_EINVAL,
					 "a user needs a name of at most %d bytes", NAME_MAX_BYTES);
	return 0;
}

int user_create(struct store *store, const struct user_new *user, int64_t now_ms,
		struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);
	int rc = name_check(user->name, err);

	if (rc == 0 && !public_id_valid(user->public_id))
		rc = threads_error_set(err, THREADS_EINVAL, "not a public id");
	if (rc == 0)
		rc = store_join(store, &scope, err);
	if (rc < 0)
		return rc;
	query_bind_text(&q, ":public_id", user->public_id);
	query_bind_text(&q, ":name", user->name);
	query_bind_text(&q, ":display_name", *user->display_name ? user->display_name : user->name);
	query_bind_text(&q, ":role", user->role);
	query_bind_text(&q, ":state", user->state);
	query_bind_int(&q, ":now_ms", now_ms);
	rc = query_run(&q, err);
	if (rc == THREADS_EINVAL)
		return threads_error_set(err, rc, "there is a user of that name already");
	query_end(&q);
	if (rc == 0)
		rc = store_epoch_bump(store, err);
	return rc < 0 ? rc : store_commit(&scope, err);
}

/* The role of a user, who must exist: 1 if it is owner. */
static int is_owner(struct store *store, const char *public_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_known);
	int rc;

	query_bind_text(&q, ":public_id", public_id);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no such user");
	return rc < 0 ? rc : strcmp(query_text(&q, 0), "owner") == 0;
}

/* How many owners were ever active. */
static int active_owners(struct store *store, int64_t *ret_count, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_active_owners);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_count = query_int(&q, 0);
	return 0;
}

static int state_write(struct store *store, const char *public_id, const char *state,
		       int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_state);

	query_bind_text(&q, ":public_id", public_id);
	query_bind_text(&q, ":state", state);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

int user_set_state(struct store *store, const char *public_id, const char *state, int64_t now_ms,
		   struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int64_t before = 0;
	int owner = 0;
	int rc = store_join(store, &scope, err);

	if (rc == 0)
		rc = owner = is_owner(store, public_id, err);
	if (rc >= 0)
		rc = active_owners(store, &before, err);
	if (rc == 0)
		rc = state_write(store, public_id, state, now_ms, err);
	if (rc == 0)
		rc = store_epoch_bump(store, err);
	if (rc == 0)
		rc = store_commit(&scope, err);
	if (rc < 0)
		return rc;
	return owner == 1 && before == 0 && strcmp(state, "active") == 0;
}

int user_update(struct store *store, const char *public_id, const char *display_name,
		const char *settings_json, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_update);
	const char *name = display_name && *display_name ? display_name : NULL;
	const char *settings = settings_json && *settings_json ? settings_json : NULL;
	int rc = name ? name_check(name, err) : 0;

	if (rc == 0 && settings && strlen(settings) > SETTINGS_MAX_BYTES)
		rc = threads_error_set(err, THREADS_ELIMIT, "the settings are too long");
	if (rc == 0)
		rc = is_owner(store, public_id, err);
	if (rc < 0)
		return rc;
	query_bind_text(&q, ":public_id", public_id);
	query_bind_text(&q, ":display_name", name);
	query_bind_text(&q, ":settings", settings);
	return query_run(&q, err);
}

int user_each(struct store *store, user_fn *fn, void *arg, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_each);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		const struct user_row row = {
			.id = query_int(&q, 0),
			.public_id = query_text(&q, 1),
			.state = query_text(&q, 2),
			.role = query_text(&q, 3),
			.name = query_text(&q, 4),
			.display_name = query_text(&q, 5),
		};

		if (fn(&row, arg) != 0)
			return 0;
	}
	return rc;
}

int user_first_owner(struct store *store, char out[27], struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_first_owner);
	int rc = query_step(&q, err);

	if (rc == 1)
		snprintf(out, PUBLIC_ID_SIZE, "%s", query_text(&q, 0));
	return rc;
}
