/* SPDX-License-Identifier: Apache-2.0 */
/* Data of the first release under the programs of today: nothing is lost, nothing is half upgraded. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/json.h"
#include "crypto/digest.h"
#include "store/auth_db.h"
#include "store/auth_login.h"
#include "store/db_check.h"
#include "store/db_dump.h"
#include "store/db_sums.h"
#include "store/search.h"
#include "store/vault_secret.h"
#include "store/yard_mails.h"

#include "migrations_auth.inc"
#include "migrations_hub.inc"
#include "migrations_vault.inc"

enum { STEPS_MAX = 64, DUMP_MAX = 1 << 20 };

/* What was released stays as it was: SHA-256 of the first migrations. */
static const struct {
	const struct migration *first;
	const char *sha256;
} released[] = {
	{ migrations_hub, "6c473f11b35c37cc137cba6f10e2715f3326801c0ce1b2444e3f690b07ae631c" },
	{ migrations_auth, "e5e2b88bed01b9d980ca2edc91feb183416a3caf176e9f39be9bc559cb87005a" },
	{ migrations_vault, "d0ba02e3b4a6090802382582e5fc4a73bff6e0786de4365d15fcb9d2e387d60f" },
};

static void what_was_released_is_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(released); i++) {
		const struct migration *m = released[i].first;
		unsigned char sum[DIGEST_LEN];
		char hex[2 * DIGEST_LEN + 1];

		assert_int_equal(m->version, 1);
		assert_int_equal(digest_sha256(m->sql, strlen(m->sql), sum, NULL), 0);
		for (size_t k = 0; k < DIGEST_LEN; k++)
			snprintf(hex + 2 * k, 3, "%02x", sum[k]);
		if (strcmp(hex, released[i].sha256) != 0)
			fail_msg("%s was changed after its release (%s)", m->name, hex);
	}
}

/* ---- data of the first release ---- */

struct world {
	char folder[64], hub[128], auth[128], vault[128];
};

/* Account 3 is by IMAP, with the mails of the third and fourth day; the others come from files. */
static const char more_rows[] =
	"INSERT INTO account (id, public_id, name, type, owner_id, policy, state, host, created_ms)"
	" VALUES (3, 'accountccccccccccccccccccc', 'Post', 'imap', 1, 'closed', 'active',"
	" 'imap.example.org', 0);"
	"INSERT INTO folder (id, account_id, name, uidvalidity, highest_uid)"
	" VALUES (3, 3, 'INBOX', 7, 9);"
	"INSERT INTO setting VALUES ('own_domains', '[\"example.org\"]');"
	"INSERT INTO contact (id, public_id, name, created_ms)"
	" VALUES (1, 'contactaaaaaaaaaaaaaaaaaaa', 'Carla', 0);"
	"INSERT INTO import (id, public_id, account_id, owner_id, source, format, label, state,"
	" created_ms) VALUES (1, 'importaaaaaaaaaaaaaaaaaaaa', 1, 1, 'control', 'eml', 'old',"
	" 'done', 0);"
	"INSERT INTO ledger (at_ms, account_id, folder_id, uid, header_id, reason, detail)"
	" VALUES (1, 1, 1, 5, 'h', 'duplicate', '');";
static const char grant_rows[] =
	"INSERT INTO grant_ (public_id, message_id, user_id, granted_by, created_ms)"
	" SELECT 'grantaaaaaaaaaaaaaaaaaaaaa', min(id), 2, 1, 0 FROM message;";

static const char auth_rows[] =
	"INSERT INTO login (id, user_id, name, name_key, display_name, role, state, phc, totp_box,"
	" created_ms) VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaa', 'ann', 'ann', 'Ann', 'owner',"
	" 'active', '$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA', zeroblob(48), 5);"
	"INSERT INTO recovery VALUES (1, zeroblob(32), NULL);"
	"INSERT INTO session VALUES (1, 'sessionaaaaaaaaaaaaaaaaaaa', zeroblob(32), 1, 1, 1, 2,"
	" 9000000000000, 1, 'Firefox', '192.0.2.1', NULL, 0);"
	"INSERT INTO notice VALUES (1, 1, 3, 'An administrator gave a new link.');";

