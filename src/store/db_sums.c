/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_sums.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "store/db_internal.h"
#include "store/page_sum.h"
#include "store/query.h"
#include "store/sum_vfs.h"

static const char sql_pages[] = "SELECT page_count FROM pragma_page_count()";
/* Chosen before the first page is written, or by VACUUM: db_shrink() lives on it. */
static const char sql_shrinkable[] = "PRAGMA auto_vacuum = INCREMENTAL";
/* The copy that VACUUM makes may be larger than the memory. */
static const char sql_anew[] = "PRAGMA temp_store = FILE; VACUUM;";
static const char sql_after[] = "PRAGMA temp_store = MEMORY";

/* Sets the reserved bytes of the next page layout unless wanted is -1; gives those of now. */
static int reserve(struct db *db, int wanted)
{
	int bytes = wanted;

	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes) !=
	    SQLITE_OK)
		return 0;
	return bytes;
}

bool db_sums_has(struct db *db)
{
	return reserve(db, -1) == PAGE_SUM_BYTES;
}

int db_sums_prepare(struct db *db, struct threads_error *err)
{
	int64_t pages = 0;
	int rc = query_number(db, sql_pages, &pages, err);

	if (rc < 0 || pages > 0)
		return rc;
	reserve(db, PAGE_SUM_BYTES);
	return db_exec(db, sql_shrinkable, err);
}

/* SQLite's own file for a VACUUM goes into the database's folder: roles may write nowhere else. */
static int write_anew(struct db *db, const char *path, struct threads_error *err)
{
	char folder[DB_PATH_BYTES];
	int rc, after;

	db_folder(path, folder);
	sqlite3_temp_directory = sqlite3_mprintf("%s", folder);
	if (!sqlite3_temp_directory)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	reserve(db, PAGE_SUM_BYTES);
	rc = db_exec(db, sql_shrinkable, err);
	if (rc == 0)
		rc = db_exec(db, sql_anew, err);
	if (rc < 0)
		reserve(db, 0);
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = NULL;
	after = db_exec(db, sql_after, rc < 0 ? NULL : err);
	return rc < 0 ? rc : after;
}

int64_t db_sums_lacking(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char header[SUM_VFS_HEADER_BYTES];
	struct stat file;

	if (fd < 0 || fstat(fd, &file) < 0 ||
	    pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return 0;
	return header[SUM_VFS_RESERVED_AT] == PAGE_SUM_BYTES ? 0 : file.st_size;
}

/* EAGAIN: a reader; the log is emptied later. */
static int empty_log(struct db *db, struct threads_error *err)
{
	const int rc = db_checkpoint(db, err);

	return rc == THREADS_EAGAIN ? 0 : rc;
}

/* What a killed one left in the log is room for the next. */
static int convert(struct db *db, const char *path, struct threads_error *err)
{
	int rc = empty_log(db, err);

	if (rc == 0)
		rc = db_room_check(db, path, 2, err);
	if (rc == 0)
		rc = write_anew(db, path, err);
	return rc < 0 ? rc : empty_log(db, err);
}

int db_sums_add(struct db *db, const char *path, struct threads_error *err)
{
	struct threads_error why = { 0 };
	int rc;

	if (db_sums_has(db))
		return 0;
	rc = convert(db, path, &why);
	if (rc == THREADS_ENOMEM)
		return threads_error_set(err, rc, "%s", why.text);
	if (rc < 0)
		threads_error_set(&db->warning, rc,
				  "%s: its pages get no sums before the next start, all else "
				  "works: %s",
				  path, why.text);
	return 0;
}

static int page_check(struct db *db, uint32_t page, bool *ret_bad, struct threads_error *err)
{
	struct sum_vfs_check check = { .page = page };
	const int rc = sqlite3_file_control(db->handle, "main", SUM_VFS_CHECK, &check);

	*ret_bad = check.bad;
	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
}

/*
 * After a power cut amid a checkpoint a torn page is no fault: the log has it whole.
 * Where the log cannot be written back now, nobody can say.
 */
static int page_check_again(struct db *db, uint32_t page, bool *ret_bad, struct threads_error *err)
{
	int frames = 0, done = 0;

	*ret_bad = false;
	if (sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames,
				      &done) != SQLITE_OK ||
	    frames != done)
		return 0;
	return page_check(db, page, ret_bad, err);
}

int db_sums_next_bad(struct db *db, uint32_t *page, uint32_t last, struct threads_error *err)
{
	const uint32_t pages = sum_vfs_state_of(db->handle).pages;

	while (*page < last && *page < pages) {
		bool bad = false;
		int rc = page_check(db, ++*page, &bad, err);

		if (rc == 0 && bad)
			rc = page_check_again(db, *page, &bad, err);
		if (rc < 0 || bad)
			return rc < 0 ? rc : 1;
	}
	return 0;
}
