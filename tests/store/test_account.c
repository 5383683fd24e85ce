/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, folders, imports, people, settings, background work, verify. */
#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#include "core/random_id.h"
#include "store/account.h"
#include "store/folder.h"
#include "store/import.h"
#include "store/people.h"
#include "store/verify.h"

#define ADA "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOB "bbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct fake hello = {
	.from = "ada@hub.test",
	.to = "carol@example.org",
	.subject = "Der erste Brief",
	.id = "one@hub.test",
	.body = "the zebra crosses the road",
	.sent_ms = FIXTURE_NOW - 3600000,
};

static const struct account_new mailbox = {
	.idempotency_key = "key-1",
	.name = "Mailbox",
	.owner = ADA,
	.type = "imap",
	.policy = "",
	.bound = { .provider = "generic",
		   .host = "mail.hub.test",
		   .tls = "implicit",
		   .login = "ada@hub.test",
		   .ca = "",
		   .port = 993 },
	.folders = "",
};

static void work(struct fixture *f)
{
	struct threads_error err = { .text = "" };
	int rc;

	while ((rc = background_step(f->store, ingest_packs(f->ingest), FIXTURE_NOW, &err)) == 1)
		;
	assert_rc(rc, 0, &err);
}

static int faults(struct fixture *f, bool deep)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };
	int count = 0;

	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	const struct verify_order order = { reader, f->dir_fd, deep, NULL };

	assert_rc(store_verify(f->store, &order, &out, &count, &err), 0, &err);
	return count;
}

static void exec_sql(struct fixture *f, const char *sql)
{
	struct threads_error err = { .text = "" };

	assert_rc(db_exec(store_db(f->store), sql, &err), 0, &err);
}

static int64_t create(struct fixture *f, const struct account_new *account)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(64);
	CLEANUP(account_release) struct account got = { 0 };
	struct threads_error err = { .text = "" };

	assert_rc(account_create(f->store, account, FIXTURE_NOW, &id, &err), 0, &err);
	assert_rc(account_find(f->store, strbuf_str(&id), &got, &err), 1, &err);
	return got.id;
}

static void test_create_is_idempotent(void **state)
{
	struct fixture *f = *state;
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(64);
	CLEANUP(account_release) struct account account = { 0 };
	struct account_new again = mailbox;
	struct threads_error err = { .text = "" };
	const int64_t first = create(f, &mailbox);

	assert_int_equal(create(f, &mailbox), first);
	again.idempotency_key = "";
	assert_rc(account_create(f->store, &again, FIXTURE_NOW, &id, &err), THREADS_EINVAL, &err);
	again.name = "Other";
	again.bound.tls = "maybe";
	assert_rc(account_create(f->store, &again, FIXTURE_NOW, &id, &err), THREADS_EINVAL, &err);
	/* Who may name an account must not name it like somebody else's id. */
	again = mailbox;
	again.idempotency_key = "";
	again.name = ADA;
	assert_rc(account_create(f->store, &again, FIXTURE_NOW, &id, &err), THREADS_EINVAL, &err);
	assert_rc(account_find(f->store, "MAILBOX", &account, &err), 1, &err);
	assert_string_equal(account.state, "draft");
	assert_string_equal(account.policy, "closed");
	assert_false(account.secret_set);
}

static void test_changing_a_bound_field_voids_the_secret(void **state)
{
	struct fixture *f = *state;
	CLEANUP(account_release) struct account account = { 0 };
	struct account_bound bound = mailbox.bound;
	const struct account_change change = { .name = "Renamed", .bound = &bound };
	struct threads_error err = { .text = "" };
	const int64_t id = create(f, &mailbox);
	bool voided = true;

	assert_rc(account_set_secret(f->store, id, "set", &err), 0, &err);
	assert_rc(account_set_state(f->store, id, "active", &err), 0, &err);
	assert_rc(account_change(f->store, id, &change, FIXTURE_NOW, &voided, &err), 0, &err);
	assert_false(voided);
	bound.host = "evil.example.com";
	assert_rc(account_change(f->store, id, &change, FIXTURE_NOW, &voided, &err), 0, &err);
	assert_true(voided);
	assert_rc(account_get(f->store, id, &account, &err), 1, &err);
	assert_string_equal(account.name, "Renamed");
	assert_string_equal(account.state, "draft");
	assert_false(account.secret_set);
}

