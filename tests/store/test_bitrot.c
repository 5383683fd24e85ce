/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bit rot: one flipped bit anywhere in a stopped hub's packs and databases is refused at the start
 * or named by the check, also where no row changes. No flip ends the process. The figures are
 * printed; BITROT_FLIPS makes a longer run.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/json.h"
#include "store/auth_db.h"
#include "store/db_check.h"
#include "store/db_dump.h"
#include "store/vault_secret.h"
#include "store/verify.h"

enum { MAILS = 120, FLIPS = 30, FILE_MAX = 16 << 20, DUMP_MAX = 8 << 20 };

/* What one flip came to; the exit status of the process that looked. */
enum outcome { REFUSED, NAMED, HARMLESS, UNNOTICED, CRASHED, OUTCOMES };

struct rotten {
	const char *name; /* of the file in the fixture's folder */
	enum outcome (*look)(struct fixture *f, const struct strbuf *want);
	struct strbuf bytes, want;
	int count[OUTCOMES];
};

/* The same flips in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static int flips_wanted(void)
{
	const char *given = getenv("BITROT_FLIPS");

	return given ? (int)strtol(given, NULL, 10) : FLIPS;
}

/* ---- a hub ---- */

static const char auth_rows[] =
	"INSERT INTO login (user_id, name, name_key, display_name, role, state, phc, totp_box,"
	" created_ms) WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
	" SELECT 'user' || i, 'person' || i, 'person' || i, 'Person ' || i, 'user', 'active',"
	" '$argon2id$' || hex(randomblob(40)), randomblob(48), i FROM n;"
	"INSERT INTO recovery SELECT id, randomblob(32), NULL FROM login;";
static const char vault_rows[] =
	"INSERT INTO secret WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
	" WHERE i < 60) SELECT 'account' || i, hex(randomblob(60)), '', 'imap.example.org', '993',"
	" 'implicit', '', 'person' || i, i FROM n;";

static void path_of(const struct fixture *f, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s", f->dir, name);
}

static int open_auth(const struct fixture *f, struct db **ret_db, struct threads_error *err)
{
	char path[160];

	path_of(f, "auth.db", path);
	return auth_db_open(path, ret_db, err);
}

static int open_vault(const struct fixture *f, struct db **ret_db, struct threads_error *err)
{
	return vault_db_open(f->dir, ret_db, err);
}

typedef int open_fn(const struct fixture *f, struct db **ret_db, struct threads_error *err);

static void fill(const struct fixture *f, open_fn *open_small, const char *rows)
{
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err = { .text = "" };

	assert_rc(open_small(f, &db, &err), 0, &err);
	assert_rc(db_exec(db, rows, &err), 0, &err);
}

static void mails_store(struct fixture *f)
{
	for (int i = 0; i < MAILS; i++) {
		char id[40], subject[60], body[400], file[3000];
		const struct fake fake = { .from = i % 3 ? "ada@hub.test" : "carla@ropes.test",
					   .to = "bob@hub.test",
					   .subject = subject,
					   .id = id,
					   .body = body,
					   .html = i % 2 ? "<p>The same in HTML</p>" : NULL,
					   .sent_ms = FIXTURE_NOW - i * INT64_C(3600000),
					   .file = i % 10 ? NULL : file,
					   .file_len = i % 10 ? 0 : sizeof(file),
					   .file_name = "plan.bin",
					   .line_length = 76 };

		snprintf(id, sizeof(id), "m%d@hub.test", i);
		snprintf(subject, sizeof(subject), "Letter %d about anchors", i);
		snprintf(body, sizeof(body),
			 "Dear reader,\r\nword%d and word%d are in number %d.\r\n", i * 7 % 97,
			 i * 31 % 89, i);
		for (size_t k = 0; k < sizeof(file); k++)
			file[k] = (char)(k * k + (size_t)i * 13);
		fixture_store(f, &fake, f->closed, f->folder[0], i + 1);
	}
}

/* ---- what somebody sees of it ---- */

static void rows_of(struct db *db, struct strbuf *out)
{
	CLEANUP(tables_release) struct tables tables = { .count = 0 };

	tables_read(db, &tables);
	dump(db, &tables, out);
}

/* Prints the table in which the two part. */
static void say_where(const char *got, const char *want)
{
	size_t at = 0;

	while (got[at] && got[at] == want[at])
		at++;
	while (at > 0 && want[at - 1] != '\n')
		at--;
	print_message("unnoticed: a row of %.*s\n", (int)strcspn(want + at, " "), want + at);
	fflush(stdout);
}

