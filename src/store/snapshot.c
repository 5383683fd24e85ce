/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/disk_full.h"
#include "store/db_internal.h"
#include "store/db_sums.h"
#include "store/query.h"
#include "store/sum_vfs.h"

enum {
	STEP_PAGES = 256,
	BUSY_STEPS_MAX = 10000, /* steps that met a transaction: then something is wrong */
};

static const char sql_page_size[] = "SELECT page_size FROM pragma_page_size()";
static const char copy_setup[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
				 "PRAGMA cache_size = -1024;";

struct db_snapshot {
	sqlite3 *copy;
	sqlite3_backup *backup; /* NULL: whole */
	struct db *db;
	uint32_t checked; /* pages of its file */
	int busy;
	char path[DB_PATH_BYTES];
};

static int copy_error(const struct db_snapshot *snapshot, int rc, struct threads_error *err)
{
	if (rc == SQLITE_IOERR_DATA)
		return db_page_error(snapshot->db, 0, err);
	if ((rc & 0xFF) == SQLITE_FULL)
		return threads_error_set(err, THREADS_EFULL, DISK_FULL_WORDS);
	return threads_error_set(err, (rc & 0xFF) == SQLITE_NOMEM ? THREADS_ENOMEM : THREADS_EIO,
				 "copy of the database: %s (%d)", sqlite3_errstr(rc), rc);
}

void db_snapshot_sweep(const char *copy)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char path[DB_PATH_BYTES + 16];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", copy, ends[i]);
		unlink(path);
	}
}

/* The copy's pages may be written before its first one, which says that they have sums. */
static int expect_sums(const struct db_snapshot *snapshot, struct threads_error *err)
{
	int64_t bytes = 0;
	int size, rc = query_number(snapshot->db, sql_page_size, &bytes, err);

	if (rc < 0 || !db_sums_has(snapshot->db))
		return rc;
	size = (int)bytes;
	rc = sqlite3_file_control(snapshot->copy, "main", SUM_VFS_EXPECT, &size);
	return rc == SQLITE_OK ? 0 : copy_error(snapshot, rc, err);
}

static int open_copy(struct db_snapshot *snapshot, struct threads_error *err)
{
	int rc = sqlite3_open_v2(snapshot->path, &snapshot->copy,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					 SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
				 sum_vfs_name);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(snapshot->copy, copy_setup, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return copy_error(snapshot, rc, err);
	rc = expect_sums(snapshot, err);
	if (rc < 0)
		return rc;
	snapshot->backup =
		sqlite3_backup_init(snapshot->copy, "main", snapshot->db->handle, "main");
	return snapshot->backup ? 0 : copy_error(snapshot, sqlite3_errcode(snapshot->copy), err);
}

int db_snapshot_begin(struct db *db, const char *path, struct db_snapshot **ret_snapshot,
		      struct threads_error *err)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	int rc = db_room_check(db, path, 1, err);

	if (rc < 0)
		return rc;
	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (strlen(path) >= sizeof(snapshot->path))
		return threads_error_set(err, THREADS_ELIMIT, "the path %.40s... is too long",
					 path);
	memcpy(snapshot->path, path, strlen(path) + 1);
	snapshot->db = db;
	db_snapshot_sweep(path);
	rc = open_copy(snapshot, err);
	if (rc < 0)
		return rc;
	*ret_snapshot = TAKE_PTR(snapshot);
	return 0;
}

static int close_copy(struct db_snapshot *snapshot)
{
	int rc = sqlite3_backup_finish(snapshot->backup);

	snapshot->backup = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_close(snapshot->copy);
	if (rc == SQLITE_OK)
		snapshot->copy = NULL;
	return rc;
}

/* The same pages as they lie on the disk: what SQLite has in memory would hide what happened there. */
static int check_step(struct db_snapshot *snapshot, struct threads_error *err)
{
	uint32_t page = snapshot->checked;
	int rc;

	snapshot->checked += STEP_PAGES;
	rc = db_sums_next_bad(snapshot->db, &page, snapshot->checked, err);
	return rc == 1 ? db_page_error(snapshot->db, page, err) : rc;
}

int db_snapshot_step(struct db_snapshot *snapshot, struct threads_error *err)
{
	int rc = check_step(snapshot, err);

	if (rc < 0)
		return rc;
	rc = sqlite3_backup_step(snapshot->backup, STEP_PAGES);
	if (rc == SQLITE_DONE) {
		rc = close_copy(snapshot);
		return rc == SQLITE_OK ? 0 : copy_error(snapshot, rc, err);
	}
	if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED) {
		if (++snapshot->busy < BUSY_STEPS_MAX)
			return 1;
	} else if (rc == SQLITE_OK) {
		snapshot->busy = 0;
		return 1;
	}
	return copy_error(snapshot, rc, err);
}

int db_snapshot_open(const struct db_snapshot *snapshot, int *ret_fd, int64_t *ret_bytes,
		     struct threads_error *err)
{
	AUTO_FD int fd = open(snapshot->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", snapshot->path);
	*ret_bytes = st.st_size;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

const char *db_snapshot_path(const struct db_snapshot *snapshot)
{
	return snapshot->path;
}

struct db_snapshot *db_snapshot_free(struct db_snapshot *snapshot)
{
	if (!snapshot)
		return NULL;
	if (snapshot->backup)
		sqlite3_backup_finish(snapshot->backup);
	sqlite3_close(snapshot->copy);
	db_snapshot_sweep(snapshot->path);
	free(snapshot);
	return NULL;
}

void db_snapshot_freep(struct db_snapshot **snapshot)
{
	*snapshot = db_snapshot_free(*snapshot);
}