static int64_t groups_that_count(struct fixture *f)
{
	return fixture_number(f, "SELECT count(*) FROM message m JOIN audience_member a"
				 " ON a.audience_id = m.audience_id AND a.kind = 1"
				 " WHERE NOT EXISTS (SELECT 1 FROM audience_deny d"
				 " WHERE d.audience_id = a.audience_id AND d.kind = a.kind"
				 " AND d.member_id = a.member_id)");
}

static void test_closing_is_effective_at_once(void **state)
{
	const struct account_change close = { .policy = "closed" }, reopen = { .policy = "open" };
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	int64_t before = 0, after = 0;
	bool voided;

	assert_int_equal(fixture_store(f, &hello, f->open, 2, 1), INGEST_STORED);
	assert_int_equal(groups_that_count(f), 1);
	assert_rc(store_epoch(f->store, &before, &err), 0, &err);
	assert_rc(account_change(f->store, f->open, &close, FIXTURE_NOW, &voided, &err), 0, &err);
	assert_rc(store_epoch(f->store, &after, &err), 0, &err);
	assert_true(after > before);
	assert_int_equal(groups_that_count(f), 0);
	work(f);
	assert_int_equal(groups_that_count(f), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM audience_deny"), 0);
	assert_rc(account_change(f->store, f->open, &reopen, FIXTURE_NOW, &voided, &err), 0, &err);
	assert_int_equal(groups_that_count(f), 0); /* loosening waits for the work */
	work(f);
	assert_int_equal(groups_that_count(f), 1);
}

static void test_settings_move_channels_and_audiences(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };

	assert_int_equal(fixture_store(f, &hello, f->open, 2, 1), INGEST_STORED);
	assert_int_equal(groups_that_count(f), 1);
	assert_rc(setting_change(f->store, "{\"outside_channels\":\"private\"}", FIXTURE_NOW, &err),
		  0, &err);
	assert_int_equal(groups_that_count(f), 0);
	work(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM channel WHERE privacy = 0"), 0);
	assert_int_equal(groups_that_count(f), 0);
	assert_rc(setting_change(f->store, "{\"outside_channels\":\"shared\"}", FIXTURE_NOW, &err),
		  0, &err);
	work(f);
	assert_int_equal(groups_that_count(f), 1);
	assert_rc(setting_change(f->store, "{\"everyone_group\":false}", FIXTURE_NOW, &err), 0,
		  &err);
	assert_int_equal(groups_that_count(f), 0);
	assert_rc(setting_change(f->store, "{\"own_domains\":[\"example.org\",\"hub.test\"]}",
				 FIXTURE_NOW, &err),
		  0, &err);
	work(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM channel WHERE privacy = 0"), 0);
	assert_rc(setting_change(f->store, "{\"no_such\":1}", FIXTURE_NOW, &err), THREADS_EINVAL,
		  &err);
	assert_rc(setting_change(f->store, "{\"own_domains\":[1]}", FIXTURE_NOW, &err),
		  THREADS_EINVAL, &err);
}

static void test_own_channel_of_a_verified_account(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	struct account_new bobs = mailbox;
	struct fake to_bob = hello;
	int64_t id;

	to_bob.to = "Bob@Hub.Test";
	assert_int_equal(fixture_store(f, &to_bob, f->closed, 1, 1), INGEST_STORED);
	bobs.owner = BOB;
	bobs.bound.login = "bob@hub.test";
	id = create(f, &bobs);
	assert_rc(account_verified(f->store, id, FIXTURE_NOW, &err), 0, &err);
	work(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message m JOIN audience_member a"
					   " ON a.audience_id = m.audience_id AND a.kind = 0"
					   " AND a.member_id = 2"),
			 1);
	to_bob.id = "later@hub.test"; /* the cache of channels has heard of it */
	assert_int_equal(fixture_store(f, &to_bob, f->closed, 1, 2), INGEST_STORED);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message m JOIN audience_member a"
					   " ON a.audience_id = m.audience_id AND a.kind = 0"
					   " AND a.member_id = 2"),
			 2);
}

