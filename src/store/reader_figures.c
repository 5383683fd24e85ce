/* SPDX-License-Identifier: Apache-2.0 */
/* Figures about the whole hub: for its status page and for those who watch it. */
#include <sqlite3.h>

#include "store/reader_internal.h"

static const char sql_counts[] =
	"SELECT (SELECT count(*) FROM message), (SELECT ifnull(sum(committed_bytes), 0) FROM pack)";
static const char sql_accounts[] =
	"SELECT id, type, state, message_count, last_ok_ms, error_kind <> '', failures,"
	" iif(pass_started_ms > pass_ended_ms AND pass_wanted > pass_read, pass_wanted - pass_read, 0)"
	" FROM account ORDER BY id LIMIT :most";
/* The second condition is that of the index. */
static const char sql_imports[] =
	"SELECT count(*), ifnull(sum(read_count), 0), ifnull(sum(bytes), 0),"
	" ifnull(sum(total_bytes), 0) FROM import WHERE state IN ('waiting', 'running')"
	" AND state IN ('uploading', 'waiting', 'running')";
static const char sql_version[] = "PRAGMA user_version";

int reader_counts(struct reader *reader, int64_t *ret_messages, int64_t *ret_pack_bytes,
		  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_counts);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_messages = query_int(&q, 0);
	*ret_pack_bytes = query_int(&q, 1);
	return 0;
}

int reader_account_figures(struct reader *reader, int64_t most, reader_account_fn *fn, void *arg,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_accounts);
	int rc;

	query_bind_int(&q, ":most", most);
	while ((rc = query_step(&q, err)) == 1) {
		const struct reader_account_figures figures = {
			.number = query_int(&q, 0),
			.imap = strcmp(query_text(&q, 1), "imap") == 0,
			.active = strcmp(query_text(&q, 2), "active") == 0,
			.messages = query_int(&q, 3),
			.last_ok_ms = query_int(&q, 4),
			.troubled = query_int(&q, 5) != 0,
			.failures = query_int(&q, 6),
			.missing = query_int(&q, 7),
		};

		fn(arg, &figures);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "figures of accounts") : 0;
}

int reader_import_figures(struct reader *reader, struct reader_import_figures *ret_figures,
			  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_imports);
	int rc = query_step(&q, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "figures of imports");
	*ret_figures = (struct reader_import_figures){
		.running = query_int(&q, 0),
		.messages = query_int(&q, 1),
		.bytes = query_int(&q, 2),
		.total_bytes = query_int(&q, 3),
	};
	return 0;
}

int reader_schema(struct reader *reader, int64_t *ret_schema, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_version);
	int rc = query_step(&q, err);

	*ret_schema = rc == 1 ? query_int(&q, 0) : 0;
	return rc < 0 ? rc : 0;
}

const char *reader_database_version(void)
{
	return sqlite3_libversion();
}
