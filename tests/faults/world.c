/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/account.h"
#include "store/import.h"
#include "store/people.h"
#include "store/verify.h"

enum { WORLD_IMPORT = 1, WORLD_FILE = 1 };

/* Looks like encrypted bytes, so that nothing compresses it. */
static void noise_make(char *out, size_t len)
{
	uint32_t x = 2463534242U;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		out[i] = (char)x;
	}
}

static bool is_copy(size_t i)
{
	return i >= WORLD_SLICE && i % 5 == 0;
}

static void mail_make(struct mails *m, size_t i)
{
	const size_t original = is_copy(i) ? i - WORLD_SLICE : i;
	const size_t account = i / WORLD_SLICE % 3;
	struct fake fake = {
		.from = original % 2 ? "ada@hub.test" : "carol@example.org",
		.to = "dora@example.com",
		.cc = i % 7 ? NULL : "bob@hub.test",
		.subject = m->subject[original],
		.id = m->id[original],
		.references = { original >= 4 ? m->id[original - 4] : NULL },
		.body = m->body[original],
		.received = m->received[i],
		.sent_ms = FIXTURE_NOW - (int64_t)(original % 11) * 3600000,
		.line_length = 76,
		.crlf = true,
	};

	if (original % 4 == 2) {
		fake.file = m->file;
		fake.file_len = original == 6 ? WORLD_LARGE_FILE : 3000 + 100 * original;
		fake.file_name = "noise.bin";
	}
	fake_make(&m->made[i], &fake, (int64_t)account + 1, (int64_t)i + 1);
}

struct mails *mails_new(void)
{
	struct mails *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	noise_make(m->file, sizeof(m->file));
	for (size_t i = 0; i < WORLD_MAILS; i++) {
		snprintf(m->id[i], sizeof(m->id[i]), "m%zu@hub.test", i);
		snprintf(m->subject[i], sizeof(m->subject[i]), "Number %zu of the harvest", i);
		snprintf(m->body[i], sizeof(m->body[i]),
			 "word%zu and %s; the zebra crosses the road to field %zu", i,
			 i % 3 ? "rye" : "wheat", i * i);
		snprintf(m->received[i], sizeof(m->received[i]), "from relay%zu", i);
	}
	for (size_t i = 0; i < WORLD_MAILS; i++)
		mail_make(m, i);
	return m;
}

void mails_free(struct mails *m)
{
	for (size_t i = 0; i < WORLD_MAILS; i++)
		fake_release(&m->made[i]);
	free(m);
}

void world_people(struct fixture *f)
{
	CLEANUP(strbuf_release) struct strbuf public_id = STRBUF_INIT(64);
	const struct import_new new = { .account_id = 1,
					.owner = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
					.source = "control",
					.format = "mbox",
					.label = "all" };
	struct threads_error err = { .text = "" };
	struct import_file file;
	int64_t id = 0;

	fixture_people(f);
	assert_rc(import_create(f->store, &new, FIXTURE_NOW, &id, &public_id, &err), 0, &err);
	assert_int_equal(id, WORLD_IMPORT);
	assert_rc(import_file_open(f->store, id, "all.mbox", 1 << 20, &file, &err), 0, &err);
	assert_int_equal(file.id, WORLD_FILE);
}

int world_position(struct fixture *f, size_t *ret_position, struct threads_error *err)
{
	struct import_file file;
	int rc = import_file_open(f->store, WORLD_IMPORT, "all.mbox", 1 << 20, &file, err);

	if (rc == 0)
		*ret_position = (size_t)file.position;
	return rc;
}

/* What index does inside the transaction of a slice. */
static int move_position(struct store *store, size_t done, const struct ingest_counts *slice,
			 void *arg, struct threads_error *err)
{
	const size_t position = *(const size_t *)arg + done;
	int rc = import_file_position(store, WORLD_FILE, (int64_t)position, position == WORLD_MAILS,
				      err);

	return rc < 0 ? rc : import_add(store, WORLD_IMPORT, slice, 0, FIXTURE_NOW, err);
}

static void items_copy(const struct mails *m, size_t first, struct ingest_item items[WORLD_SLICE])
{
	for (size_t i = 0; i < WORLD_SLICE; i++)
		items[i] = m->made[first + i].item;
}