static const char vault_rows[] =
	"INSERT INTO secret VALUES ('accountccccccccccccccccccc', 'c2VhbGVk', '', 'imap.example.org',"
	" '993', 'implicit', '', 'ann', 1);";

static const struct vault_fields sealed_for = { .account = "accountccccccccccccccccccc",
						.provider = "",
						.host = "imap.example.org",
						.port = "993",
						.tls_mode = "implicit",
						.ca = "",
						.user = "ann" };

static struct db *open_with(const char *path, const struct migration *list, bool is_hub)
{
	const struct db_options options = { .migrations = list,
					    .plain = true,
					    .connect = is_hub ? store_connect : NULL };
	struct db *db = NULL;
	struct threads_error err;

	assert_rc(db_open(path, &options, &db, &err), 0, &err);
	return db;
}

/* A database as the first release made it, with these rows. */
static void make_released(const char *path, const struct migration *list, const char *rows)
{
	const struct migration first[] = { list[0], { 0 } };
	CLEANUP(db_closep) struct db *db = open_with(path, first, false);
	struct threads_error err;

	assert_rc(db_exec(db, rows, &err), 0, &err);
}

static void make_hub(const char *path)
{
	const struct migration first[] = { migrations_hub[0], { 0 } };
	struct store store = { .db = open_with(path, first, true) };

	fixture_fill(&store);
	fixture_sql(&store, more_rows);
	for (size_t i = 0; i < ARRAY_SIZE(yard_mails); i++) {
		struct mail mail = yard_mails[i];

		mail.label = NULL; /* the first release knew none */
		if (i == 2 || i == 3)
			mail.account = 3;
		fixture_mail(&store, &mail);
	}
	fixture_sql(&store, grant_rows);
	db_close(store.db);
}

static int setup(void **state)
{
	static struct world w;

	memcpy(w.folder, "/tmp/threads-upgrade-XXXXXX", sizeof("/tmp/threads-upgrade-XXXXXX"));
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.hub, sizeof(w.hub), "%s/hub.db", w.folder);
	snprintf(w.auth, sizeof(w.auth), "%s/auth.db", w.folder);
	snprintf(w.vault, sizeof(w.vault), "%s/vault.db", w.folder);
	make_hub(w.hub);
	make_released(w.auth, migrations_auth, auth_rows);
	make_released(w.vault, migrations_vault, vault_rows);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct world *w = *state;
	const char *const files[] = { w->hub, w->auth, w->vault };

	for (size_t i = 0; i < ARRAY_SIZE(files) * ARRAY_SIZE(ends); i++) {
		char path[160];

		snprintf(path, sizeof(path), "%s%s", files[i / ARRAY_SIZE(ends)],
			 ends[i % ARRAY_SIZE(ends)]);
		unlink(path);
	}
	return rmdir(w->folder);
}

/* ---- everything that stands in a database ---- */

/* The rows of a database at that schema, opened with the migrations up to it. */
static void dump_released(const char *path, const struct migration *list, struct tables *tables,
			  struct strbuf *out)
{
	const struct migration first[] = { list[0], { 0 } };
	CLEANUP(db_closep) struct db *db = open_with(path, first, list == migrations_hub);

	tables_read(db, tables);
	dump(db, tables, out);
}

static struct store *open_store(const char *path)
{
	struct store *store = NULL;
	struct threads_error err;

	assert_rc(store_open(path, STORE_WRITER, &store, &err), 0, &err);
	return store;
}

/* ---- the upgrade ---- */

static int newest(const struct migration *list)
{
	int version = 0;

	for (; list->sql; list++)
		version = list->version;
	return version;
}