static void test_deleting_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	struct fake shared = hello, file = hello;

	shared.id = "shared@hub.test";
	file.id = "file@hub.test";
	file.file = "a file of its own";
	file.file_len = 17;
	file.file_name = "own.txt";
	file.line_length = 76;
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_store(f, &file, f->closed, 1, 2), INGEST_STORED);
	assert_int_equal(fixture_store(f, &shared, f->closed, 1, 3), INGEST_STORED);
	shared.received = "elsewhere";
	assert_int_equal(fixture_store(f, &shared, f->bobs, 3, 1), INGEST_DUPLICATE);
	assert_int_equal(faults(f, true), 0);
	assert_rc(account_delete(f->store, f->closed, false, FIXTURE_NOW, &err), 0, &err);
	work(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM account WHERE id = 1"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM blob"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM erasure"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message_fts"
					   " WHERE message_fts MATCH 'zebra'"),
			 1);
	/* Ada holds no copy any more and stands in it with no channel of hers. */
	assert_int_equal(fixture_number(f,
					"SELECT a.member_id FROM message m JOIN audience_member a"
					" ON a.audience_id = m.audience_id"),
			 2);
	assert_int_equal(faults(f, true), 0);
}

/* How often word stands in the bytes of the database and its WAL. */
static int on_disk(struct fixture *f, const char *name, const char *word)
{
	CLEANUP(strbuf_release) struct strbuf all = STRBUF_INIT(1 << 26);
	char path[128], piece[65536];
	int count = 0;
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "re");
	while (file && (got = fread(piece, 1, sizeof(piece), file)) > 0)
		strbuf_add(&all, piece, got);
	if (file)
		fclose(file);
	for (size_t i = 0; i + strlen(word) <= all.len; i++)
		count += memcmp(all.data + i, word, strlen(word)) == 0;
	return count;
}

