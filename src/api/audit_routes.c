/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: pages, the state of its chain, and a file for a spreadsheet. */
#include "api/cursor.h"
#include "api/route.h"
#include "core/clock.h"

enum { AUDIT_PAGE = 100, AUDIT_FILE_ROWS = 10000, AUDIT_FILE_MAX = 16 * 1024 * 1024 };

/* What the query of the address says; the texts live in the buffers. */
struct audit_query {
	struct strbuf user, action, time;
	struct reader_audit_filter filter;
};

#define AUDIT_QUERY_INIT                                                                           \
	{                                                                                          \
		.user = STRBUF_INIT(64), .action = STRBUF_INIT(64), .time = STRBUF_INIT(64)        \
	}

static void audit_query_release(struct audit_query *query)
{
	strbuf_release(&query->user);
	strbuf_release(&query->action);
	strbuf_release(&query->time);
}

static int time_read(struct exchange *ex, const char *name, struct strbuf *text, int64_t *ret_ms,
		     struct threads_error *err)
{
	if (!exchange_parameter(ex, name, text) || text->len == 0)
		return 0;
	return clock_parse_rfc3339(strbuf_str(text), ret_ms, err);
}

static int audit_query_read(struct exchange *ex, struct audit_query *query,
			    struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf cursor = STRBUF_INIT(CURSOR_TEXT_MAX);
	struct reader_audit_filter *filter = &query->filter;
	int rc;

	exchange_parameter(ex, "user", &query->user);
	exchange_parameter(ex, "action", &query->action);
	filter->actor = strbuf_str(&query->user);
	filter->action = strbuf_str(&query->action);
	rc = time_read(ex, "from", &query->time, &filter->from_ms, err);
	if (rc == 0)
		rc = time_read(ex, "to", &query->time, &filter->to_ms, err);
	if (rc < 0)
		return rc;
	if (exchange_parameter(ex, "cursor", &cursor) && cursor.len &&
	    !cursor_read(strbuf_str(&cursor), 'a', &filter->before_id, 1))
		return threads_error_set(err, THREADS_EINVAL, "no such page");
	return 0;
}

int route_audit(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(audit_query_release) struct audit_query query = AUDIT_QUERY_INIT;
	json_t *page = NULL;
	int rc = audit_query_read(ex, &query, err);

	query.filter.most = AUDIT_PAGE;
	if (rc == 0)
		rc = reader_audit(ex->api->reader, &query.filter, &page, err);
	if (rc < 0)
		return rc;
	route_next_cursor(page, 'a');
	exchange_reply_json(ex, 200, page);
	return 0;
}

int route_audit_chain(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT(8);
	json_t *state = NULL;
	int rc;

	if (exchange_parameter(ex, "again", &again) && again.len)
		ex->api->chain = (struct audit_chain){ 0 };
	rc = reader_audit_chain(ex->api->reader, &ex->api->chain, &state, err);
	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, state);
	return 0;
}

/* ---- as a file ------------------------------------------------------------------------------ */

/* = + - @, of full width too (U+FF1D ...), as typed in East Asia; and what is skipped before them. */
static bool begins_formula(const char *text)
{
	if (strncmp(text, "\xEF\xBC", 2) == 0)
		return text[2] && strchr("\x9D\x8B\x8D\xA0", text[2]);
	return *text && strchr("=+-@\t\r\n", *text);
}

/* A cell that a spreadsheet takes for text, whatever it begins with. */
static void put_cell(struct strbuf *out, const char *text, char behind)
{
	strbuf_add_char(out, '"');
	if (begins_formula(text))
		strbuf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			strbuf_add_char(out, '"');
		strbuf_add_char(out, *text);
	}
	strbuf_add_char(out, '"');
	strbuf_add_char(out, behind);
}

static void put_row(struct strbuf *out, const json_t *entry)
{
	static const char *const names[] = { "time",   "user",        "user_id", "action",
					     "object", "object_name", "detail" };

	strbuf_addf(out, "%lld,", (long long)json_integer_value(json_object_get(entry, "row")));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text = json_string_value(json_object_get(entry, names[i]));

		put_cell(out, text ? text : "", i + 1 < ARRAY_SIZE(names) ? ',' : '\n');
	}
}

/* All windows of the filter, up to AUDIT_FILE_ROWS rows. */
static int file_write(struct exchange *ex, struct reader_audit_filter *filter, struct strbuf *out,
		      struct threads_error *err)
{
	int64_t left = AUDIT_FILE_ROWS;

	strbuf_add_str(out, "row,time,user,user_id,action,object,object_name,detail\n");
	do {
		CLEANUP(json_freep) json_t *page = NULL;
		size_t i;
		json_t *entry;
		int rc;

		filter->most = left;
		rc = reader_audit(ex->api->reader, filter, &page, err);
		if (rc < 0)
			return rc;
		json_array_foreach(json_object_get(page, "entries"), i, entry) {
			put_row(out, entry);
			left--;
		}
		filter->before_id = json_integer_value(json_object_get(page, "next"));
	} while (filter->before_id > 0 && left > 0);
	return strbuf_check(out, err);
}

static int file_send(struct exchange *ex, struct threads_error *err)
{
	static const struct exchange_header headers[] = {
		{ "Content-Disposition", "attachment; filename=\"audit.csv\"" }, { NULL, NULL }
	};
	CLEANUP(audit_query_release) struct audit_query query = AUDIT_QUERY_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(AUDIT_FILE_MAX);
	int rc = audit_query_read(ex, &query, err);

	if (rc == 0)
		rc = file_write(ex, &query.filter, &out, err);
	if (rc < 0)
		return rc;
	exchange_reply_text(ex, 200, "text/csv; charset=utf-8", strbuf_str(&out), out.len, headers);
	return 0;
}

static void file_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)f;
	if (exchange_answered(ex, rc, err))
		exchange_run(ex, file_send);
}

int route_audit_file(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(audit_query_release) struct audit_query query = AUDIT_QUERY_INIT;
	const int rc = audit_query_read(ex, &query, err);

	return rc < 0 ? rc : exchange_audit(ex, "audit.export", "", "", file_audited, err);
}
