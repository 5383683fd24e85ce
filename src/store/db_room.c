/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/statvfs.h>

#include "store/db_internal.h"
#include "store/query.h"

/* The disk keeps this much: the write path stops collecting below it. */
static const int64_t room_margin = (int64_t)50 * 1000 * 1000;

static const char sql_bytes[] = "SELECT page_count * page_size FROM pragma_page_count(),"
				" pragma_page_size()";

void db_folder(const char *path, char out[DB_PATH_BYTES])
{
	const char *slash = strrchr(path, '/');

	snprintf(out, DB_PATH_BYTES, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
}

int db_room_check(struct db *db, const char *path, int copies, struct threads_error *err)
{
	char folder[DB_PATH_BYTES];
	struct statvfs disk;
	int64_t need = 0, free_bytes;
	int rc = query_number(db, sql_bytes, &need, err);

	if (rc < 0)
		return rc;
	need = need * copies + room_margin;
	db_folder(path, folder);
	if (statvfs(folder, &disk) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", folder);
	free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
	if (free_bytes >= need)
		return 0;
	return threads_error_set(err, THREADS_EFULL,
				 "the copy of the database needs %lld MB beside it for a moment, "
				 "and the disk has %lld MB; make room",
				 (long long)(need / 1000000), (long long)(free_bytes / 1000000));
}