static void test_deleted_words_leave_the_disk(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	struct fake marked = hello, other = hello;

	other.id = "other@hub.test";
	marked.subject = "xylomarker";
	assert_int_equal(fixture_store(f, &marked, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_store(f, &other, f->bobs, 3, 1), INGEST_STORED);
	work(f);
	assert_true(on_disk(f, "hub.db", "xylomarker") > 0); /* control */
	assert_int_equal(on_disk(f, "hub.db-wal", "xylomarker"), 0);
	assert_rc(account_delete(f->store, f->closed, false, FIXTURE_NOW, &err), 0, &err);
	work(f);
	assert_int_equal(on_disk(f, "hub.db", "xylomarker"), 0);
	assert_int_equal(on_disk(f, "hub.db-wal", "xylomarker"), 0);
	assert_int_equal(faults(f, true), 0);
}

enum { CROWD = 200, WORDS = 400 };

/* Words that nothing compresses, each mail in a transaction of its own: the index has much to merge. */
static void crowd_store(struct fixture *f)
{
	struct fake mail = hello;

	for (int i = 0; i < CROWD; i++) {
		char id[32], body[WORDS * 8 + 1];
		uint32_t seed = (uint32_t)i + 1;

		for (size_t k = 0; k < WORDS; k++) {
			seed = seed * 1664525 + 1013904223;
			snprintf(body + k * 8, 9, "%07x ", seed >> 4);
		}
		snprintf(id, sizeof(id), "%d@crowd.test", i);
		mail.id = id;
		mail.body = body;
		assert_int_equal(fixture_store(f, &mail, f->closed, 1, i + 1), INGEST_STORED);
	}
}

static int64_t file_bytes(struct fixture *f)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/hub.db", f->dir);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Of merges and of deletions; who reads meanwhile sees what he saw. */
static void test_the_file_gets_shorter(void **state)
{
	static const char sql_free[] = "SELECT freelist_count - max(64, page_count / 128)"
				       " FROM pragma_freelist_count(), pragma_page_count()";
	static const char sql_messages[] = "SELECT count(*) FROM message";
	struct fixture *f = *state;
	CLEANUP(store_closep) struct store *reader = NULL;
	struct threads_error err = { .text = "" };
	char path[128];
	int64_t full, seen = 0;

	crowd_store(f);
	assert_int_equal(fixture_store(f, &hello, f->bobs, 3, 1), INGEST_STORED);
	work(f);
	assert_true(fixture_number(f, sql_free) <= 0);
	full = file_bytes(f);
	snprintf(path, sizeof(path), "%s/hub.db", f->dir);
	assert_rc(store_open(path, STORE_READER, &reader, &err), 0, &err);
	assert_rc(db_begin_read(store_db(reader), &err), 0, &err);
	assert_rc(query_number(store_db(reader), sql_messages, &seen, &err), 0, &err);
	assert_rc(account_delete(f->store, f->closed, false, FIXTURE_NOW, &err), 0, &err);
	work(f);
	assert_int_equal(file_bytes(f), full);
	assert_rc(query_number(store_db(reader), sql_messages, &seen, &err), 0, &err);
	assert_int_equal(seen, CROWD + 1);
	db_rollback(store_db(reader));
	work(f);
	assert_true(file_bytes(f) < full / 2);
	assert_rc(query_number(store_db(reader), sql_messages, &seen, &err), 0, &err);
	assert_int_equal(seen, 1);
	assert_int_equal(faults(f, true), 0);
}

static void test_deleting_may_keep_messages(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	struct account_new again = mailbox;

	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	assert_rc(account_delete(f->store, f->closed, true, FIXTURE_NOW, &err), 0, &err);
	work(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM account WHERE keep_messages = 1"),
			 1);
	again.name = "closed"; /* the name is free again */
	assert_true(create(f, &again) > 0);
}

static void test_folders_have_generations(void **state)
{
	static const struct folder_listed listed[] = {
		{ "INBOX", "INBOX", "", true, true },
		{ "Entw&APw-rfe", "Entw\303\274rfe", "drafts", true, false },
	};
	struct fixture *f = *state;
	CLEANUP(strbuf_release) struct strbuf uids = STRBUF_INIT(1024);
	struct threads_error err = { .text = "" };
	const int64_t account = create(f, &mailbox);
	int64_t first = 0, same = 0, second = 0;
	struct fake mail = hello;

	assert_rc(folder_list(f->store, account, listed, 2, FIXTURE_NOW, &err), 0, &err);
	assert_rc(folder_open(f->store, account, &(const struct folder_seen){ "INBOX", 17, 5 },
			      FIXTURE_NOW, &first, &err),
		  0, &err);
	assert_rc(folder_open(f->store, account, &(const struct folder_seen){ "INBOX", 17, 6 },
			      FIXTURE_NOW, &same, &err),
		  0, &err);
	assert_int_equal(first, same);
	for (int uid = 1; uid <= 7; uid++) {
		char id[32];

		snprintf(id, sizeof(id), "%d@x.test", uid);
		mail.id = id;
		if (uid != 4)
			fixture_store(f, &mail, account, first, uid);
	}
	assert_rc(ledger_note(f->store, account,
			      &(const struct ledger_entry){ first, 9, "failed", "too large" }, 1,
			      &err),
		  0, &err);
	assert_rc(folder_known_uids(f->store, first, &uids, &err), 0, &err);
	assert_string_equal(strbuf_str(&uids), "1:3,5:7,9");
	assert_rc(folder_open(f->store, account, &(const struct folder_seen){ "INBOX", 18, 6 },
			      FIXTURE_NOW, &second, &err),
		  0, &err);
	assert_int_not_equal(first, second);
	strbuf_reset(&uids);
	assert_rc(folder_known_uids(f->store, second, &uids, &err), 0, &err);
	assert_string_equal(strbuf_str(&uids), "");
	assert_rc(folder_belongs(f->store, second, account, &err), 1, &err);
	assert_rc(folder_belongs(f->store, second, f->closed, &err), 0, &err);
	assert_rc(folder_list(f->store, account, listed, 1, FIXTURE_NOW + 1, &err), 0, &err);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM folder WHERE state = 'gone'"), 1);
}

static int count_due(int64_t id, void *arg)
{
	(void)id;
	++*(int *)arg;
	return 0;
}

static void test_a_wrong_clock_delays_no_account(void **state)
{
	static const struct {
		int64_t next_ms;
		int due;
	} cases[] = {
		{ FIXTURE_NOW, 1 },
		{ FIXTURE_NOW + 1, 0 },
		{ FIXTURE_NOW + ACCOUNT_TRY_MOST_MS - 1, 0 },
		{ FIXTURE_NOW + ACCOUNT_TRY_MOST_MS, 1 }, /* planned in a future that was none */
		{ ACCOUNT_TRY_NEVER, 0 },
	};
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };

	assert_rc(db_exec(store_db(f->store),
			  "UPDATE account SET type = 'imap', secret_state = 'set' WHERE id = 1",
			  &err),
		  0, &err);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int due = 0;

		assert_rc(account_crashed(f->store, 1, cases[i].next_ms, &err), 0, &err);
		assert_rc(account_due(f->store, FIXTURE_NOW, count_due, &due, &err), 0, &err);
		assert_int_equal(due, cases[i].due);
	}
}

