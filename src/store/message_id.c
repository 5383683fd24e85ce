/* SPDX-License-Identifier: Apache-2.0 */
#include "store/message_id.h"

#include "store/query.h"

enum { MINUTE_MS = 60000, MINUTE_IDS = 1 << MESSAGE_ID_SEQUENCE_BITS };

static const char sql_last_within[] =
	"SELECT max(id) FROM message WHERE id >= :first AND id < :end";
static const char sql_used[] = "SELECT 1 FROM message WHERE id = :id";

/* The end of the run of used ids that begins at :first. */
static const char sql_run_end[] =
	"SELECT m.id + 1 FROM message m WHERE m.id >= :first"
	" AND NOT EXISTS (SELECT 1 FROM message n WHERE n.id = m.id + 1) ORDER BY m.id LIMIT 1";

int64_t message_id_first(int64_t date_ms)
{
	const int64_t minute = date_ms > 0 ? date_ms / MINUTE_MS : 0;

	return (minute << MESSAGE_ID_SEQUENCE_BITS) + 1; /* 0 is no id */
}

static int first_free(struct db *db, int64_t start, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query used = query_begin(db, sql_used);
	int rc;

	query_bind_int(&used, ":id", start);
	rc = query_step(&used, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		*ret_id = start;
		return 0;
	}

	CLEANUP(query_end) struct query run = query_begin(db, sql_run_end);

	query_bind_int(&run, ":first", start);
	rc = query_step(&run, err);
	if (rc < 0)
		return rc;
	*ret_id = query_int(&run, 0);
	return 0;
}

int message_id_next(struct db *db, struct message_id_hints *hints, int64_t date_ms, int64_t *ret_id,
		    struct threads_error *err)
{
	const int64_t first = message_id_first(date_ms);
	const int64_t end = first + MINUTE_IDS - 1; /* of another minute */
	const size_t slot = (size_t)(first >> MESSAGE_ID_SEQUENCE_BITS) % MESSAGE_ID_HINTS;
	CLEANUP(query_end) struct query last = query_begin(db, sql_last_within);
	int64_t start = end;
	int rc;

	query_bind_int(&last, ":first", first);
	query_bind_int(&last, ":end", end);
	rc = query_step(&last, err);
	if (rc < 0)
		return rc;
	if (query_is_null(&last, 0) || query_int(&last, 0) + 1 < end) {
		*ret_id = query_is_null(&last, 0) ? first : query_int(&last, 0) + 1;
		return 0;
	}
	if (hints->full[slot].minute == first)
		start = hints->full[slot].id;
	rc = first_free(db, start, ret_id, err);
	if (rc < 0)
		return rc;
	hints->full[slot].minute = first;
	hints->full[slot].id = *ret_id;
	return 0;
}