static void every_row_is_kept(void **state)
{
	static const char *const filled[] = { "account ",  "sighting ",     "sighting_bcc ",
					      "message ",  "message_body ", "participant ",
					      "folder ",   "user ",         "message_attachment ",
					      "audience ", "ledger ",       "grant_ " };
	CLEANUP(strbuf_release) struct strbuf before = STRBUF_INIT(DUMP_MAX);
	CLEANUP(strbuf_release) struct strbuf after = STRBUF_INIT(DUMP_MAX);
	CLEANUP(tables_release) struct tables tables = { .count = 0 };
	CLEANUP(store_closep) struct store *store = NULL;
	struct world *w = *state;

	/* The first open makes the built-in group, which is no migration's. */
	dump_released(w->hub, migrations_hub, &tables, &before);
	for (size_t i = 0; i < ARRAY_SIZE(filled); i++)
		assert_non_null(strstr(strbuf_str(&before), filled[i]));
	store = open_store(w->hub);
	fixture_sql(store, "DELETE FROM user_group WHERE builtin = 1");
	dump(store->db, &tables, &after);
	assert_string_equal(strbuf_str(&after), strbuf_str(&before));
	assert_int_equal(number(store->db, "PRAGMA user_version"), newest(migrations_hub));
	assert_true(newest(migrations_hub) > 1);
}

static void the_upgraded_database_is_sound(void **state)
{
	struct world *w = *state;
	CLEANUP(store_closep) struct store *store = open_store(w->hub);
	CLEANUP(json_freep) json_t *faults = json_array();
	struct threads_error err;

	assert_rc(db_check(store->db, "hub.db", faults, &err), 0, &err);
	assert_int_equal(json_array_size(faults), 0);
	/* The index holds the words of the messages, each of them. */
	fixture_sql(store,
		    "INSERT INTO message_fts (message_fts, rank) VALUES ('integrity-check', 1)");
	assert_int_equal(number(store->db, "SELECT count(*) FROM message_fts_docsize"),
			 ARRAY_SIZE(yard_mails));
}

static void read_is_known_of_imap_alone(void **state)
{
	struct world *w = *state;
	CLEANUP(store_closep) struct store *store = open_store(w->hub);

	assert_int_equal(number(store->db, "SELECT count(*) FROM sighting WHERE flags & 16"), 3);
	assert_int_equal(number(store->db, "SELECT count(*) FROM sighting WHERE account_id = 3"
					   " AND flags & 16"),
			 0);
}

/* What Ann finds; days of the hits. Operators of today among them. */
static const struct {
	const char *query, *days;
} searches[] = {
	{ "", "3 2 1 0" },
	{ "anchor", "1 0" },
	{ "\"anchor chain\" monday", "0" },
	{ "東京", "3" },
	{ "stahlseil", "2" },
	{ "from:muller", "0" },
	{ "invoice.pdf", "1" },
	{ "anchor OR seil", "2 1 0" },
	{ "(monday OR invoice) -4711", "0" },
	{ "cc:carla", "1" },
	{ "filename:invoice", "1" },
	{ "type:pdf", "1" },
	{ "larger:1M", "2" },
	{ "is:unread", "2" },
	{ "is:read", "3" },
	{ "folder:inbox account:post", "3 2" },
	{ "label:anything", "" },
	{ "chains", "" },
};

static void days_found(struct reader *reader, const struct viewer *viewer, const char *text,
		       struct strbuf *out)
{
	const struct query_options options = { .now_ms = 5 * DAY };
	CLEANUP(query_tree_freep) struct query_tree *tree = NULL;
	CLEANUP(search_result_release) struct search_result result = { 0 };
	struct search_request request = { .viewer = viewer, .limit = 50, .counted = true };
	struct threads_error err;
	size_t i;
	json_t *hit;

	assert_rc(query_tree_parse(text, strlen(text), &options, &tree, &err), 0, &err);
	request.tree = tree;
	assert_rc(search_run(reader, &request, &result, &err), 0, &err);
	json_array_foreach(result.hits, i, hit) {
		const char *date = json_string_value(json_object_get(hit, "date"));

		strbuf_addf(out, "%s%c", i ? " " : "", date[9] - 1);
	}
}

