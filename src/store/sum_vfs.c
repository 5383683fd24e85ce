/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sum_vfs.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "store/page_sum.h"

const char sum_vfs_name[] = "threads-sums";

static const char disk_name[] = "unix";
static const char magic[16] = "SQLite format 3";

/* The header of a database: it is read alone before the size of a page is known. */
enum { SIZE_AT = 16, COUNT_AT = 28, PAGE_MIN = 512, PAGE_MAX = 65536 };

/*
 * Lies behind the file of "unix", whose methods it replaces: SQLite finds ours
 * through the file, and those we leave alone are called as if we were not there.
 */
struct sum_file {
	sqlite3_io_methods ours; /* first: file->pMethods leads here */
	const sqlite3_io_methods *disk;
	const char *name;
	int page_size; /* 0: no sums */
	uint32_t bad_page;
	unsigned char *page; /* room for one; NULL until it is needed */
	int room;            /* bytes there */
};

static struct sum_file *sums_of(sqlite3_file *file)
{
	/* The pointer is one to constant methods; the whole around them is ours to change. */
	return (struct sum_file *)(uintptr_t)file->pMethods; /* NOLINT(performance-no-int-to-ptr) */
}

static bool is_header(const void *data, int size, sqlite3_int64 offset)
{
	return offset == 0 && size >= SUM_VFS_HEADER_BYTES &&
	       memcmp(data, magic, sizeof(magic)) == 0;
}

static int size_of_pages(const unsigned char *header)
{
	const int size = header[SIZE_AT] << 8 | header[SIZE_AT + 1];

	return size == 1 ? PAGE_MAX : size;
}

/* What the first page says of all. Sums never go away again: a header that says so is damaged. */
static void learn(struct sum_file *f, const void *data)
{
	const unsigned char *header = data;
	const int size = size_of_pages(header);
	const bool whole = size >= PAGE_MIN && (size & (size - 1)) == 0;

	if (f->page_size == 0 && whole && header[SUM_VFS_RESERVED_AT] == PAGE_SUM_BYTES)
		f->page_size = size;
}

/* Room for one page; a header may say anew how large they are. False: no memory. */
static bool have_room(struct sum_file *f, int size)
{
	unsigned char *grown;

	if (size <= f->room)
		return true;
	grown = sqlite3_realloc(f->page, size);
	if (!grown)
		return false;
	f->page = grown;
	f->room = size;
	return true;
}

/* Remembers which page it is, for the words of the error. */
static int bad_page(struct sum_file *f, sqlite3_int64 offset, int page_size)
{
	f->bad_page = (uint32_t)(offset / page_size) + 1;
	errno = EIO; /* what SQLite keeps as the system's word */
	return SQLITE_IOERR_DATA;
}

/* A first page that only seems to have no sum: the byte that says so is what was damaged. */
static bool hides_its_sum(struct sum_file *f, const void *data, int size)
{
	if ((size & (size - 1)) != 0 || size < PAGE_MIN || size > PAGE_MAX || !have_room(f, size))
		return false;
	memcpy(f->page, data, (size_t)size);
	f->page[SUM_VFS_RESERVED_AT] = PAGE_SUM_BYTES;
	return page_sum_fits(f->page, (size_t)size, 1);
}

/*
 * With auto_vacuum, CREATE TABLE reads the place of a page that it makes anew: nothing, behind the
 * end of the file. Pages of the last checkpoint are within the count, newer ones come from the log.
 */
static bool is_to_be_made(const struct sum_file *f, sqlite3_file *file, uint32_t number)
{
	unsigned char header[SUM_VFS_HEADER_BYTES];
	uint32_t count;

	if (f->disk->xRead(file, header, sizeof(header), 0) != SQLITE_OK)
		return false;
	memcpy(&count, header + COUNT_AT, sizeof(count));
	return number > be32toh(count);
}

/* rc: how the read of the page ended. A page cut off by the end of the file does not fit either. */
static int judge(sqlite3_file *file, const void *data, sqlite3_int64 offset, int rc)
{
	const struct sum_file *f = sums_of(file);
	const size_t size = (size_t)f->page_size;
	const uint32_t number = (uint32_t)(offset / f->page_size) + 1;

	if (rc == SQLITE_OK && page_sum_fits(data, size, number))
		return SQLITE_OK;
	if (rc == SQLITE_IOERR_SHORT_READ && is_to_be_made(f, file, number))
		return rc;
	return rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_DATA : rc;
}

/* A part of a page: the whole of it is read and held against its sum. */
static int read_part(struct sum_file *f, sqlite3_file *file, void *data, int size,
		     sqlite3_int64 offset)
{
	const sqlite3_int64 begin = offset - offset % f->page_size;
	int rc;

	if (offset + size > begin + f->page_size)
		return SQLITE_IOERR_READ; /* SQLite reads no more than a page at once */
	if (!have_room(f, f->page_size))
		return SQLITE_IOERR_NOMEM;
	rc = judge(file, f->page, begin, f->disk->xRead(file, f->page, f->page_size, begin));
	if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ)
		memcpy(data, f->page + (offset - begin), (size_t)size);
	return rc;
}

