/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th call of each kind fails, along the whole write path: the operation
 * says so in words or does without, nothing crashes or leaks (the sanitizers
 * look), and done again it leaves what an undisturbed run leaves. In the short
 * run a few n of each kind are tried, with FAULTS_FULL=1 every one, or 500 where
 * there are more.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim.h"
#include "store/auth_db.h"
#include "store/auth_login.h"
#include "store/auth_throttle.h"
#include "store/vault_secret.h"
#include "supervisor/key.h"
#include "supervisor/layout.h"

enum { SHORT_RUN_TRIES = 5, FULL_RUN_TRIES = 500 };

/* One folder in which an operation is tried. */
struct place {
	struct fixture *f;
	struct mails *mails;
	struct supervisor s;
	struct db *db;
};

/* run is called again after a failure, and then goes on where it stands. */
struct operation {
	const char *name;
	size_t slices; /* stored before */
	bool killed;   /* then the process died: the log of the database is still there */
	bool opened;   /* before the operation */
	bool dense;    /* so small that the short run, too, tries every allocation of SQLite */
	int (*run)(struct place *place, struct threads_error *err);
	void (*state)(struct place *place, struct strbuf *out);
};

/* ---- operations on hub.db and packs ---- */

static void hub_state(struct place *place, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf faults = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };

	world_state(place->f, true, out);
	fixture_reopen(place->f);
	assert_rc(world_verify(place->f, &faults, &err), 0, &err);
	strbuf_add_str(out, strbuf_str(&faults));
	world_state(place->f, true, out);
}

static int run_open(struct place *place, struct threads_error *err)
{
	fixture_close(place->f);
	return fixture_open(place->f, err);
}

static void opened_state(struct place *place, struct strbuf *out)
{
	if (fixture_number(place->f, "SELECT count(*) FROM user") == 0)
		world_people(place->f);
	hub_state(place, out);
}

/* Small mails, a large attachment, copies: three slices. */
static int run_import(struct place *place, struct threads_error *err)
{
	size_t position = 0;
	int rc = world_position(place->f, &position, err);

	while (rc >= 0 && position < 4 * (size_t)WORLD_SLICE)
		rc = world_import(place->f, place->mails, &position, err);
	return rc < 0 ? rc : 0;
}

static int run_again(struct place *place, struct threads_error *err)
{
	return world_deliver_again(place->f, place->mails, err);
}

static int run_delete(struct place *place, struct threads_error *err)
{
	return world_delete(place->f, err);
}

static int run_checkpoint(struct place *place, struct threads_error *err)
{
	return db_checkpoint(store_db(place->f->store), err);
}

static void free_pages(struct fixture *f)
{
	struct threads_error err = { .text = "" };

	assert_rc(db_exec(store_db(f->store),
			  "CREATE TABLE bulk (a); CREATE TABLE behind (a);"
			  "INSERT INTO bulk VALUES (zeroblob(1000000));"
			  "INSERT INTO behind VALUES (zeroblob(100000)); DROP TABLE bulk",
			  &err),
		  0, &err);
}

/* In steps, which move the pages of the table behind. */
static int run_shrink(struct place *place, struct threads_error *err)
{
	struct db *db = store_db(place->f->store);
	int rc;

	while ((rc = db_shrink(db, 50, err)) == 1)
		;
	return rc < 0 ? rc : db_checkpoint(db, err);
}

static void shrunk_state(struct place *place, struct strbuf *out)
{
	const int64_t pages = fixture_number(place->f, "PRAGMA page_count");

	strbuf_addf(out, "%lld pages, %lld free, %lld bytes", (long long)pages,
		    (long long)fixture_number(place->f, "PRAGMA freelist_count"),
		    (long long)fixture_number(place->f, "SELECT sum(length(a)) FROM behind"));
	hub_state(place, out);
}

/* A row of the search index comes and goes. SQLite rolls back amid it where FTS5 reads without
 * memory, and FTS5 must not go on with totals that it has not read. */