static int slice_store(struct fixture *f, const struct mails *m, size_t first, size_t done,
		       bool import, size_t *ret_done, struct threads_error *err)
{
	struct ingest_item items[WORLD_SLICE];
	const struct ingest_source source = {
		.account_id = (int64_t)(first / WORLD_SLICE % 3) + 1,
		.import_id = import ? WORLD_IMPORT : 0,
		.finish = import ? move_position : NULL,
		.arg = &first,
	};
	struct ingest_counts counts = { 0 };
	int rc;

	items_copy(m, first, items);
	rc = ingest_slice(f->ingest, &source, items, WORLD_SLICE, &done, &counts, err);
	*ret_done = done;
	return rc;
}

int world_import(struct fixture *f, struct mails *m, size_t *position, struct threads_error *err)
{
	const size_t first = *position / WORLD_SLICE * WORLD_SLICE;
	size_t done = 0;
	int rc;

	if (*position >= WORLD_MAILS)
		return 0;
	rc = slice_store(f, m, first, *position - first, true, &done, err);
	if (rc < 0)
		return rc;
	*position = first + done;
	return *position < WORLD_MAILS;
}

int world_deliver_again(struct fixture *f, struct mails *m, struct threads_error *err)
{
	for (size_t first = 0; first < WORLD_MAILS; first += WORLD_SLICE) {
		int rc = 0;

		for (size_t done = 0; rc == 0 && done < WORLD_SLICE;)
			rc = slice_store(f, m, first, done, false, &done, err);
		if (rc < 0 && rc != THREADS_ENOENT) /* the account is gone */
			return rc;
	}
	return 0;
}

int world_delete(struct fixture *f, struct threads_error *err)
{
	int rc = account_delete(f->store, f->bobs, false, FIXTURE_NOW, err);

	if (rc == THREADS_ENOENT)
		rc = 0;
	while (rc >= 0 &&
	       (rc = background_step(f->store, ingest_packs(f->ingest), FIXTURE_NOW, err)) == 1)
		;
	return rc;
}

/* ---- looking at it ---- */

static void rows_add(struct fixture *f, const char *sql, struct strbuf *out)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(store_db(f->store)->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store_db(f->store)->handle));
	strbuf_addf(out, "%.60s\n", sql);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const unsigned char *text = sqlite3_column_text(stmt, i);

			strbuf_addf(out, " %s", text ? (const char *)text : "-");
		}
		strbuf_add_char(out, '\n');
	}
	sqlite3_finalize(stmt);
}

void world_state(struct fixture *f, bool with_import, struct strbuf *out)
{
	static const char *const sql[] = {
		"SELECT lower(hex(digest)), subject, attachment_count, audience_id IS NOT NULL"
		" FROM message ORDER BY digest",
		"SELECT folder_id, uid, account_id, lower(hex(raw_sha256)) FROM sighting"
		" ORDER BY folder_id, uid",
		"SELECT id, message_count FROM account ORDER BY id",
		"SELECT id, message_count FROM folder ORDER BY id",
		"SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM ledger),"
		" (SELECT count(*) FROM message_fts_docsize), (SELECT count(*) FROM blob),"
		" (SELECT count(*) FROM participant), (SELECT count(*) FROM channel),"
		" (SELECT count(*) FROM erasure)",
		"SELECT lower(hex(m.digest)) FROM message_fts JOIN message m ON m.id ="
		" message_fts.rowid WHERE message_fts MATCH 'wheat' ORDER BY 1",
	};
	static const char sql_import[] =
		"SELECT stored_count, duplicate_count, excluded_count, failed_count, bytes,"
		" (SELECT position FROM import_file) FROM import";

	for (size_t i = 0; i < ARRAY_SIZE(sql); i++)
		rows_add(f, sql[i], out);
	if (with_import)
		rows_add(f, sql_import, out);
}

int world_verify(struct fixture *f, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	int faults = 0;
	int rc = pack_reader_new(f->dir_fd, f->key, &reader, err);

	if (rc == 0) {
		const struct verify_order order = { reader, f->dir_fd, true, NULL };

		rc = store_verify(f->store, &order, out, &faults, err);
	}
	if (rc == 0 && faults == 0)
		strbuf_reset(out);
	return rc;
}

static void copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t got;

	assert_true(in >= 0 && out >= 0);
	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)got), got);
	assert_int_equal(got, 0);
}

void world_copy(const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char source[512], target[512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		copy_file(source, target);
	}
	closedir(dir);
}
