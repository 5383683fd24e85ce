/* SPDX-License-Identifier: Apache-2.0 */
/* A database's free pages go back to the disk. */
#include <stdio.h>

#include "store/db_internal.h"
#include "store/query.h"

/* What the next writes would take again stays: a merge of the search index frees
 * and takes some all the time. Files of before auto_vacuum have no row. */
static const char sql_surplus[] =
	"SELECT freelist_count - max(64, page_count / 128) FROM pragma_freelist_count(),"
	" pragma_page_count(), pragma_auto_vacuum() WHERE auto_vacuum = 2";

/* SQLite moves the last pages of the file into free ones before it cuts. */
int db_shrink(struct db *db, int64_t most, struct threads_error *err)
{
	char sql[64];
	int64_t surplus = 0;
	int rc = query_number(db, sql_surplus, &surplus, err);

	if (rc < 0 || surplus <= 0)
		return rc;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)",
		 (long long)(surplus < most ? surplus : most));
	rc = db_exec(db, sql, err);
	return rc < 0 ? rc : 1;
}