static int run_index_row(struct place *place, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct db *db = store_db(place->f->store);
	int rc = db_scope_begin(db, &scope, err);

	if (rc == 0)
		rc = db_exec(db, "INSERT INTO message_fts (rowid, subject) VALUES (999, 'a')", err);
	if (rc == 0)
		rc = db_exec(db,
			     "INSERT INTO message_fts (message_fts, rowid, subject)"
			     " VALUES ('delete', 999, 'a')",
			     err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

/* Without its zero, SQLite must copy the text to end it: never may it come out empty. */
static int run_read(struct place *place, struct threads_error *err)
{
	static const char sql_text[] = "SELECT :text";
	CLEANUP(query_end) struct query q = query_begin(store_db(place->f->store), sql_text);
	char text[5000];
	int rc;

	memset(text, 'x', sizeof(text));
	query_bind_text_len(&q, ":text", text, sizeof(text));
	rc = query_step(&q, err);
	if (rc == 1) {
		const char *got = query_text(&q, 0);

		assert_non_null(got);
		assert_int_equal(strlen(got), sizeof(text));
	}
	return rc < 0 ? rc : 0;
}

/* ---- the small databases ---- */

static const struct vault_fields fields = { "account", "imap", "h.example.org", "993", "implicit",
					    "",        "u" };

static int run_vault(struct place *place, struct threads_error *err)
{
	int rc;

	place->db = db_close(place->db);
	rc = vault_db_open(place->f->dir, &place->db, err);
	return rc < 0 ? rc : vault_secret_put(place->db, &fields, "a sealed box", 1, err);
}

static void vault_state(struct place *place, struct strbuf *out)
{
	struct threads_error err = { .text = "" };

	assert_rc(vault_secret_get(place->db, &fields, out, &err), 1, &err);
}

static int run_auth(struct place *place, struct threads_error *err)
{
	static const unsigned char codes[3][AUTH_HASH_LEN] = { { 1 }, { 2 }, { 3 } };
	const struct auth_login login = { .user_id = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
					  .name = "ada",
					  .role = "owner",
					  .state = "active" };
	struct auth_login found;
	char path[128];
	int64_t id = 0;
	int rc;

	place->db = db_close(place->db);
	snprintf(path, sizeof(path), "%s/auth.db", place->f->dir);
	rc = auth_db_open(path, &place->db, err);
	if (rc == 0)
		rc = auth_login_by_name(place->db, "ada", &found, err);
	if (rc == 0)
		rc = auth_login_add(place->db, &login, 1, &id, err);
	if (rc >= 0)
		rc = auth_login_by_name(place->db, "ada", &found, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EBUG, "ada was not added");
	if (rc == 1)
		rc = auth_recovery_replace(place->db, found.id, codes, 3, err);
	if (rc == 0)
		rc = auth_login_use_step(place->db, found.id, 7, err);
	return rc < 0 ? rc : 0;
}

static void auth_state(struct place *place, struct strbuf *out)
{
	static const unsigned char code[AUTH_HASH_LEN] = { 2 };
	struct threads_error err = { .text = "" };
	struct auth_login login = { .id = 0 };

	assert_rc(auth_login_by_name(place->db, "ADA", &login, &err), 1, &err);
	assert_rc(auth_login_use_step(place->db, login.id, 7, &err), 0, &err);
	assert_rc(auth_recovery_use(place->db, login.id, code, 1, &err), 1, &err);
	strbuf_addf(out, "%lld %s", (long long)login.id, login.state);
}

/* ---- what the supervisor makes ---- */

static int run_start(struct place *place, struct threads_error *err)
{
	struct supervisor *s = &place->s;
	int rc;

	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
	snprintf(s->data_dir, sizeof(s->data_dir), "%s/data", place->f->dir);
	s->config = config_free(s->config);
	rc = config_new(&s->config, err);
	if (rc == 0)
		rc = layout_prepare(s, err);
	return rc < 0 ? rc : key_prepare(s, err);
}

static void start_state(struct place *place, struct strbuf *out)
{
	static const char *const names[] = { "master.key", "key.check", "run/threadsd.pid",
					     "packs",      "auth",      "vault",
					     "hub",        "run",       "" };
	unsigned char key[KEY_BYTES];
	struct threads_error err = { .text = "" };

	assert_rc(key_for_role(&place->s, ROLE_INDEX, key, &err), 0, &err);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[2200];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", place->s.data_dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		strbuf_addf(out, "%s %o\n", names[i], st.st_mode);
		assert_int_equal(remove(path), 0);
	}
}

/* ---- one try ---- */

static struct place *place_new(const struct operation *operation, const char *template_dir,
			       struct mails *mails)
{
	struct place *place = calloc(1, sizeof(*place));
	struct threads_error err = { .text = "" };

	assert_non_null(place);
	place->f = fixture_new();
	place->mails = mails;
	place->s.lock_fd = -1;
	world_copy(template_dir, place->f->dir);
	if (operation->opened)
		assert_rc(fixture_open(place->f, &err), 0, &err);
	return place;
}

static void place_free(struct place *place)
{
	place->db = db_close(place->db);
	place->s.config = config_free(place->s.config);
	if (place->s.lock_fd >= 0)
		close(place->s.lock_fd);
	fixture_free(place->f);
	free(place);
}

/* The folder that every try begins with. */
static struct fixture *template_new(const struct operation *operation, struct mails *mails)
{
	struct fixture *f = fixture_new();
	struct threads_error err = { .text = "" };
	size_t position = 0;

	if (operation->slices == 0)
		return f;
	assert_rc(fixture_open(f, &err), 0, &err);
	world_people(f);
	while (position < operation->slices * WORLD_SLICE)
		assert_true(world_import(f, mails, &position, &err) >= 0);
	if (operation->run == run_shrink)
		free_pages(f);
	if (!operation->killed)
		fixture_close(f);
	return f;
}

struct fault {
	enum shim_kind kind;
	int error;
	const char *words;
	bool must_fail; /* an import and a first start cannot do without */
};

static const struct fault faults[] = {
	{ SHIM_ALLOC, ENOMEM, "no memory", false },
	{ SHIM_SQLITE_MEM, ENOMEM, "no memory", false },
	{ SHIM_STEP, SQLITE_IOERR, "IOERR", false },
	{ SHIM_STEP, SQLITE_FULL, "FULL", false },
	{ SHIM_STEP, SQLITE_NOMEM, "NOMEM", false },
	{ SHIM_READ, EIO, "EIO", false },
	{ SHIM_READ, EINTR, "EINTR", false },
	{ SHIM_READ, SHIM_SHORT, "short", false },
	{ SHIM_WRITE, EIO, "EIO", true },
	{ SHIM_WRITE, ENOSPC, "ENOSPC", true },
	{ SHIM_WRITE, EINTR, "EINTR", false },
	{ SHIM_WRITE, SHIM_SHORT, "short", false },
	{ SHIM_SYNC, EIO, "EIO", true },
	{ SHIM_OPEN, EMFILE, "EMFILE", false },
	{ SHIM_RENAME, EIO, "EIO", true },
	{ SHIM_TRUNCATE, EIO, "EIO", false },
	{ SHIM_UNLINK, EIO, "EIO", false },
	{ SHIM_MAP, ENOMEM, "ENOMEM", false },
};

static void state_of(const struct operation *operation, struct place *place, struct strbuf *out)
{
	struct threads_error err = { .text = "" };

	strbuf_reset(out);
	operation->state(place, out);
	assert_rc(strbuf_check(out, &err), 0, &err);
}

/* Returns whether the n-th call was there to fail. */
static bool try_fault(const struct operation *operation, const struct fault *fault, int n,
		      struct place *place, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };
	bool fired;
	int rc;

	shim_arm(fault->kind, n, fault->error);
	rc = operation->run(place, &err);
	fired = shim_disarm();
	if (rc < 0 && !fired)
		fail_msg("%s: without a fault: %s", operation->name, err.text);
	if (rc < 0 && !*err.text)
		fail_msg("%s: %s %d of %s: no words", operation->name, fault->words, n,
			 shim_kind_name(fault->kind));
	if (fired && rc == 0 && fault->must_fail && !shim_met_folder() &&
	    (operation->run == run_import || operation->run == run_start))
		fail_msg("%s: %s at %s %d passed unnoticed", operation->name, fault->words,
			 shim_kind_name(fault->kind), n);
	if (rc < 0)
		rc = operation->run(place, &err);
	if (rc < 0)
		fail_msg("%s: again after %s at %s %d: %s", operation->name, fault->words,
			 shim_kind_name(fault->kind), n, err.text);
	state_of(operation, place, &got);
	if (strcmp(strbuf_str(&got), want) != 0) {
		print_error("%s\nnot\n%s\n", strbuf_str(&got), want);
		fail_msg("%s: %s at %s %d: the end is another", operation->name, fault->words,
			 shim_kind_name(fault->kind), n);
	}
	return fired;
}

