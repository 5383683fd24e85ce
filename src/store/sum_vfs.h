/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer between SQLite and its file system "unix": each page that goes into
 * a database file ends with a sum (page_sum.h), and each page that comes from one is
 * held against it. A page that does not fit is SQLITE_IOERR_DATA, never a wrong value;
 * its number stays in the state. Whether a file has sums stands in its header (byte 20:
 * 8 reserved bytes). Write-ahead logs, journals and temporary files pass by: the log has
 * SQLite's own sums. Files are never mapped: that would go around the check.
 */
#ifndef THREADS_STORE_SUM_VFS_H
#define THREADS_STORE_SUM_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

extern const char sum_vfs_name[];

/* Makes the layer known to SQLite; once is enough, again is harmless. Gives SQLite's code. */
int sum_vfs_register(void);

/* Of a database file: how long its header is, and where that says how much of each page is reserved. */
enum { SUM_VFS_HEADER_BYTES = 100, SUM_VFS_RESERVED_AT = 20 };

/* Opcodes of sqlite3_file_control(). */
enum {
	SUM_VFS_STATE = 0x54485201, /* struct sum_vfs_state */
	SUM_VFS_EXPECT, /* int, the size of a page: a copy whose first page is not written yet */
	SUM_VFS_CHECK,  /* struct sum_vfs_check */
};

struct sum_vfs_state {
	const char *name;  /* of the file, without its folder */
	int page_size;     /* 0: the pages have no sums, as far as the header was seen */
	uint32_t pages;    /* in the file, without those that are in the write-ahead log alone */
	uint32_t bad_page; /* the last that did not fit; 0: none yet */
};

/* Of the main file of a connection; of one in memory, and before it is open, without pages. */
struct sum_vfs_state sum_vfs_state_of(sqlite3 *handle);

/* One page as it lies on the disk, whatever SQLite has in memory or in its log. */
struct sum_vfs_check {
	uint32_t page; /* from 1; in */
	bool bad;      /* out; never without sums, behind the end, or where SQLite locks */
};

#endif