static void searches_find_what_was_there(void **state)
{
	struct world *w = *state;
	CLEANUP(store_closep) struct store *store = open_store(w->hub);
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct viewer ann;
	struct threads_error err;

	assert_rc(reader_new(store, &reader, &err), 0, &err);
	assert_rc(reader_viewer_by_name(reader, "ann", &ann, &err), 1, &err);
	for (size_t i = 0; i < ARRAY_SIZE(searches); i++) {
		CLEANUP(strbuf_release) struct strbuf days = STRBUF_INIT(100);

		days_found(reader, &ann, searches[i].query, &days);
		if (strcmp(strbuf_str(&days), searches[i].days) != 0)
			fail_msg("%s: %s, not %s", searches[i].query, strbuf_str(&days),
				 searches[i].days);
	}
}

/* Accounts of before that may go on in a private network, by the host they were given. */
static const struct {
	const char *host;
	bool private_network;
} hosts[] = {
	{ "localhost", true },         { "LOCALHOST.", true },
	{ "127.0.0.1", true },         { "10.1.2.3", true },
	{ "192.168.0.9", true },       { "172.16.0.1", true },
	{ "172.31.255.1", true },      { "100.64.0.1", true },
	{ "169.254.1.1", true },       { "::1", true },
	{ "fd00::25", true },          { "FE80::1", true },
	{ "imap.example.org", false }, { "203.0.113.9", false },
	{ "172.15.0.1", false },       { "172.32.0.1", false },
	{ "192.169.0.1", false },      { "2001:db8::1", false },
	{ "10.example.org", false },   { "localhost.example.org", false },
	{ "100.128.0.1", false },      { "fd.example.org", false },
};

static void private_networks_follow_the_host(void **state)
{
	const struct migration first[] = { migrations_hub[0], { 0 } };
	struct world *w = *state;
	struct store old = { .db = open_with(w->hub, first, true) };
	CLEANUP(store_closep) struct store *store = NULL;
	char sql[400];

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		snprintf(
			sql, sizeof(sql),
			"INSERT INTO account (public_id, name, type, owner_id, policy, state, host,"
			" created_ms) VALUES ('host%zu', '%s', 'imap', 1, 'closed', 'active', '%s', 0)",
			i, hosts[i].host, hosts[i].host);
		fixture_sql(&old, sql);
	}
	db_close(old.db);
	store = open_store(w->hub);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT private_network FROM account WHERE public_id = 'host%zu'", i);
		if (number(store->db, sql) != hosts[i].private_network)
			fail_msg("%s: not %d", hosts[i].host, hosts[i].private_network);
	}
	assert_int_equal(number(store->db, "SELECT sum(private_network) FROM account"
					   " WHERE type <> 'imap'"),
			 0);
}

static void sign_in_and_secrets_are_kept(void **state)
{
	struct world *w = *state;
	CLEANUP(db_closep) struct db *auth = NULL, *vault = NULL;
	CLEANUP(strbuf_release) struct strbuf before = STRBUF_INIT(DUMP_MAX);
	CLEANUP(strbuf_release) struct strbuf after = STRBUF_INIT(DUMP_MAX);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(100);
	CLEANUP(tables_release) struct tables tables = { .count = 0 };
	struct auth_login login;
	struct threads_error err;

	dump_released(w->auth, migrations_auth, &tables, &before);
	assert_rc(auth_db_open(w->auth, &auth, &err), 0, &err);
	dump(auth, &tables, &after);
	assert_string_equal(strbuf_str(&after), strbuf_str(&before));
	assert_rc(auth_login_by_name(auth, "ann", &login, &err), 1, &err);
	assert_int_equal(number(auth, "PRAGMA user_version"), newest(migrations_auth));
	assert_rc(vault_db_open(w->folder, &vault, &err), 0, &err);
	assert_rc(vault_secret_get(vault, &sealed_for, &box, &err), 1, &err);
	assert_string_equal(strbuf_str(&box), "c2VhbGVk");
	assert_int_equal(number(vault, "PRAGMA user_version"), newest(migrations_vault));
}