/* The undisturbed run: what it leaves, and how many calls of each kind it makes. */
static void run_calm(const struct operation *operation, const char *template_dir,
		     struct mails *mails, struct strbuf *want, int calls[SHIM_KINDS])
{
	struct place *place = place_new(operation, template_dir, mails);
	struct threads_error err = { .text = "" };

	shim_count_anew();
	assert_rc(operation->run(place, &err), 0, &err);
	for (int kind = 0; kind < SHIM_KINDS; kind++)
		calls[kind] = shim_calls((enum shim_kind)kind);
	state_of(operation, place, want);
	place_free(place);
}

static int hits[SHIM_KINDS]; /* of all operations: no kind may be left out */

static void sweep(const struct operation *operation)
{
	CLEANUP(strbuf_release) struct strbuf want = STRBUF_INIT(1 << 20);
	struct mails *mails = mails_new();
	struct fixture *f = template_new(operation, mails);
	int calls[SHIM_KINDS], tried = 0;

	run_calm(operation, f->dir, mails, &want, calls);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const int all = calls[faults[i].kind];
		const bool full = getenv("FAULTS_FULL") ||
				  (operation->dense && faults[i].kind == SHIM_SQLITE_MEM);
		const int tries = full ? FULL_RUN_TRIES : SHORT_RUN_TRIES;
		const int step = all / tries + 1;
		bool fired = true;

		for (int n = 1; fired && n <= all; n += step) {
			struct place *place = place_new(operation, f->dir, mails);

			fired = try_fault(operation, &faults[i], n, place, strbuf_str(&want));
			place_free(place);
			hits[faults[i].kind] += fired;
			tried += fired;
		}
	}
	print_message("%s: %d faults\n", operation->name, tried);
	assert_true(tried > 0);
	fixture_free(f);
	mails_free(mails);
}