static void test_imports_count_and_resume(void **state)
{
	const struct ingest_counts slice = { .stored = 3, .known = 1, .failed = 1, .bytes = 99 };
	struct fixture *f = *state;
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(64);
	struct import_new new = {
		.owner = ADA, .source = "upload", .format = "mbox", .label = "x"
	};
	struct threads_error err = { .text = "" };
	struct import_file file, again;
	struct import import;
	int64_t row = 0, account = 0;

	assert_rc(account_for_import(f->store, "Old mail", "", "import", 1, &account, &err), 0,
		  &err);
	assert_rc(account_for_import(f->store, "old mail", ADA, "import", 1, &new.account_id, &err),
		  0, &err);
	assert_int_equal(account, new.account_id);
	assert_rc(account_for_import(f->store, "Old mail", BOB, "import", 1, &account, &err),
		  THREADS_EINVAL, &err);
	assert_rc(import_create(f->store, &new, FIXTURE_NOW, &row, &id, &err), 0, &err);
	assert_rc(import_file_open(f->store, row, "a.mbox", 500, &file, &err), 0, &err);
	assert_rc(import_add(f->store, row, &slice, 1, FIXTURE_NOW, &err), 0, &err);
	assert_rc(import_file_position(f->store, file.id, 250, true, &err), 0, &err);
	assert_rc(import_file_open(f->store, row, "a.mbox", 500, &again, &err), 0, &err);
	assert_int_equal(again.id, file.id);
	assert_int_equal(again.position, 250);
	assert_true(again.done);
	assert_rc(import_find(f->store, strbuf_str(&id), &import, &err), 1, &err);
	assert_int_equal(import.read, 5);
	assert_int_equal(import.duplicate, 1);
	assert_int_equal(import.files_done, 1);
	assert_int_equal(import.total_bytes, 500);
	assert_string_equal(import.state, "uploading");
}

/* A kill between "done" and "counted" would make a file that nobody counts any more. */
static void test_a_file_ends_at_once_or_not(void **state)
{
	struct fixture *f = *state;
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(64);
	struct import_new new = {
		.owner = ADA, .source = "control", .format = "mbox", .label = ""
	};
	struct ledger_entry entry = { .uid = 1, .reason = "no such reason", .detail = "" };
	struct threads_error err = { 0 };
	struct import import;
	struct import_file file;
	int64_t row;

	assert_rc(account_for_import(f->store, "Box", ADA, "import", 1, &new.account_id, &err), 0,
		  &err);
	assert_rc(import_create(f->store, &new, FIXTURE_NOW, &row, &id, &err), 0, &err);
	assert_rc(import_get(f->store, row, &import, &err), 1, &err);
	assert_rc(import_file_open(f->store, row, "a.mbox", 500, &file, &err), 0, &err);
	assert_true(import_file_end(f->store, &import, &file, &entry, FIXTURE_NOW, &err) < 0);
	assert_rc(import_file_open(f->store, row, "a.mbox", 500, &file, &err), 0, &err);
	assert_false(file.done);
	assert_rc(import_get(f->store, row, &import, &err), 1, &err);
	assert_int_equal(import.files_done, 0);
	assert_int_equal(import.failed, 0);
	entry.reason = "failed";
	assert_rc(import_file_end(f->store, &import, &file, &entry, FIXTURE_NOW, &err), 0, &err);
	assert_rc(import_file_open(f->store, row, "a.mbox", 500, &file, &err), 0, &err);
	assert_true(file.done);
	assert_rc(import_get(f->store, row, &import, &err), 1, &err);
	assert_int_equal(import.files_done, 1);
	assert_int_equal(import.failed, 1);
}

static int count_user(const struct user_row *user, void *arg)
{
	assert_true(public_id_valid(user->public_id));
	++*(int *)arg;
	return 0;
}

