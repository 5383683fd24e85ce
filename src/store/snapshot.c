/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/disk_full.h"
#include "store/db_internal.h"
#include "store/query.h"

enum {
	STEP_PAGES = 256,
	BUSY_STEPS_MAX = 10000, /* steps that met a transaction: then something is wrong */
	PATH_BYTES = 4096,
};

/* The disk keeps this much: the write path stops collecting below it. */
static const int64_t room_margin = (int64_t)48 << 20;

static const char sql_pages[] = "SELECT page_count * page_size FROM pragma_page_count(),"
				" pragma_page_size()";
static const char copy_setup[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
				 "PRAGMA cache_size = -1024;";

struct db_snapshot {
	sqlite3 *copy;
	sqlite3_backup *backup; /* NULL: whole */
	int busy;
	char path[PATH_BYTES];
};

static int copy_error(int rc, struct threads_error *err)
{
	if ((rc & 0xFF) == SQLITE_FULL)
		return threads_error_set(err, THREADS_EFULL, DISK_FULL_WORDS);
	return threads_error_set(err, (rc & 0xFF) == SQLITE_NOMEM ? THREADS_ENOMEM : THREADS_EIO,
				 "copy of the database: %s (%d)", sqlite3_errstr(rc), rc);
}

void db_snapshot_sweep(const char *copy)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_BYTES + 16];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", copy, ends[i]);
		unlink(path);
	}
}

static int check_room(struct db *db, const char *path, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_pages);
	char folder[PATH_BYTES];
	const char *slash = strrchr(path, '/');
	struct statvfs disk;
	int64_t need, free_bytes;
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	need = query_int(&q, 0) + room_margin;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (statvfs(folder, &disk) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %m", folder);
	free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
	if (free_bytes >= need)
		return 0;
	return threads_error_set(err, THREADS_EFULL,
				 "the copy of the database needs %lld MB beside it for a moment, "
				 "and the disk has %lld MB; make room",
				 (long long)(need >> 20), (long long)(free_bytes >> 20));
}

static int open_copy(struct db_snapshot *snapshot, struct db *db, struct threads_error *err)
{
	int rc = sqlite3_open_v2(snapshot->path, &snapshot->copy,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					 SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(snapshot->copy, copy_setup, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return copy_error(rc, err);
	snapshot->backup = sqlite3_backup_init(snapshot->copy, "main", db->handle, "main");
	return snapshot->backup ? 0 : copy_error(sqlite3_errcode(snapshot->copy), err);
}

int db_snapshot_begin(struct db *db, const char *path, struct db_snapshot **ret_snapshot,
		      struct threads_error *err)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	int rc = check_room(db, path, err);

	if (rc < 0)
		return rc;
	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (strlen(path) >= sizeof(snapshot->path))
		return threads_error_set(err, THREADS_ELIMIT, "the path %.40s... is too long",
					 path);
	memcpy(snapshot->path, path, strlen(path) + 1);
	db_snapshot_sweep(path);
	rc = open_copy(snapshot, db, err);
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

int db_snapshot_step(struct db_snapshot *snapshot, struct threads_error *err)
{
	int rc = sqlite3_backup_step(snapshot->backup, STEP_PAGES);

	if (rc == SQLITE_DONE) {
		rc = close_copy(snapshot);
		return rc == SQLITE_OK ? 0 : copy_error(rc, err);
	}
	if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED) {
		if (++snapshot->busy < BUSY_STEPS_MAX)
			return 1;
	} else if (rc == SQLITE_OK) {
		snapshot->busy = 0;
		return 1;
	}
	return copy_error(rc, err);
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