static enum outcome compared(struct db *db, const struct strbuf *want)
{
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT(DUMP_MAX);

	rows_of(db, &got);
	if (strcmp(strbuf_str(&got), strbuf_str(want)) == 0)
		return HARMLESS;
	say_where(strbuf_str(&got), strbuf_str(want));
	return UNNOTICED;
}

/* What "verify --deep" finds in the open hub, or an error. */
static int faults_of(struct fixture *f, struct threads_error *err)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf report = STRBUF_INIT(1 << 20);
	int faults = 0;
	int rc = pack_reader_new(f->dir_fd, f->key, &reader, err);
	const struct verify_order order = { reader, f->dir_fd, true, NULL };

	if (rc == 0)
		rc = store_verify(f->store, &order, &report, &faults, err);
	return rc < 0 ? rc : faults;
}

static enum outcome look_at_hub(struct fixture *f, const struct strbuf *want)
{
	struct threads_error err = { .text = "" };
	int faults;

	if (fixture_open(f, &err) < 0)
		return *err.text ? REFUSED : CRASHED;
	faults = faults_of(f, &err);
	if (faults < 0)
		return *err.text ? NAMED : CRASHED;
	return faults > 0 ? NAMED : compared(store_db(f->store), want);
}

static enum outcome look_at_small(struct fixture *f, open_fn *open_small, const struct strbuf *want)
{
	CLEANUP(db_closep) struct db *db = NULL;
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err = { .text = "" };

	if (open_small(f, &db, &err) < 0)
		return *err.text ? REFUSED : CRASHED;
	if (db_check(db, "it", faults, &err) < 0)
		return *err.text ? NAMED : CRASHED;
	return json_array_size(faults) > 0 ? NAMED : compared(db, want);
}

static enum outcome look_at_auth(struct fixture *f, const struct strbuf *want)
{
	return look_at_small(f, open_auth, want);
}

static enum outcome look_at_vault(struct fixture *f, const struct strbuf *want)
{
	return look_at_small(f, open_vault, want);
}

/* ---- one flip ---- */

static void put_back(const struct fixture *f, const struct rotten *file)
{
	static const char *const logs[] = { "hub.db", "auth.db", "vault.db" };
	AUTO_FD int fd = openat(f->dir_fd, file->name, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, file->bytes.data, file->bytes.len), file->bytes.len);
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		char name[40];

		snprintf(name, sizeof(name), "%s-wal", logs[i]);
		unlinkat(f->dir_fd, name, 0);
		snprintf(name, sizeof(name), "%s-shm", logs[i]);
		unlinkat(f->dir_fd, name, 0);
	}
}

static void flip(const struct fixture *f, const struct rotten *file, size_t at, int bit)
{
	AUTO_FD int fd = openat(f->dir_fd, file->name, O_WRONLY | O_CLOEXEC);
	const char byte = (char)(file->bytes.data[at] ^ (1 << bit));

	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}

/* Looked at by a process of its own: what it writes and how it ends touches nobody. */
static enum outcome look(struct fixture *f, const struct rotten *file)
{
	const pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit((int)file->look(f, &file->want));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) >= OUTCOMES)
		return CRASHED;
	return (enum outcome)WEXITSTATUS(status);
}

static enum outcome try_flip(struct fixture *f, struct rotten *file, size_t at, int bit)
{
	enum outcome outcome;

	flip(f, file, at, bit);
	outcome = look(f, file);
	put_back(f, file);
	file->count[outcome]++;
	if (outcome == CRASHED)
		print_message("%s: byte %zu, bit %d ends the process\n", file->name, at, bit);
	return outcome;
}

static void read_file(const struct fixture *f, struct rotten *file)
{
	AUTO_FD int fd = openat(f->dir_fd, file->name, O_RDONLY | O_CLOEXEC);
	char block[65536];
	ssize_t got;

	file->bytes = (struct strbuf)STRBUF_INIT(FILE_MAX);
	file->want = (struct strbuf)STRBUF_INIT(DUMP_MAX);
	while ((got = read(fd, block, sizeof(block))) > 0)
		strbuf_add(&file->bytes, block, (size_t)got);
	assert_true(file->bytes.len > 1000);
}

static void rotten_release(struct rotten *file)
{
	strbuf_release(&file->bytes);
	strbuf_release(&file->want);
}