static int sum_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	struct sum_file *f = sums_of(file);
	const int page_size = f->page_size;
	int rc;

	if (page_size > 0 && offset + size > SUM_VFS_HEADER_BYTES &&
	    (size != page_size || offset % page_size != 0)) {
		rc = read_part(f, file, data, size, offset);
		return rc == SQLITE_IOERR_DATA ? bad_page(f, offset, page_size) : rc;
	}
	rc = f->disk->xRead(file, data, size, offset);
	if (rc == SQLITE_OK && is_header(data, size, offset)) {
		learn(f, data);
		if (f->page_size == 0 && hides_its_sum(f, data, size))
			return bad_page(f, offset, size);
	}
	if (f->page_size == 0 || size != f->page_size)
		return rc;
	rc = judge(file, data, offset, rc);
	return rc == SQLITE_IOERR_DATA ? bad_page(f, offset, size) : rc;
}

static int sum_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	struct sum_file *f = sums_of(file);

	if (is_header(data, size, offset))
		learn(f, data);
	if (f->page_size == 0)
		return f->disk->xWrite(file, data, size, offset);
	if (size != f->page_size || offset % size != 0)
		return SQLITE_IOERR_WRITE; /* SQLite writes whole pages: this would tear one */
	if (!have_room(f, size))
		return SQLITE_IOERR_NOMEM;
	memcpy(f->page, data, (size_t)size);
	page_sum_put(f->page, (size_t)size, (uint32_t)(offset / size) + 1);
	return f->disk->xWrite(file, f->page, size, offset);
}

static int tell_state(struct sum_file *f, sqlite3_file *file, struct sum_vfs_state *out)
{
	sqlite3_int64 bytes = 0;
	const int rc = f->disk->xFileSize(file, &bytes);

	*out = (struct sum_vfs_state){ f->name, f->page_size, 0, f->bad_page };
	if (f->page_size > 0)
		out->pages = (uint32_t)((bytes + f->page_size - 1) / f->page_size);
	return rc;
}

struct sum_vfs_state sum_vfs_state_of(sqlite3 *handle)
{
	struct sum_vfs_state state = { .name = "the database" };

	if (sqlite3_file_control(handle, "main", SUM_VFS_STATE, &state) != SQLITE_OK)
		state.pages = 0;
	return state;
}

/* SQLite locks the byte at which this page begins, and never writes the page. */
static const sqlite3_int64 lock_page_at = 0x40000000;

static int check_page(struct sum_file *f, sqlite3_file *file, struct sum_vfs_check *check)
{
	const sqlite3_int64 offset = (sqlite3_int64)(check->page - 1) * f->page_size;
	sqlite3_int64 bytes = 0;
	int rc = f->disk->xFileSize(file, &bytes);

	check->bad = false;
	if (rc != SQLITE_OK || f->page_size == 0 || offset >= bytes || offset == lock_page_at)
		return rc;
	if (!have_room(f, f->page_size))
		return SQLITE_IOERR_NOMEM;
	rc = judge(file, f->page, offset, f->disk->xRead(file, f->page, f->page_size, offset));
	check->bad = rc == SQLITE_IOERR_DATA;
	return check->bad || rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

static int sum_file_control(sqlite3_file *file, int op, void *arg)
{
	struct sum_file *f = sums_of(file);

	if (op == SUM_VFS_STATE)
		return tell_state(f, file, arg);
	if (op == SUM_VFS_CHECK)
		return check_page(f, file, arg);
	if (op == SUM_VFS_EXPECT) {
		f->page_size = *(const int *)arg;
		return SQLITE_OK;
	}
	return f->disk->xFileControl(file, op, arg);
}

static int sum_close(sqlite3_file *file)
{
	struct sum_file *f = sums_of(file);

	sqlite3_free(f->page);
	f->page = NULL;
	f->room = 0;
	return f->disk->xClose(file);
}

/* Version 2 of the methods has no xFetch: SQLite then maps nothing. */
static void take_place(struct sum_file *f, sqlite3_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');

	*f = (struct sum_file){ .ours = *file->pMethods,
				.disk = file->pMethods,
				.name = slash ? slash + 1 : path };
	f->ours.iVersion = 2;
	f->ours.xClose = sum_close;
	f->ours.xRead = sum_read;
	f->ours.xWrite = sum_write;
	f->ours.xFileControl = sum_file_control;
	file->pMethods = &f->ours;
}

static int sum_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
		    int *ret_flags)
{
	sqlite3_vfs *disk = sqlite3_vfs_find(disk_name);
	int rc = disk->xOpen(disk, path, file, flags, ret_flags);

	if (rc == SQLITE_OK && flags & SQLITE_OPEN_MAIN_DB && path) {
		unsigned char *end = (unsigned char *)file + vfs->szOsFile;

		take_place((struct sum_file *)(void *)(end - sizeof(struct sum_file)), file, path);
	}
	return rc;
}

/* SQLite keeps the layer as long as the process lives; its other functions are those of "unix". */
int sum_vfs_register(void)
{
	const sqlite3_vfs *disk;
	sqlite3_vfs *vfs;
	int rc;

	if (sqlite3_vfs_find(sum_vfs_name))
		return SQLITE_OK;
	disk = sqlite3_vfs_find(disk_name);
	vfs = disk ? sqlite3_malloc(sizeof(*vfs)) : NULL;
	if (!vfs)
		return disk ? SQLITE_NOMEM : SQLITE_ERROR;
	*vfs = *disk;
	vfs->pNext = NULL;
	vfs->zName = sum_vfs_name;
	vfs->szOsFile = (disk->szOsFile + 15) / 16 * 16 + (int)sizeof(struct sum_file);
	vfs->xOpen = sum_open;
	rc = sqlite3_vfs_register(vfs, 0);
	if (rc != SQLITE_OK)
		sqlite3_free(vfs);
	return rc;
}