#define OPERATION(function, ...)                                                                   \
	static void function(void **state)                                                         \
	{                                                                                          \
		static const struct operation operation = { __VA_ARGS__ };                         \
                                                                                                   \
		(void)state;                                                                       \
		sweep(&operation);                                                                 \
	}

OPERATION(test_first_start, "first start", 0, false, false, false, run_start, start_state)
OPERATION(test_new_store, "a new store", 0, false, false, false, run_open, opened_state)
OPERATION(test_import, "an import", 1, false, true, false, run_import, hub_state)
OPERATION(test_delivery_again, "a delivery again", 4, false, true, false, run_again, hub_state)
OPERATION(test_deletion, "a deletion", 4, false, true, false, run_delete, hub_state)
OPERATION(test_index_row, "a row of the index", 1, false, true, true, run_index_row, hub_state)
OPERATION(test_reading, "a reading", 1, false, true, true, run_read, hub_state)
OPERATION(test_checkpoint, "a checkpoint", 2, true, true, false, run_checkpoint, hub_state)
OPERATION(test_shrinking, "a shrinking", 1, false, true, false, run_shrink, shrunk_state)
OPERATION(test_start_after_kill, "a start after a kill", 3, true, false, false, run_open,
	  opened_state)
OPERATION(test_vault, "a secret", 0, false, false, false, run_vault, vault_state)
OPERATION(test_auth, "sign-in rows", 0, false, false, false, run_auth, auth_state)

static void test_every_kind_was_met(void **state)
{
	(void)state;
	for (int kind = 0; kind < SHIM_KINDS; kind++) {
		print_message("%s: %d\n", shim_kind_name((enum shim_kind)kind), hits[kind]);
		assert_true(hits[kind] > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_start),
		cmocka_unit_test(test_new_store),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_delivery_again),
		cmocka_unit_test(test_deletion),
		cmocka_unit_test(test_index_row),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_shrinking),
		cmocka_unit_test(test_start_after_kill),
		cmocka_unit_test(test_vault),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_every_kind_was_met),
	};

	shim_sqlite();
	return cmocka_run_group_tests_name("faults/write_path", tests, NULL, NULL);
}