/* ---- the sums of pages ---- */

static bool disk_is_full;

/* Called instead of statvfs() (--wrap). */
int __real_statvfs(const char *path, struct statvfs *disk);
int __wrap_statvfs(const char *path, struct statvfs *disk);
int __wrap_statvfs(const char *path, struct statvfs *disk)
{
	const int rc = __real_statvfs(path, disk);

	if (disk_is_full)
		disk->f_bavail = 0;
	return rc;
}

static void the_pages_get_sums(void **state)
{
	struct world *w = *state;
	CLEANUP(store_closep) struct store *store = open_store(w->hub);
	CLEANUP(db_closep) struct db *auth = NULL, *vault = NULL;
	struct threads_error err;

	assert_true(db_sums_has(store->db));
	assert_int_equal(number(store->db, "PRAGMA auto_vacuum"), 2); /* INCREMENTAL */
	assert_rc(auth_db_open(w->auth, &auth, &err), 0, &err);
	assert_true(db_sums_has(auth));
	assert_rc(vault_db_open(w->folder, &vault, &err), 0, &err);
	assert_true(db_sums_has(vault));
}

/* What a start that was killed amid it wrote into the log is no lack of room for the next. */
static void the_log_of_a_killed_start_is_emptied(void **state)
{
	static char junk[100000];
	struct world *w = *state;
	struct store *store;
	struct stat file;
	char name[140];
	FILE *log;

	snprintf(name, sizeof(name), "%s-wal", w->hub);
	log = fopen(name, "ae");
	assert_non_null(log);
	assert_int_equal(fwrite(junk, sizeof(junk), 1, log), 1);
	assert_int_equal(fclose(log), 0);
	disk_is_full = true;
	store = open_store(w->hub);
	disk_is_full = false;
	assert_false(db_sums_has(store->db));
	assert_int_equal(stat(name, &file), 0);
	assert_true(file.st_size < (int64_t)sizeof(junk));
	store_close(store);
	assert_true(db_sums_lacking(w->hub) > 0);
}

/* The hub goes on without, until a start that finds room. */
static void a_full_disk_keeps_the_pages_as_they_are(void **state)
{
	struct world *w = *state;
	struct store *store;

	disk_is_full = true;
	store = open_store(w->hub);
	disk_is_full = false;
	assert_false(db_sums_has(store->db));
	assert_non_null(strstr(db_warning(store->db), "no sums before the next start"));
	store_close(store);
	the_upgraded_database_is_sound(state);
	store = open_store(w->hub);
	assert_true(db_sums_has(store->db));
	assert_null(db_warning(store->db));
	store_close(store);
	assert_int_equal(db_sums_lacking(w->hub), 0);
}

/* ---- an upgrade that does not end ---- */

/* The first steps of list, then sql. */
static void steps_to(const struct migration *list, size_t steps, const char *sql,
		     struct migration out[STEPS_MAX])
{
	assert_true(steps + 2 <= STEPS_MAX);
	memcpy(out, list, steps * sizeof(*list));
	out[steps] = (struct migration){ out[steps - 1].version + 1, "of_a_test", sql };
	out[steps + 1] = (struct migration){ 0 };
}

/* SQL that kills the process, as a power cut would. */
static void on_die(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)context;
	(void)count;
	(void)values;
	raise(SIGKILL);
}

static int connect_mortal(sqlite3 *handle, void *arg, struct threads_error *err)
{
	sqlite3_create_function_v2(handle, "die", 0, SQLITE_UTF8, NULL, on_die, NULL, NULL, NULL);
	return store_connect(handle, arg, err);
}

