/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, folders and the ledger as the pages show them. */
#include "store/reader_internal.h"

enum { LEDGER_PAGE = 100 };

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
static const char sql_account_one[] =
	"SELECT id, owner_id, public_id, name, state, provider, host, CAST(port AS TEXT), tls, ca,"
	" login, private_network FROM account"
	" WHERE (public_id = :name OR name = :name COLLATE NOCASE) AND (:all OR owner_id = :viewer)";
static const char sql_folders[] =
	"SELECT name, display, special, chosen, server_count, message_count, state FROM folder"
	" WHERE account_id = :id AND state <> 'old' ORDER BY name";
static const char sql_ledger[] =
	"SELECT l.id, l.at_ms, iif(f.display <> '', f.display, ifnull(f.name, '')), l.uid,"
	" iif(:all OR a.owner_id = :viewer, l.header_id, ''), l.reason, l.detail, a.name"
	" FROM ledger l JOIN account a ON a.id = l.account_id LEFT JOIN folder f ON f.id = l.folder_id"
	" WHERE l.account_id = :id AND l.id < :before_id ORDER BY l.id DESC LIMIT :most";
static const char sql_ledger_all[] =
	"SELECT l.id, l.at_ms, iif(f.display <> '', f.display, ifnull(f.name, '')), l.uid,"
	" l.header_id, l.reason, l.detail, a.name"
	" FROM ledger l JOIN account a ON a.id = l.account_id LEFT JOIN folder f ON f.id = l.folder_id"
	" WHERE l.id < :before_id ORDER BY l.id DESC LIMIT :most";
static const char sql_pass[] =
	"SELECT pass_started_ms, pass_ended_ms, pass_server, pass_stored, pass_duplicate,"
	" pass_excluded, pass_failed, pass_bodies, pass_bytes, pass_read, pass_wanted, activity,"
	" state, error_text, failures FROM account WHERE public_id = :public_id";

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

/* ---- folders, ledger ------------------------------------------------------------------ */

/* The row id of an account that the viewer may look at. 1 / 0. */
static int account_id_of(struct reader *reader, const struct viewer *viewer, const char *name,
			 int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_account_one);
	int rc;

	query_bind_text(&q, ":name", name);
	query_bind_int(&q, ":all", viewer_manages(viewer));
	query_bind_int(&q, ":viewer", viewer->id);
	rc = query_step(&q, err);
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc;
}

int reader_folders(struct reader *reader, const struct viewer *viewer, const char *account_id,
		   json_t **ret_folders, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *answer = json_object();
	json_t *list = json_array();
	int64_t id = 0;
	int rc = account_id_of(reader, viewer, account_id, &id, err);

	json_put(answer, "folders", list);
	if (rc <= 0)
		return rc;

	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_folders);

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *folder = json_object();
		const char *display = query_text(&q, 1);

		json_put_text(folder, "name", query_text(&q, 0));
		json_put_text(folder, "display", *display ? display : query_text(&q, 0));
		json_put_text(folder, "special", query_text(&q, 2));
		json_put_bool(folder, "chosen", query_int(&q, 3) != 0);
		json_put_int(folder, "messages", query_int(&q, 4));
		json_put_int(folder, "stored", query_int(&q, 5));
		json_put_text(folder, "state", query_text(&q, 6));
		json_array_append_new(list, folder);
	}
	if (rc < 0)
		return rc;
	*ret_folders = TAKE_PTR(answer);
	return 1;
}