static void test_the_first_owner_is_noticed_once(void **state)
{
	const struct user_new carol = { "cccccccccccccccccccccccccc", "carol", "Carol", "owner",
					"invited" };
	const struct user_new taken = { "dddddddddddddddddddddddddd", "CAROL", "Dora", "user",
					"invited" };
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	char owner[27] = "";
	int users = 0;

	exec_sql(f, "UPDATE user SET active_ms = 0, role = 'user' WHERE id = 1");
	assert_rc(user_create(f->store, &carol, FIXTURE_NOW, &err), 0, &err);
	assert_rc(user_create(f->store, &taken, FIXTURE_NOW, &err), THREADS_EINVAL, &err);
	assert_rc(user_create(f->store, &carol, FIXTURE_NOW, &err), 0, &err);
	assert_rc(user_first_owner(f->store, owner, &err), 0, &err);
	assert_rc(user_set_state(f->store, carol.public_id, "active", FIXTURE_NOW, &err), 1, &err);
	assert_rc(user_set_state(f->store, carol.public_id, "disabled", FIXTURE_NOW, &err), 0,
		  &err);
	assert_rc(user_set_state(f->store, carol.public_id, "active", FIXTURE_NOW, &err), 0, &err);
	assert_rc(user_first_owner(f->store, owner, &err), 1, &err);
	assert_string_equal(owner, carol.public_id);
	assert_rc(user_each(f->store, count_user, &users, &err), 0, &err);
	assert_int_equal(users, 3);
}

static void test_the_audit_log_is_a_chain(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	int64_t bad = 0;

	for (int i = 0; i < 5; i++)
		assert_rc(
			audit_add(f->store, ADA, "message.read", BOB, "{}", FIXTURE_NOW + i, &err),
			0, &err);
	assert_rc(audit_verify(f->store, &bad, &err), 1, &err);
	assert_int_equal(faults(f, false), 0);
	exec_sql(f, "UPDATE audit SET object = 'somebody else' WHERE id = 3");
	assert_rc(audit_verify(f->store, &bad, &err), 0, &err);
	assert_int_equal(bad, 3);
	assert_int_equal(faults(f, false), 1);
	exec_sql(f, "UPDATE audit SET object = '" BOB
		    "' WHERE id = 3; DELETE FROM audit WHERE id = 2");
	assert_rc(audit_verify(f->store, &bad, &err), 0, &err);
}

static void test_verify_names_what_is_wrong(void **state)
{
	static const char *const damages[] = {
		"DELETE FROM sighting",
		"DELETE FROM message_body",
		"DELETE FROM message_fts_docsize",
		"UPDATE pack SET committed_bytes = 10",
		"UPDATE pack SET committed_bytes = 100000",
		"UPDATE message SET subject = 'Der andere Brief'",
	};
	struct fixture *f = *state;

	exec_sql(f, "PRAGMA foreign_keys = OFF");
	sqlite3_db_config(store_db(f->store)->handle, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(faults(f, true), 0);
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		exec_sql(f, "SAVEPOINT damage");
		exec_sql(f, damages[i]);
		if (faults(f, true) == 0)
			fail_msg("not noticed: %s", damages[i]);
		exec_sql(f, "ROLLBACK TO damage; RELEASE damage");
	}
	assert_int_equal(faults(f, true), 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create_is_idempotent),
		TEST(test_changing_a_bound_field_voids_the_secret),
		TEST(test_closing_is_effective_at_once),
		TEST(test_settings_move_channels_and_audiences),
		TEST(test_own_channel_of_a_verified_account),
		TEST(test_deleting_leaves_nothing),
		TEST(test_deleted_words_leave_the_disk),
		TEST(test_the_file_gets_shorter),
		TEST(test_deleting_may_keep_messages),
		TEST(test_folders_have_generations),
		TEST(test_a_wrong_clock_delays_no_account),
		TEST(test_imports_count_and_resume),
		TEST(test_a_file_ends_at_once_or_not),
		TEST(test_the_first_owner_is_noticed_once),
		TEST(test_the_audit_log_is_a_chain),
		TEST(test_verify_names_what_is_wrong),
	};

	return cmocka_run_group_tests_name("store/account", tests, NULL, NULL);
}
