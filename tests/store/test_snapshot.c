/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/json.h"
#include "store/db_check.h"
#include "store/query.h"
#include "store/snapshot.h"

static const struct migration migrations[] = {
	{ 1, "test", "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;" },
	{ 0, NULL, NULL },
};
static const char sql_count[] = "SELECT count(*), ifnull(sum(length(text)), 0) FROM t";
static const char insert_one[] = "INSERT INTO t (text) VALUES ('while it is copied')";
/* About 4 MB: several steps. */
static const char insert_many[] =
	"INSERT INTO t (text) WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
	" WHERE i < 1000) SELECT hex(zeroblob(2000)) FROM n";

struct world {
	char folder[64], path[128], copy[128];
	struct db *db;
};

static struct db *open_db(const char *path, bool read_only)
{
	const struct db_options options = { .migrations = migrations, .read_only = read_only };
	struct db *db = NULL;
	struct threads_error err;

	assert_rc(db_open(path, &options, &db, &err), 0, &err);
	return db;
}

static void run(struct db *db, const char *sql)
{
	struct threads_error err;

	assert_rc(db_exec(db, sql, &err), 0, &err);
}

static int setup(void **state)
{
	static struct world w;

	memcpy(w.folder, "/tmp/threads-snapshot-XXXXXX", sizeof("/tmp/threads-snapshot-XXXXXX"));
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.path, sizeof(w.path), "%s/t.db", w.folder);
	snprintf(w.copy, sizeof(w.copy), "%s/snapshot.db", w.folder);
	w.db = open_db(w.path, false);
	run(w.db, insert_many);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	w->db = db_close(w->db);
	unlink(w->path);
	/* Nothing else may be left. */
	return rmdir(w->folder);
}

static int64_t rows_of(struct db *db)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_count);
	struct threads_error err;

	assert_rc(query_step(&q, &err), 1, &err);
	return query_int(&q, 0);
}

/* The rows of what fd reads, written out under another name. */
static int64_t rows_of_copy(const struct world *w, int fd)
{
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err;
	char path[160], block[65536];
	struct db *db;
	ssize_t got;
	int64_t rows;
	int to;

	snprintf(path, sizeof(path), "%s/taken.db", w->folder);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while ((got = read(fd, block, sizeof(block))) > 0)
		assert_int_equal(write(to, block, (size_t)got), got);
	close(to);
	db = open_db(path, false);
	assert_rc(db_check(db, "copy", faults, &err), 0, &err);
	assert_int_equal(json_array_size(faults), 0);
	rows = rows_of(db);
	db_close(db);
	unlink(path);
	return rows;
}

static void what_is_written_meanwhile_goes_along(void **state)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	struct world *w = *state;
	struct threads_error err;
	AUTO_FD int fd = -1;
	int64_t bytes = 0;
	int steps = 0, rc;

	assert_rc(db_snapshot_begin(w->db, w->copy, &snapshot, &err), 0, &err);
	assert_string_equal(db_snapshot_path(snapshot), w->copy);
	while ((rc = db_snapshot_step(snapshot, &err)) == 1) {
		steps++;
		run(w->db, insert_one);
	}
	assert_rc(rc, 0, &err);
	assert_true(steps > 2);
	run(w->db, insert_one); /* after the last step: not in it */
	assert_rc(db_snapshot_open(snapshot, &fd, &bytes, &err), 0, &err);
	snapshot = db_snapshot_free(snapshot);
	assert_int_equal(access(w->copy, F_OK), -1);
	assert_int_equal(rows_of_copy(w, fd), 1000 + steps);
	assert_int_equal(rows_of(w->db), 1000 + steps + 1);
}

/* Pages of which the copy has some already move to the begin of the file, and the file ends earlier. */
static void the_file_may_get_shorter_meanwhile(void **state)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	struct world *w = *state;
	struct threads_error err;
	AUTO_FD int fd = -1;
	int64_t bytes = 0, most = 0;
	int rc = 1;

	assert_rc(db_snapshot_begin(w->db, w->copy, &snapshot, &err), 0, &err);
	assert_rc(db_snapshot_step(snapshot, &err), 1, &err);
	run(w->db, "DELETE FROM t WHERE id % 50 > 0");
	assert_rc(query_number(w->db, "PRAGMA page_count", &most, &err), 0, &err);
	while (rc == 1 && db_shrink(w->db, 400, &err) == 1)
		rc = db_snapshot_step(snapshot, &err);
	assert_rc(db_checkpoint(w->db, &err), 0, &err);
	while (rc == 1)
		rc = db_snapshot_step(snapshot, &err);
	assert_rc(rc, 0, &err);
	assert_rc(db_snapshot_open(snapshot, &fd, &bytes, &err), 0, &err);
	assert_true(bytes < most * 4096 / 2);
	assert_int_equal(rows_of_copy(w, fd), 20);
}

/* A step inside a transaction of the same connection: it is not in the copy. */
static void what_is_not_committed_stays_out(void **state)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct world *w = *state;
	struct threads_error err;
	AUTO_FD int fd = -1;
	int64_t bytes = 0;
	int rc;

	assert_rc(db_snapshot_begin(w->db, w->copy, &snapshot, &err), 0, &err);
	assert_rc(db_snapshot_step(snapshot, &err), 1, &err);
	assert_rc(db_scope_begin(w->db, &scope, &err), 0, &err);
	run(w->db, insert_one);
	assert_rc(db_snapshot_step(snapshot, &err), 1, &err);
	db_rollback(w->db);
	scope = NULL;
	while ((rc = db_snapshot_step(snapshot, &err)) == 1)
		;
	assert_rc(rc, 0, &err);
	assert_rc(db_snapshot_open(snapshot, &fd, &bytes, &err), 0, &err);
	assert_int_equal(rows_of_copy(w, fd), 1000);
}

/* Given up amid the copy, or found from a process that died. */
static void nothing_of_it_stays(void **state)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *snapshot = NULL;
	struct world *w = *state;
	struct threads_error err;
	char journal[160];

	assert_rc(db_snapshot_begin(w->db, w->copy, &snapshot, &err), 0, &err);
	assert_rc(db_snapshot_step(snapshot, &err), 1, &err);
	assert_int_equal(access(w->copy, F_OK), 0);
	snapshot = db_snapshot_free(snapshot);
	assert_int_equal(access(w->copy, F_OK), -1);

	snprintf(journal, sizeof(journal), "%s-journal", w->copy);
	close(open(journal, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	close(open(w->copy, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_rc(db_snapshot_begin(w->db, w->copy, &snapshot, &err), 0, &err);
	assert_int_equal(access(journal, F_OK), -1);
	while (db_snapshot_step(snapshot, &err) == 1)
		;
	snapshot = db_snapshot_free(snapshot);
	assert_null(db_snapshot_free(NULL));
}

static void a_place_that_is_not_there_is_an_error(void **state)
{
	struct db_snapshot *snapshot = NULL;
	struct world *w = *state;
	struct threads_error err = { .text = "" };
	char path[160];

	snprintf(path, sizeof(path), "%s/nowhere/snapshot.db", w->folder);
	assert_rc(db_snapshot_begin(w->db, path, &snapshot, &err), THREADS_EIO, &err);
	assert_null(snapshot);
	assert_non_null(strstr(err.text, "nowhere"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_meanwhile_goes_along, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_file_may_get_shorter_meanwhile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_not_committed_stays_out, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_of_it_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_place_that_is_not_there_is_an_error, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
