/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts as the pages show them. */
#include "store/reader_internal.h"

static const char sql_accounts[] =
	"SELECT a.id, a.public_id, a.name, a.type, u.public_id, iif(u.display_name <> '',"
	" u.display_name, u.name), u.name, a.policy, a.state, a.activity, a.error_kind, a.error_text,"
	" a.error_next, a.error_detail, a.error_ms, a.message_count, a.last_ok_ms, a.host, a.port,"
	" a.tls, a.provider, a.login, a.ca <> '', a.folders, a.owner_id = :viewer,"
	" a.pass_started_ms, a.pass_ended_ms, a.pass_read, a.pass_wanted, a.pass_bytes,"
	" a.secret_state, a.verified_ms, a.private_network"
	" FROM account a JOIN user u ON u.id = a.owner_id"
	" WHERE (:all OR a.owner_id = :viewer)"
	" AND (:name IS NULL OR a.public_id = :name OR a.name = :name COLLATE NOCASE)"
	" ORDER BY a.name COLLATE NOCASE";
static const char sql_account_last_message[] =
	"SELECT m.date_ms FROM sighting s JOIN message m ON m.id = s.message_id"
	" WHERE s.account_id = :id ORDER BY s.message_id DESC LIMIT 1";
static const char sql_account_import[] =
	"SELECT read_count, bytes, total_bytes, started_ms FROM import"
	" WHERE account_id = :id AND state = 'running' ORDER BY id LIMIT 1";
/* ---- one account --------------------------------------------------------------------- */

static void error_put(const struct query *q, json_t *account)
{
	json_t *error;

	if (!*query_text(q, 10)) {
		json_put_null(account, "error");
		return;
	}
	error = json_object();
	json_put_text(error, "kind", query_text(q, 10));
	json_put_text(error, "words", query_text(q, 11));
	json_put_text(error, "next_step", query_text(q, 12));
	json_put_text(error, "details", query_text(q, 13));
	json_put_time(error, "since", query_int(q, 14));
	json_put(account, "error", error);
}

static void imap_put(const struct query *q, json_t *account)
{
	json_t *imap, *folders;

	if (strcmp(query_text(q, 3), "imap") != 0) {
		json_put_null(account, "imap");
		return;
	}
	imap = json_object();
	json_put_text(imap, "host", query_text(q, 17));
	json_put_int(imap, "port", query_int(q, 18));
	json_put_text(imap, "tls", query_text(q, 19));
	json_put_text(imap, "provider", query_text(q, 20));
	json_put_text(imap, "user", query_text(q, 21));
	json_put_bool(imap, "has_ca", query_int(q, 22) != 0);
	json_put_bool(imap, "private_network", query_int(q, 32) != 0);
	json_put_text(imap, "secret", query_text(q, 30));
	json_put_time(imap, "verified", query_int(q, 31));
	folders = json_loads(query_text(q, 23), 0, NULL);
	json_put(imap, "folders", json_is_array(folders) ? json_incref(folders) : json_array());
	json_decref(folders);
	json_put(account, "imap", imap);
}

/* done of total (0: not known) in the time since started_ms. */
static void progress_put(json_t *account, int64_t done, int64_t total, int64_t bytes,
			 int64_t total_bytes, int64_t ran_ms)
{
	const double seconds = ran_ms > 0 ? (double)ran_ms / 1000 : 0.001;
	json_t *progress = json_object();

	json_put_int(progress, "done", done);
	json_put(progress, "total", total > 0 ? json_integer(total) : json_null());
	json_put_int(progress, "bytes", bytes);
	json_put(progress, "rate", json_real((double)done / seconds));
	if (total > 0 && done > 0)
		json_put_int(progress, "seconds_left",
			     total > done
				     ? (int64_t)((double)(total - done) * seconds / (double)done)
				     : 0);
	else if (total_bytes > 0 && bytes > 0)
		json_put_int(progress, "seconds_left",
			     total_bytes > bytes ? (int64_t)((double)(total_bytes - bytes) *
							     seconds / (double)bytes)
						 : 0);
	else
		json_put_null(progress, "seconds_left");
	json_put_null(progress, "words");
	json_put(account, "progress", progress);
}

