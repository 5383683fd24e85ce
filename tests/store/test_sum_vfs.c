/* SPDX-License-Identifier: Apache-2.0 */
/* Pages with sums: what a disk can do to them is told, and nothing wrong is handed out. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/json.h"
#include "store/db_check.h"
#include "store/db_internal.h"
#include "store/db_sums.h"
#include "store/page_sum.h"
#include "store/query.h"
#include "store/sum_vfs.h"

/* Of the second page: which page refers to which. No row is read by it, the check looks at it. */
enum { PAGE = 4096, ROWS = 400, PARENTS_PAGE = 2 };

static const struct migration migrations[] = {
	{ 1, "test", "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;" },
	{ 0, NULL, NULL },
};
/* Pages of rows, and chains of overflow pages. */
static const char insert_many[] =
	"INSERT INTO t (text) WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
	" WHERE i < 400) SELECT hex(zeroblob(100 + (i % 40 = 0) * 20000)) || i FROM n";
static const char sql_sum[] = "SELECT count(*) + 0 * sum(length(text || 'x')) FROM t";

struct world {
	char folder[64], path[128];
};

static int open_db(const struct world *w, bool plain, struct db **ret_db, struct threads_error *err)
{
	const struct db_options options = { .migrations = migrations, .plain = plain };

	return db_open(w->path, &options, ret_db, err);
}

static struct db *opened(const struct world *w)
{
	struct threads_error err;
	struct db *db = NULL;

	assert_rc(open_db(w, false, &db, &err), 0, &err);
	return db;
}

static void make(const struct world *w, bool plain)
{
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err;

	assert_rc(open_db(w, plain, &db, &err), 0, &err);
	assert_rc(db_exec(db, insert_many, &err), 0, &err);
}

static int setup(void **state)
{
	static struct world w;

	memcpy(w.folder, "/tmp/threads-sums-XXXXXX", sizeof("/tmp/threads-sums-XXXXXX"));
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.path, sizeof(w.path), "%s/t.db", w.folder);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct world *w = *state;
	char path[160];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", w->path, ends[i]);
		unlink(path);
	}
	return rmdir(w->folder);
}

/* ---- the file as it lies there ---- */

static uint32_t pages_of(const struct world *w)
{
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	return (uint32_t)(st.st_size / PAGE);
}

static void read_page(const struct world *w, uint32_t page, unsigned char out[PAGE])
{
	AUTO_FD int fd = open(w->path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, out, PAGE, (off_t)(page - 1) * PAGE), PAGE);
}

static void write_at(const struct world *w, off_t offset, const void *data, size_t size)
{
	AUTO_FD int fd = open(w->path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, data, size, offset), size);
}

static void write_page(const struct world *w, uint32_t page, const unsigned char data[PAGE])
{
	write_at(w, (off_t)(page - 1) * PAGE, data, PAGE);
}

