/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log as its page shows it. */
#include "core/encode.h"
#include "store/people.h"
#include "store/reader_internal.h"

enum { CHAIN_ROWS = 50000, FINGERPRINT_BYTES = 6 };

/* Rows are looked at in windows of ids: a filter that few rows pass costs no walk of all. */
static const char sql_audit[] =
	"SELECT a.id, a.at_ms, ifnull(iif(u.display_name <> '', u.display_name, u.name), ''),"
	" a.actor, a.action, a.object, a.detail, ifnull(c.name, ifnull(iif(o.display_name <> '',"
	" o.display_name, o.name), '')) FROM audit a"
	" LEFT JOIN user u ON u.public_id = a.actor LEFT JOIN user o ON o.public_id = a.object"
	" LEFT JOIN account c ON c.public_id = a.object"
	" WHERE a.id < :before_id AND a.id >= :least_id"
	" AND (:actor IS NULL OR a.actor = :actor) AND (:action IS NULL OR a.action = :action)"
	" ORDER BY a.id DESC LIMIT :most";
static const char sql_audit_at[] = "SELECT at_ms FROM audit WHERE id = :id";
static const char sql_audit_last[] = "SELECT ifnull(max(id), 0) FROM audit";

static int last_id(struct reader *reader, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_audit_last);
	const int rc = query_step(&q, err);

	*ret_id = rc == 1 ? query_int(&q, 0) : 0;
	return rc < 0 ? rc : 0;
}

/* The first row of that time or later, last + 1 if there is none: ids have no gaps and grow with time. */
static int first_since(struct reader *reader, int64_t ms, int64_t last, int64_t *ret_id,
		       struct threads_error *err)
{
	int64_t low = 1, high = last + 1;

	while (low < high) {
		CLEANUP(query_end) struct query q = query_begin(reader->db, sql_audit_at);
		const int64_t middle = low + (high - low) / 2;
		int rc;

		query_bind_int(&q, ":id", middle);
		rc = query_step(&q, err);
		if (rc < 0)
			return rc;
		if (rc == 1 && query_int(&q, 0) < ms)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_id = low;
	return 0;
}

static json_t *entry_json(const struct query *q)
{
	json_t *entry = json_object();

	json_put_int(entry, "row", query_int(q, 0));
	json_put_time(entry, "time", query_int(q, 1));
	json_put_text(entry, "user", query_text(q, 2));
	json_put_text(entry, "user_id", query_text(q, 3));
	json_put_text(entry, "action", query_text(q, 4));
	json_put_text(entry, "object", query_text(q, 5));
	json_put_text(entry, "object_name", query_text(q, 7));
	json_put_text(entry, "detail", query_text(q, 6));
	return entry;
}

/* The rows of one window. *ret_next is where the next one ends, 0 at the begin of the log. */
static int window_read(struct reader *reader, const struct reader_audit_filter *filter,
		       int64_t before_id, int64_t least_id, json_t *list, int64_t *ret_next,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_audit);
	const int64_t window = before_id - READER_AUDIT_WINDOW;
	const int64_t least = window > least_id ? window : least_id;
	int64_t last = 0;
	size_t count = 0;
	int rc;

	query_bind_int(&q, ":before_id", before_id);
	query_bind_int(&q, ":least_id", least);
	query_bind_text(&q, ":actor", *filter->actor ? filter->actor : NULL);
	query_bind_text(&q, ":action", *filter->action ? filter->action : NULL);
	query_bind_int(&q, ":most", filter->most);
	while ((rc = query_step(&q, err)) == 1) {
		last = query_int(&q, 0);
		json_array_append_new(list, entry_json(&q));
		count++;
	}
	if (rc < 0)
		return threads_error_wrap(err, rc, "read the audit log");
	*ret_next = count == (size_t)filter->most ? last : least;
	if (*ret_next <= least_id)
		*ret_next = 0;
	return 0;
}

int reader_audit(struct reader *reader, const struct reader_audit_filter *filter, json_t **ret_page,
		 struct threads_error *err)
{
	CLEANUP(json_freep) json_t *page = json_object();
	json_t *list = json_array();
	int64_t last = 0, from_id = 1, to_id, next = 0;
	int rc = last_id(reader, &last, err);

	json_put(page, "entries", list);
	to_id = last + 1;
	if (rc == 0 && filter->from_ms)
		rc = first_since(reader, filter->from_ms, last, &from_id, err);
	if (rc == 0 && filter->to_ms)
		rc = first_since(reader, filter->to_ms, last, &to_id, err);
	if (rc == 0 && filter->before_id > 0 && filter->before_id < to_id)
		to_id = filter->before_id;
	if (rc == 0)
		rc = window_read(reader, filter, to_id, from_id, list, &next, err);
	if (rc < 0)
		return rc;
	json_put(page, "next", next > 0 ? json_integer(next) : json_null());
	*ret_page = TAKE_PTR(page);
	return 0;
}

int reader_audit_chain(struct reader *reader, struct audit_chain *chain, json_t **ret_state,
		       struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf hash = STRBUF_INIT(2 * FINGERPRINT_BYTES + 1);
	json_t *state = json_object();
	int64_t last = 0;
	int rc = audit_follow(reader->db, chain, CHAIN_ROWS, err);

	if (rc >= 0)
		rc = last_id(reader, &last, err);
	for (int i = 0; i < FINGERPRINT_BYTES; i++)
		strbuf_addf(&hash, "%02x", chain->hash[i]);
	json_put_int(state, "rows", last);
	json_put_int(state, "checked", chain->id);
	json_put_time(state, "until", chain->at_ms);
	json_put_text(state, "fingerprint", strbuf_str(&hash));
	json_put(state, "broken_at", chain->bad_id ? json_integer(chain->bad_id) : json_null());
	*ret_state = state;
	if (rc < 0)
		json_decref(state);
	return rc < 0 ? rc : 0;
}