static void say(const struct rotten *file)
{
	const int *count = file->count;
	int sum = 0;

	for (size_t i = 0; i < OUTCOMES; i++)
		sum += count[i];
	print_message("%-12s %6zu bytes, %4d flips: %d refused at the start, %d named, %d change"
		      " nothing, %d unnoticed, %d crashes\n",
		      file->name, file->bytes.len, sum, count[REFUSED], count[NAMED],
		      count[HARMLESS], count[UNNOTICED], count[CRASHED]);
}

/* ---- the tests ---- */

static int setup(void **state)
{
	struct fixture *f;
	int rc = fixture_setup(state);

	f = *state;
	mails_store(f);
	fixture_close(f);
	fill(f, open_auth, auth_rows);
	fill(f, open_vault, vault_rows);
	return rc;
}

static void want_rows(struct fixture *f, struct rotten *file, open_fn *open_small)
{
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err = { .text = "" };

	if (open_small) {
		assert_rc(open_small(f, &db, &err), 0, &err);
		rows_of(db, &file->want);
		return;
	}
	assert_rc(fixture_open(f, &err), 0, &err);
	rows_of(store_db(f->store), &file->want);
	fixture_close(f);
}

static void rot(struct fixture *f, struct rotten *file, open_fn *open_small)
{
	uint32_t seed = 4711;

	read_file(f, file);
	want_rows(f, file, open_small);
	assert_int_equal(look(f, file), HARMLESS); /* without a flip */
	put_back(f, file);
	for (int i = 0; i < flips_wanted(); i++) {
		const size_t at = next_random(&seed) % file->bytes.len;

		try_flip(f, file, at, (int)(next_random(&seed) % 8));
	}
	say(file);
	assert_int_equal(file->count[REFUSED] + file->count[NAMED], flips_wanted());
}

static void each_byte_of_a_database_is_named(void **state)
{
	CLEANUP(rotten_release) struct rotten hub = { .name = "hub.db", .look = look_at_hub };
	CLEANUP(rotten_release) struct rotten auth = { .name = "auth.db", .look = look_at_auth };
	CLEANUP(rotten_release) struct rotten vault = { .name = "vault.db", .look = look_at_vault };

	rot(*state, &hub, NULL);
	rot(*state, &auth, open_auth);
	rot(*state, &vault, open_vault);
}

/* The first, the last, and any others. */
static void each_byte_of_a_pack_is_named(void **state)
{
	CLEANUP(rotten_release)
	struct rotten pack = { .name = "000001.pack", .look = look_at_hub };
	struct fixture *f = *state;
	uint32_t seed = 12;

	read_file(f, &pack);
	for (int i = 0; i < flips_wanted(); i++)
		try_flip(f, &pack, next_random(&seed) % pack.bytes.len, i % 8);
	try_flip(f, &pack, 0, 0);
	try_flip(f, &pack, pack.bytes.len - 1, 7);
	say(&pack);
	assert_int_equal(pack.count[REFUSED] + pack.count[NAMED], flips_wanted() + 2);
}

/* Values that are kept twice, or that a hash covers: who may see a message, its people, its files. */
static void a_changed_row_is_named(void **state)
{
	static const char *const changes[] = {
		"UPDATE audience_member SET member_id = 2",
		"UPDATE audience_member SET until_ms = until_ms - 1",
		"UPDATE audience_member SET from_ms = from_ms + 1",
		"DELETE FROM audience_member",
		"INSERT INTO audience_member SELECT id, 0, 77, 0, 5 FROM audience",
		"UPDATE audience SET hash = zeroblob(32)",
		"UPDATE participant SET name = 'Somebodx' WHERE role = 0",
		"UPDATE participant SET address = 'x' || address WHERE role = 3",
		"UPDATE message SET sender_name = 'Somebodx'",
		"UPDATE message SET sender_address = 'x' || sender_address",
		"UPDATE message SET attachment_count = attachment_count + 1",
		"UPDATE message_attachment SET filename = 'plan.bix'",
	};
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };

	assert_rc(fixture_open(f, &err), 0, &err);
	assert_int_equal(faults_of(f, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		assert_rc(db_begin(store_db(f->store), &err), 0, &err);
		assert_rc(db_exec(store_db(f->store), changes[i], &err), 0, &err);
		assert_true(db_changes(store_db(f->store)) > 0);
		if (faults_of(f, &err) != 1)
			fail_msg("not named, or by more than one fault: %s", changes[i]);
		db_rollback(store_db(f->store));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_byte_of_a_database_is_named, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_changed_row_is_named, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(each_byte_of_a_pack_is_named, setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
