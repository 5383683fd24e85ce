/* SPDX-License-Identifier: Apache-2.0 */
/* Of one account: its folders, its ledger, and what the vault and a waiting command ask. */
#include "store/reader_internal.h"

enum { LEDGER_PAGE = 100 };

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