static int ledger_read(struct query *q, json_t *page, struct threads_error *err)
{
	json_t *list = json_array();
	int64_t last = 0;
	int rc;

	json_put(page, "entries", list);
	while ((rc = query_step(q, err)) == 1) {
		json_t *entry = json_object();

		last = query_int(q, 0);
		json_put_time(entry, "time", query_int(q, 1));
		json_put_text(entry, "account", query_text(q, 7));
		json_put_text(entry, "folder", query_text(q, 2));
		json_put_int(entry, "uid", query_int(q, 3));
		json_put_text(entry, "message_id", query_text(q, 4));
		json_put_text(entry, "reason", query_text(q, 5));
		json_put_text(entry, "detail", query_text(q, 6));
		json_array_append_new(list, entry);
	}
	json_put(page, "next",
		 json_array_size(list) == LEDGER_PAGE ? json_integer(last) : json_null());
	return rc;
}

int reader_ledger(struct reader *reader, const struct viewer *viewer, const char *account,
		  int64_t before_id, json_t **ret_page, struct threads_error *err)
{
	const bool everything = !*account && viewer->role == VIEWER_OPERATOR;
	CLEANUP(json_freep) json_t *page = json_object();
	int64_t id = 0;
	int rc = everything ? 1 : account_id_of(reader, viewer, account, &id, err);

	if (rc <= 0)
		return rc;

	CLEANUP(query_end)
	struct query q = query_begin(reader->db, everything ? sql_ledger_all : sql_ledger);

	if (!everything) {
		query_bind_int(&q, ":id", id);
		query_bind_int(&q, ":viewer", viewer->id);
		query_bind_int(&q, ":all", viewer->role == VIEWER_OPERATOR);
	}
	query_bind_int(&q, ":before_id", before_id > 0 ? before_id : INT64_MAX);
	query_bind_int(&q, ":most", LEDGER_PAGE);
	rc = ledger_read(&q, page, err);
	if (rc < 0)
		return rc;
	*ret_page = TAKE_PTR(page);
	return 1;
}

/* ---- what the vault and a waiting command ask ------------------------------------------ */

void reader_bound_release(struct reader_bound *bound)
{
	free(bound->name);
	free(bound->state);
	free(bound->provider);
	free(bound->host);
	free(bound->port);
	free(bound->tls);
	free(bound->ca);
	free(bound->user);
	*bound = (struct reader_bound){ 0 };
}

int reader_account_bound(struct reader *reader, const struct viewer *viewer, const char *name_or_id,
			 struct reader_bound *ret_bound, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_account_one);
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	char **const texts[] = { &bound.name, &bound.state, &bound.provider, &bound.host,
				 &bound.port, &bound.tls,   &bound.ca,       &bound.user };
	int rc;

	query_bind_text(&q, ":name", name_or_id);
	query_bind_int(&q, ":all", viewer_manages(viewer));
	query_bind_int(&q, ":viewer", viewer->id);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	bound.mine = query_int(&q, 1) == viewer->id;
	bound.private_network = query_int(&q, 11) != 0;
	memcpy(bound.public_id, query_text(&q, 2), strnlen(query_text(&q, 2), PUBLIC_ID_LEN));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = strdup(query_text(&q, (int)i + 3));
		if (!*texts[i])
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	*ret_bound = bound;
	memset(&bound, 0, sizeof(bound));
	return 1;
}

int reader_pass(struct reader *reader, const char *account_id, json_t **ret_pass,
		int64_t *ret_started_ms, int64_t *ret_ended_ms, struct threads_error *err)
{
	static const char *const names[] = { "server",        "stored", "duplicate",
					     "excluded",      "failed", "bodies_fetched",
					     "bytes_fetched", "read",   "wanted" };
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_pass);
	json_t *pass;
	int rc;

	query_bind_text(&q, ":public_id", account_id);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	*ret_started_ms = query_int(&q, 0);
	*ret_ended_ms = query_int(&q, 1);
	pass = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		json_put_int(pass, names[i], query_int(&q, (int)i + 2));
	json_put_text(pass, "activity", query_text(&q, 11));
	json_put_text(pass, "state", query_text(&q, 12));
	json_put_text(pass, "error", query_text(&q, 13));
	json_put_int(pass, "failures", query_int(&q, 14));
	*ret_pass = pass;
	return 1;
}