static int import_progress_put(struct reader *reader, int64_t id, int64_t now_ms, json_t *account,
			       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_account_import);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == 1)
		progress_put(account, query_int(&q, 0), 0, query_int(&q, 1), query_int(&q, 2),
			     now_ms - query_int(&q, 3));
	else
		json_put_null(account, "progress");
	return rc < 0 ? rc : 0;
}

static int last_message_put(struct reader *reader, int64_t id, json_t *account,
			    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_account_last_message);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	json_put_time(account, "last_message", rc == 1 ? query_int(&q, 0) : 0);
	return rc < 0 ? rc : 0;
}

static void account_columns_put(const struct query *q, const struct viewer *viewer, json_t *account)
{
	json_t *owner = json_object();

	json_put_text(account, "id", query_text(q, 1));
	json_put_text(account, "name", query_text(q, 2));
	json_put_text(account, "type", query_text(q, 3));
	json_put_text(owner, "id", query_text(q, 4));
	json_put_text(owner, "name", query_text(q, 5));
	json_put_text(owner, "sign_in", query_text(q, 6));
	json_put(account, "owner", owner);
	json_put_text(account, "policy", query_text(q, 7));
	json_put_text(account, "state", query_text(q, 8));
	json_put_text(account, "activity", query_text(q, 9));
	error_put(q, account);
	json_put_int(account, "messages", query_int(q, 15));
	json_put_time(account, "last_ok", query_int(q, 16));
	imap_put(q, account);
	if (viewer->role == VIEWER_OPERATOR)
		json_put_int(account, "number", query_int(q, 0)); /* as logs name it */
	json_put_bool(account, "mine", query_int(q, 24) != 0);
	json_put_bool(account, "may_manage", query_int(q, 24) != 0 || viewer_manages(viewer));
}

static int account_read(struct reader *reader, const struct query *q, const struct viewer *viewer,
			int64_t now_ms, json_t *account, struct threads_error *err)
{
	const int64_t started_ms = query_int(q, 25), ended_ms = query_int(q, 26);
	int rc;

	account_columns_put(q, viewer, account);
	rc = last_message_put(reader, query_int(q, 0), account, err);
	if (rc < 0)
		return rc;
	if (strcmp(query_text(q, 3), "imap") != 0)
		return import_progress_put(reader, query_int(q, 0), now_ms, account, err);
	if (started_ms > ended_ms)
		progress_put(account, query_int(q, 27), query_int(q, 28), query_int(q, 29), 0,
			     now_ms - started_ms);
	else
		json_put_null(account, "progress");
	return 0;
}

static int accounts_read(struct reader *reader, const struct viewer *viewer, const char *name,
			 int64_t now_ms, json_t *list, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_accounts);
	int rc;

	query_bind_int(&q, ":viewer", viewer->id);
	query_bind_int(&q, ":all", viewer_manages(viewer));
	query_bind_text(&q, ":name", name);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *account = json_object();

		json_array_append_new(list, account);
		rc = account_read(reader, &q, viewer, now_ms, account, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int reader_accounts(struct reader *reader, const struct viewer *viewer, int64_t now_ms,
		    json_t **ret_accounts, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_array();
	int rc = accounts_read(reader, viewer, NULL, now_ms, list, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "list accounts");
	*ret_accounts = TAKE_PTR(list);
	return 0;
}

int reader_account(struct reader *reader, const struct viewer *viewer, const char *name_or_id,
		   int64_t now_ms, json_t **ret_account, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_array();
	int rc = accounts_read(reader, viewer, name_or_id, now_ms, list, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "read account");
	if (json_array_size(list) == 0)
		return 0;
	*ret_account = json_incref(json_array_get(list, 0));
	return 1;
}
