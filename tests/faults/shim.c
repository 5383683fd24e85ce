/* SPDX-License-Identifier: Apache-2.0 */
/* Built without _FORTIFY_SOURCE: its inline functions bear the names defined here. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	int left[SHIM_KINDS]; /* 0: not armed */
	int calls[SHIM_KINDS];
	int error;
	bool fired, folder;
	shim_event_fn *listener;
	void *arg;
} shim;

const char *shim_kind_name(enum shim_kind kind)
{
	static const char *const names[SHIM_KINDS] = {
		"allocation", "SQLite allocation", "SQLite step", "read", "write", "sync", "open",
		"rename",     "truncate",          "unlink",      "map",
	};

	return names[kind];
}

void shim_arm(enum shim_kind kind, int n, int error)
{
	shim.left[kind] = n;
	shim.error = error;
	shim.fired = false;
	shim.folder = false;
}

bool shim_met_folder(void)
{
	return shim.folder;
}

bool shim_disarm(void)
{
	memset(shim.left, 0, sizeof(shim.left));
	return shim.fired;
}

void shim_count_anew(void)
{
	memset(shim.calls, 0, sizeof(shim.calls));
}

int shim_calls(enum shim_kind kind)
{
	return shim.calls[kind];
}

void shim_listen(shim_event_fn *fn, void *arg)
{
	shim.listener = fn;
	shim.arg = arg;
}

static bool strikes(enum shim_kind kind)
{
	shim.calls[kind]++;
	if (shim.left[kind] == 0 || --shim.left[kind] > 0)
		return false;
	shim.fired = true;
	return true;
}

/* For calls that only fail: true with errno set. */
static bool fails(enum shim_kind kind)
{
	if (!strikes(kind))
		return false;
	errno = shim.error;
	return true;
}

/* For calls with a count: true if they fail; *size is halved for a short one. */
static bool fails_or_shortens(enum shim_kind kind, size_t *size)
{
	if (!strikes(kind))
		return false;
	if (shim.error == SHIM_SHORT) {
		*size = (*size + 1) / 2;
		return false;
	}
	errno = shim.error;
	return true;
}

/* ---- the record ---- */

static void tell(enum shim_event_kind kind, const char *path, const void *data, size_t size,
		 int64_t offset)
{
	const int kept = errno;

	if (shim.listener)
		shim.listener(&(struct shim_event){ kind, path, data, size, offset }, shim.arg);
	errno = kept;
}

static void tell_fd(enum shim_event_kind kind, int fd, const void *data, size_t size,
		    int64_t offset)
{
	char link[64], path[PATH_MAX];
	const int kept = errno;
	ssize_t len;

	if (!shim.listener)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	errno = kept;
	if (len <= 0)
		return;
	path[len] = '\0';
	tell(kind, path, data, size, offset);
}

/* The path of name below a folder's descriptor, as readlink would give it. */
static void path_at(int dir_fd, const char *name, char path[PATH_MAX])
{
	char link[64], folder[PATH_MAX / 2];
	ssize_t len;

	snprintf(path, PATH_MAX, "%s", name);
	if (dir_fd == AT_FDCWD || name[0] == '/')
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir_fd);
	len = readlink(link, folder, sizeof(folder) - 1);
	if (len > 0)
		snprintf(path, PATH_MAX, "%.*s/%s", (int)len, folder, name);
}

/* ---- files ---- */

