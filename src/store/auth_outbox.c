/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_outbox.h"

#include "core/utf8.h"
#include "store/auth_internal.h"

enum { OUTBOX_ROWS_MAX = 10000 };

static const char sql_outbox_add[] =
	"INSERT INTO outbox (kind, user_id, a, b, c, d) VALUES (:kind, :user_id, :a, :b, :c, :d)";
static const char sql_outbox_add_audit[] =
	"INSERT INTO outbox (kind, user_id, a, b, c) SELECT 'audit', :user_id, :a, :b, :c "
	"WHERE :a NOT LIKE '%-failed' OR (SELECT count(*) FROM outbox) < :most";
static const char sql_outbox_first[] =
	"SELECT id, kind, user_id, a, b, c, d FROM outbox ORDER BY id LIMIT 1";
static const char sql_outbox_last[] = "SELECT coalesce(max(id), 0) FROM outbox";
static const char sql_outbox_remove[] = "DELETE FROM outbox WHERE id = :id";

int auth_outbox_user(struct db *db, const struct auth_login *login, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_add);

	query_bind_text(&q, ":kind", "user");
	query_bind_text(&q, ":user_id", login->user_id);
	query_bind_text(&q, ":a", login->name);
	query_bind_text(&q, ":b", login->display_name);
	query_bind_text(&q, ":c", login->role);
	query_bind_text(&q, ":d", login->state);
	return query_run(&q, err);
}

int auth_outbox_state(struct db *db, const char *user_id, const char *state,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_add);

	query_bind_text(&q, ":kind", "state");
	query_bind_text(&q, ":user_id", user_id);
	query_bind_text(&q, ":a", state);
	query_bind_text(&q, ":b", "");
	query_bind_text(&q, ":c", "");
	query_bind_text(&q, ":d", "");
	return query_run(&q, err);
}

static void bind_cut(struct query *q, const char *name, const char *text)
{
	const size_t len = strlen(text);

	query_bind_text_len(q, name, text,
			    len < AUTH_DISPLAY_SIZE ? len : utf8_cut(text, AUTH_DISPLAY_SIZE - 1));
}

int auth_outbox_audit(struct db *db, const char *user_id, const char *action, const char *object,
		      const char *detail, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_add_audit);

	query_bind_text(&q, ":user_id", user_id);
	bind_cut(&q, ":a", action);
	bind_cut(&q, ":b", object);
	bind_cut(&q, ":c", detail);
	query_bind_int(&q, ":most", OUTBOX_ROWS_MAX);
	return query_run(&q, err);
}

int auth_outbox_first(struct db *db, struct auth_outbox_row *ret_row, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_first);
	const int rc = query_step(&q, err);
	struct auth_outbox_row *r = ret_row;

	if (rc != 1)
		return rc;
	r->id = query_int(&q, 0);
	if (auth_copy_text(&q, 1, r->kind, sizeof(r->kind), err) < 0 ||
	    auth_copy_text(&q, 2, r->user_id, sizeof(r->user_id), err) < 0 ||
	    auth_copy_text(&q, 3, r->a, sizeof(r->a), err) < 0 ||
	    auth_copy_text(&q, 4, r->b, sizeof(r->b), err) < 0 ||
	    auth_copy_text(&q, 5, r->c, sizeof(r->c), err) < 0 ||
	    auth_copy_text(&q, 6, r->d, sizeof(r->d), err) < 0)
		return THREADS_EIO;
	return 1;
}

int auth_outbox_last(struct db *db, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_last);
	const int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_id = query_int(&q, 0);
	return 0;
}

int auth_outbox_remove(struct db *db, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_outbox_remove);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}
