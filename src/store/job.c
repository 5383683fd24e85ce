/* SPDX-License-Identifier: Apache-2.0 */
#include "store/job.h"

#include "store/store_internal.h"

static const char sql_job_add[] =
	"INSERT INTO job (kind, object_id, created_ms) VALUES (:kind, :object_id, :now_ms)"
	" ON CONFLICT (kind, object_id) DO UPDATE SET position = 0, attempts = 0 RETURNING id";
static const char sql_deny_account[] =
	"INSERT INTO audience_deny (audience_id, kind, member_id, job_id)"
	" SELECT DISTINCT m.audience_id, a.kind, a.member_id, :job_id FROM sighting s"
	" JOIN message m ON m.id = s.message_id"
	" JOIN audience_member a ON a.audience_id = m.audience_id AND a.kind = 1"
	" WHERE s.account_id = :account_id ON CONFLICT DO NOTHING";
static const char sql_deny_all[] =
	"INSERT INTO audience_deny (audience_id, kind, member_id, job_id)"
	" SELECT DISTINCT audience_id, kind, member_id, :job_id FROM audience_member"
	" WHERE kind = 1 ON CONFLICT DO NOTHING";

int job_add(struct store *store, const char *kind, int64_t object_id, int64_t now_ms,
	    int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_job_add);
	int rc;

	query_bind_text(&q, ":kind", kind);
	query_bind_int(&q, ":object_id", object_id);
	query_bind_int(&q, ":now_ms", now_ms);
	rc = query_step(&q, err);
	if (rc == 1) {
		*ret_id = query_int(&q, 0);
		rc = query_run(&q, err);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "job") : 0;
}

int job_deny_groups(struct store *store, int64_t job_id, int64_t account_id,
		    struct threads_error *err)
{
	CLEANUP(query_end)
	struct query q = query_begin(store->db, account_id ? sql_deny_account : sql_deny_all);
	int rc;

	query_bind_int(&q, ":job_id", job_id);
	if (account_id)
		query_bind_int(&q, ":account_id", account_id);
	rc = query_run(&q, err);
	return rc < 0 ? threads_error_wrap(err, rc, "deny") : store_epoch_bump(store, err);
}