static int open_any(int dir_fd, const char *name, int flags, mode_t mode)
{
	bool made;
	int fd;

	if (fails(SHIM_OPEN))
		return -1;
	made = shim.listener && (flags & O_CREAT) && faccessat(dir_fd, name, F_OK, 0) < 0;
	fd = (int)syscall(SYS_openat, dir_fd, name, flags, mode);
	if (fd >= 0 && made)
		tell_fd(EVENT_CREATE, fd, NULL, 0, 0);
	return fd;
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN_BODY(dir_fd)                                                                          \
	va_list args;                                                                              \
	mode_t mode;                                                                               \
                                                                                                   \
	va_start(args, flags);                                                                     \
	mode = mode_of(flags, args);                                                               \
	va_end(args);                                                                              \
	return open_any(dir_fd, name, flags, mode)

int open(const char *name, int flags, ...)
{
	OPEN_BODY(AT_FDCWD);
}

int open64(const char *name, int flags, ...)
{
	OPEN_BODY(AT_FDCWD);
}

int openat(int dir_fd, const char *name, int flags, ...)
{
	OPEN_BODY(dir_fd);
}

int openat64(int dir_fd, const char *name, int flags, ...)
{
	OPEN_BODY(dir_fd);
}

ssize_t read(int fd, void *data, size_t size)
{
	return fails_or_shortens(SHIM_READ, &size) ? -1 : syscall(SYS_read, fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	return fails_or_shortens(SHIM_READ, &size) ? -1
						   : syscall(SYS_pread64, fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
	return pread(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
	const off_t offset = shim.listener ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t put;

	if (fails_or_shortens(SHIM_WRITE, &size))
		return -1;
	put = syscall(SYS_write, fd, data, size);
	if (put > 0 && offset >= 0)
		tell_fd(EVENT_WRITE, fd, data, (size_t)put, offset);
	return put;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	ssize_t put;

	if (fails_or_shortens(SHIM_WRITE, &size))
		return -1;
	put = syscall(SYS_pwrite64, fd, data, size, offset);
	if (put > 0)
		tell_fd(EVENT_WRITE, fd, data, (size_t)put, offset);
	return put;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	return pwrite(fd, data, size, offset);
}

/* The disk itself is not waited for: nobody cuts its power. */
static int sync_any(int fd)
{
	struct stat st;

	if (strikes(SHIM_SYNC)) {
		shim.folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
		errno = shim.error;
		return -1;
	}
	tell_fd(EVENT_SYNC, fd, NULL, 0, 0);
	return 0;
}

int fsync(int fd)
{
	return sync_any(fd);
}

int fdatasync(int fd)
{
	return sync_any(fd);
}

int ftruncate(int fd, off_t size)
{
	int rc;

	if (fails(SHIM_TRUNCATE))
		return -1;
	rc = (int)syscall(SYS_ftruncate, fd, size);
	if (rc == 0)
		tell_fd(EVENT_TRUNCATE, fd, NULL, 0, size);
	return rc;
}

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
	char path[PATH_MAX];
	int rc;

	if (fails(SHIM_UNLINK))
		return -1;
	path_at(dir_fd, name, path);
	rc = (int)syscall(SYS_unlinkat, dir_fd, name, flags);
	if (rc == 0)
		tell(EVENT_UNLINK, path, NULL, 0, 0);
	return rc;
}

int unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int rename(const char *from, const char *to)
{
	int rc;

	if (fails(SHIM_RENAME))
		return -1;
	rc = (int)syscall(SYS_rename, from, to);
	if (rc == 0)
		tell(EVENT_RENAME, from, to, strlen(to) + 1, 0);
	return rc;
}

static void *map_any(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	/* Anonymous memory is the allocator's. */
	if (fd >= 0 && fails(SHIM_MAP))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map_any(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
	return map_any(at, size, protection, flags, fd, offset);
}

int memfd_create(const char *name, unsigned int flags)
{
	return fails(SHIM_MAP) ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

/* ---- allocations and SQLite ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
int __real_sqlite3_step(sqlite3_stmt *stmt);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
			void *arg, char **ret_text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
			void *arg, char **ret_text);

void *__wrap_malloc(size_t size)
{
	return fails(SHIM_ALLOC) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails(SHIM_ALLOC) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails(SHIM_ALLOC) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails(SHIM_ALLOC) ? NULL : __real_strdup(text);
}

int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
	return strikes(SHIM_STEP) ? shim.error : __real_sqlite3_step(stmt);
}

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
			void *arg, char **ret_text)
{
	/* An undo does not fail of itself; what it undoes does. */
	if (strcmp(sql, "ROLLBACK") != 0 && strikes(SHIM_STEP))
		return shim.error;
	return __real_sqlite3_exec(db, sql, fn, arg, ret_text);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
	return strikes(SHIM_SQLITE_MEM) ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return strikes(SHIM_SQLITE_MEM) ? NULL : sqlite_memory.xRealloc(old, size);
}

void shim_sqlite(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
	ours = sqlite_memory;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}