static void flip(const struct world *w, off_t offset, unsigned char bits)
{
	AUTO_FD int fd = open(w->path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= bits;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
}

/* ---- what SQLite says to it ---- */

/* Opening it and reading all rows ends with words about that page. */
static void assert_named(const struct world *w, uint32_t page)
{
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err = { .text = "" };
	char words[80];
	int64_t rows = 0;
	int rc = open_db(w, false, &db, &err);

	if (rc == 0)
		rc = query_number(db, sql_sum, &rows, &err);
	snprintf(words, sizeof(words), "t.db: page %u is not as it was written", page);
	if (rc != THREADS_EIO || !strstr(err.text, words))
		fail_msg("page %u: %d, %s", page, rc, err.text);
}

static void assert_sound(const struct world *w)
{
	CLEANUP(db_closep) struct db *db = opened(w);
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err;
	int64_t rows = 0;

	assert_rc(query_number(db, sql_sum, &rows, &err), 0, &err);
	assert_int_equal(rows, ROWS);
	assert_rc(db_check(db, "t.db", faults, &err), 0, &err);
	assert_int_equal(json_array_size(faults), 0);
}

static void each_page_ends_with_its_sum(void **state)
{
	struct world *w = *state;
	unsigned char page[PAGE];

	make(w, false);
	assert_true(pages_of(w) > 60);
	for (uint32_t i = 1; i <= pages_of(w); i++) {
		read_page(w, i, page);
		assert_true(page_sum_fits(page, PAGE, i));
		assert_false(page_sum_fits(page, PAGE, i + 1));
	}
	assert_sound(w);
}

static void a_flip_in_any_page_is_named(void **state)
{
	struct world *w = *state;
	uint32_t pages;

	make(w, false);
	pages = pages_of(w);
	for (uint32_t i = 1; i <= pages; i += i < 5 ? 1 : 17) {
		const off_t begin = (off_t)(i - 1) * PAGE;

		if (i == PARENTS_PAGE)
			continue;
		flip(w, begin + 2000, 4);
		assert_named(w, i);
		flip(w, begin + 2000, 4);
		flip(w, begin + PAGE - 1, 128); /* in the sum itself */
		assert_named(w, i);
		flip(w, begin + PAGE - 1, 128);
	}
	assert_sound(w);
}

/* The byte that says whether there are sums is no way around them. */
static void a_header_that_denies_its_sums_is_named(void **state)
{
	struct world *w = *state;

	make(w, false);
	for (int bit = 0; bit < 8; bit++) {
		flip(w, 20, (unsigned char)(1 << bit));
		assert_named(w, 1);
		flip(w, 20, (unsigned char)(1 << bit));
	}
	assert_sound(w);
}

static void torn_swapped_and_old_pages_are_named(void **state)
{
	struct world *w = *state;
	unsigned char one[PAGE], other[PAGE];
	const uint32_t last = (make(w, false), pages_of(w));

	read_page(w, last, one);
	read_page(w, last - 1, other);
	write_at(w, (off_t)(last - 1) * PAGE, other, 512); /* the first sector of another state */
	assert_named(w, last);
	write_page(w, last, other); /* a whole page at a wrong place */
	assert_named(w, last);
	memset(other, 0, sizeof(other)); /* never written */
	write_page(w, last, other);
	assert_named(w, last);
	write_page(w, last, one);
	assert_sound(w);
}

static void a_file_that_ends_early_is_told(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err = { .text = "" };
	const uint32_t pages = (make(w, false), pages_of(w));

	assert_int_equal(truncate(w->path, (off_t)pages * PAGE - 100), 0);
	assert_named(w, pages);
	assert_int_equal(truncate(w->path, (off_t)(pages - 1) * PAGE), 0);
	assert_rc(open_db(w, false, &db, &err), THREADS_EIO, &err); /* SQLite's own count */
}

/* SQLite looks at no count while the log has pages. */
static void a_page_cut_off_beside_a_log_is_named(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	const uint32_t pages = (make(w, false), pages_of(w));
	struct threads_error err;

	db = opened(w);
	assert_rc(db_exec(db, "UPDATE t SET text = text || 'y' WHERE id = 1", &err), 0, &err);
	assert_int_equal(truncate(w->path, (off_t)(pages - 1) * PAGE), 0);
	assert_named(w, pages);
}

/* CREATE TABLE moves a page away that only the log has, and reads the place in the file. */
static void a_page_to_be_made_is_not_cut_off(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = opened(w);
	struct threads_error err;

	assert_rc(db_begin(db, &err), 0, &err);
	assert_rc(db_exec(db, insert_many, &err), 0, &err);
	assert_rc(db_exec(db, "CREATE TABLE u (id INTEGER PRIMARY KEY) STRICT", &err), 0, &err);
	assert_rc(db_commit(db, &err), 0, &err);
	db = db_close(db);
	assert_sound(w);
}

/* At 1 GiB there is a page that nobody ever writes. */
static void the_page_of_the_locks_is_no_fault(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	const uint32_t before = (1U << 30) / PAGE;
	struct threads_error err;
	uint32_t page = before;

	make(w, false);
	db = opened(w);
	assert_int_equal(truncate(w->path, (off_t)(before + 2) * PAGE), 0);
	assert_rc(db_sums_next_bad(db, &page, before + 1, &err), 0, &err);
	assert_rc(db_sums_next_bad(db, &page, before + 2, &err), 1, &err); /* the control */
	assert_int_equal(page, before + 2);
}

/* A check while everything is in memory: it looks at the disk. */
static void the_check_looks_at_the_disk(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err;
	int64_t rows = 0;

	make(w, false);
	db = opened(w);
	assert_rc(query_number(db, sql_sum, &rows, &err), 0, &err);
	flip(w, (PARENTS_PAGE - 1) * PAGE + 99, 1);
	flip(w, 7 * PAGE + 99, 1);
	flip(w, 30 * PAGE + 99, 1);
	assert_rc(query_number(db, sql_sum, &rows, &err), 0, &err); /* from memory */
	assert_rc(db_check(db, "t.db", faults, &err), 0, &err);
	assert_true(json_array_size(faults) >= 3);
	assert_string_equal(json_string_value(json_array_get(faults, 0)),
			    "t.db: page 2 is not as it was written");
	assert_string_equal(json_string_value(json_array_get(faults, 1)),
			    "t.db: page 8 is not as it was written");
	assert_string_equal(json_string_value(json_array_get(faults, 2)),
			    "t.db: page 31 is not as it was written");
}

/* A page of which the log has a newer copy is no fault: it is written anew. */
static void what_the_log_has_whole_is_no_fault(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err;
	uint32_t page = 0;

	make(w, false);
	db = opened(w);
	assert_rc(db_exec(db, "UPDATE t SET text = text || 'y'", &err), 0, &err);
	flip(w, 3 * PAGE + 99, 1);
	assert_rc(db_sums_next_bad(db, &page, UINT32_MAX, &err), 0, &err);
}

/* Part of a page and memory maps, as some versions of SQLite read. */
static void no_read_goes_around_the_check(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	unsigned char part[200], page[PAGE];
	struct threads_error err;
	sqlite3_file *file = NULL;

	make(w, false);
	read_page(w, 5, page);
	db = opened(w);
	assert_rc(db_exec(db, "PRAGMA mmap_size = 100000000", &err), 0, &err);
	assert_int_equal(sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
			 SQLITE_OK);
	assert_true(file->pMethods->iVersion < 3); /* no xFetch */
	assert_int_equal(file->pMethods->xRead(file, part, sizeof(part), 4 * PAGE + 300),
			 SQLITE_OK);
	assert_memory_equal(part, page + 300, sizeof(part));
	flip(w, 4 * PAGE + 3000, 1);
	assert_int_equal(file->pMethods->xRead(file, part, sizeof(part), 4 * PAGE + 300),
			 SQLITE_IOERR_DATA);
	assert_int_equal(file->pMethods->xRead(file, part, sizeof(part), 5 * PAGE - 100),
			 SQLITE_IOERR_READ);
	assert_int_equal(file->pMethods->xWrite(file, part, sizeof(part), 4 * PAGE),
			 SQLITE_IOERR_WRITE);
	flip(w, 4 * PAGE + 3000, 1);
}

static void plain_file(const char *path, int page_size)
{
	sqlite3 *handle = NULL;
	char sql[120];

	snprintf(sql, sizeof(sql), "PRAGMA page_size = %d; CREATE TABLE t (text TEXT);", page_size);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* A header that names larger pages than before finds room for them. */
static void pages_may_become_larger(void **state)
{
	static unsigned char page[65536];
	struct world *w = *state;
	sqlite3_file *file = NULL;
	sqlite3 *handle = NULL;

	assert_int_equal(sum_vfs_register(), SQLITE_OK);
	plain_file(w->path, 512);
	assert_int_equal(sqlite3_open_v2(w->path, &handle, SQLITE_OPEN_READWRITE, sum_vfs_name),
			 SQLITE_OK);
	assert_int_equal(sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file),
			 SQLITE_OK);
	assert_int_equal(file->pMethods->xRead(file, page, 512, 0), SQLITE_OK);
	assert_int_equal(truncate(w->path, 0), 0);
	plain_file(w->path, sizeof(page));
	assert_int_equal(file->pMethods->xRead(file, page, sizeof(page), 0), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* The control: without sums none of it is seen. */
static void a_plain_database_has_none(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err;
	int64_t rows = 0;

	make(w, true);
	flip(w, (off_t)(pages_of(w) - 1) * PAGE + 2000, 1);
	assert_rc(open_db(w, true, &db, &err), 0, &err);
	assert_false(db_sums_has(db));
	assert_rc(query_number(db, sql_sum, &rows, &err), 0, &err);
	assert_int_equal(rows, ROWS);
}

/* Files of before sums and auto_vacuum keep their free pages, and nobody looks forever. */
static void only_newer_files_get_shorter(void **state)
{
	struct world *w = *state;

	for (int plain = 1; plain >= 0; plain--) {
		CLEANUP(db_closep) struct db *db = NULL;
		struct threads_error err;

		make(w, plain);
		assert_rc(open_db(w, plain, &db, &err), 0, &err);
		assert_rc(db_exec(db, "DELETE FROM t", &err), 0, &err);
		assert_rc(db_shrink(db, 1, &err), plain ? 0 : 1, &err);
		db = db_close(db);
		assert_int_equal(unlink(w->path), 0);
	}
}

static void a_plain_database_gets_them_at_the_next_start(void **state)
{
	struct world *w = *state;

	make(w, true);
	assert_sound(w);
	flip(w, 30 * PAGE + 2000, 1);
	assert_named(w, 31);
}

/* Any change of one word, by certainty; page_sum.h promises it. */
/* In SQLite's log nobody holds pages against a sum. */
static void a_small_database_does_not_wait_in_the_log(void **state)
{
	const struct db_options options = { .migrations = migrations, .write_through = true };
	const struct world *w = *state;
	CLEANUP(db_closep) struct db *small = NULL;
	struct threads_error err;
	struct stat file;
	int64_t pages = 0;

	assert_rc(db_open(w->path, &options, &small, &err), 0, &err);
	assert_rc(db_exec(small, insert_many, &err), 0, &err);
	assert_rc(query_number(small, "PRAGMA page_count", &pages, &err), 0, &err);
	assert_true(pages > 10);
	assert_int_equal(stat(w->path, &file), 0);
	assert_int_equal(file.st_size, pages * PAGE);
}

static void every_bit_counts(void **state)
{
	unsigned char page[PAGE];

	(void)state;
	for (size_t i = 0; i < PAGE; i++)
		page[i] = (unsigned char)(i * 131 >> 3);
	page_sum_put(page, PAGE, 17);
	for (size_t bit = 0; bit < (size_t)PAGE * 8; bit++) {
		page[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(page_sum_fits(page, PAGE, 17));
		page[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_true(page_sum_fits(page, PAGE, 17));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_page_ends_with_its_sum, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flip_in_any_page_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_header_that_denies_its_sums_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(torn_swapped_and_old_pages_are_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_ends_early_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_page_cut_off_beside_a_log_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_page_to_be_made_is_not_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(the_page_of_the_locks_is_no_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(the_check_looks_at_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_log_has_whole_is_no_fault, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_read_goes_around_the_check, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_may_become_larger, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plain_database_has_none, setup, teardown),
		cmocka_unit_test_setup_teardown(only_newer_files_get_shorter, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plain_database_gets_them_at_the_next_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_small_database_does_not_wait_in_the_log, setup,
						teardown),
		cmocka_unit_test(every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