static void upgrade_and_die(const char *path, const struct migration *list)
{
	const struct db_options options = { .migrations = list, .connect = connect_mortal };
	struct db *db = NULL;
	const pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(db_open(path, &options, &db, NULL) < 0 ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void upgrade_and_fail(const char *path, const struct migration *list)
{
	const struct db_options options = { .migrations = list, .connect = store_connect };
	struct db *db = NULL;
	struct threads_error err = { .text = "" };

	assert_rc(db_open(path, &options, &db, &err), THREADS_EIO, &err);
	assert_null(db);
	assert_non_null(strstr(err.text, "migration of_a_test"));
	assert_non_null(strstr(err.text, path));
}

/* After each step of the upgrade: by a statement that fails, and by SIGKILL. */
static void half_an_upgrade_leaves_the_old_version(void **state)
{
	static const struct {
		const char *sql;
		void (*run)(const char *path, const struct migration *list);
	} ends[] = { { "DELETE FROM participant; SELECT nonsense FROM nowhere;", upgrade_and_fail },
		     { "DELETE FROM participant; SELECT die();", upgrade_and_die } };
	CLEANUP(strbuf_release) struct strbuf before = STRBUF_INIT(DUMP_MAX);
	CLEANUP(tables_release) struct tables tables = { .count = 0 };
	struct world *w = *state;
	struct migration list[STEPS_MAX];

	dump_released(w->hub, migrations_hub, &tables, &before);
	for (size_t i = 0; i < 2 * (size_t)newest(migrations_hub); i++) {
		CLEANUP(strbuf_release) struct strbuf after = STRBUF_INIT(DUMP_MAX);
		CLEANUP(tables_release) struct tables found = { .count = 0 };

		steps_to(migrations_hub, 1 + i / 2, ends[i % 2].sql, list);
		ends[i % 2].run(w->hub, list);
		/* As the first release opens it: it refuses what is newer. */
		dump_released(w->hub, migrations_hub, &found, &after);
		assert_string_equal(strbuf_str(&after), strbuf_str(&before));
		assert_int_equal(found.count, tables.count);
	}
	the_upgraded_database_is_sound(state);
}

static void assert_refused(int rc, const struct threads_error *err)
{
	assert_int_equal(rc, THREADS_EINVAL);
	assert_non_null(strstr(err->text, "schema 99"));
	assert_non_null(strstr(err->text, "this program knows up to"));
}

static void newer_data_are_refused_in_words(void **state)
{
	static const char sql[] = "PRAGMA user_version = 99";
	struct world *w = *state;
	CLEANUP(store_closep) struct store *store = NULL;
	CLEANUP(db_closep) struct db *db = NULL;
	struct threads_error err = { .text = "" };

	make_released(w->auth, migrations_auth, sql);
	make_released(w->vault, migrations_vault, sql);
	/* A reader does not upgrade: it waits for the writer. */
	assert_rc(store_open(w->hub, STORE_READER, &store, &err), THREADS_EINVAL, &err);
	assert_non_null(strstr(err.text, "older schema 1"));
	store = open_store(w->hub);
	fixture_sql(store, sql);
	store = store_close(store);
	assert_refused(store_open(w->hub, STORE_WRITER, &store, &err), &err);
	assert_refused(store_open(w->hub, STORE_READER, &store, &err), &err);
	assert_refused(auth_db_open(w->auth, &db, &err), &err);
	assert_refused(vault_db_open(w->folder, &db, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_released_is_unchanged),
		cmocka_unit_test_setup_teardown(every_row_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(the_upgraded_database_is_sound, setup, teardown),
		cmocka_unit_test_setup_teardown(read_is_known_of_imap_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(searches_find_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(private_networks_follow_the_host, setup, teardown),
		cmocka_unit_test_setup_teardown(sign_in_and_secrets_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(the_pages_get_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_keeps_the_pages_as_they_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_log_of_a_killed_start_is_emptied, setup,
						teardown),
		cmocka_unit_test_setup_teardown(half_an_upgrade_leaves_the_old_version, setup,
						teardown),
		cmocka_unit_test_setup_teardown(newer_data_are_refused_in_words, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
