/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>

static int64_t fixture_clock(void *arg)
{
	(void)arg;
	return FIXTURE_NOW;
}

static void exec_sql(struct fixture *f, const char *sql)
{
	struct threads_error err = { .text = "" };

	assert_rc(db_exec(store_db(f->store), sql, &err), 0, &err);
}

int fixture_open(struct fixture *f, struct threads_error *err)
{
	char path[128];
	struct ingest_options options = {
		.pack_dir_fd = f->dir_fd,
		.pack_key = f->key,
		.filing = f->filing,
		.clock = &f->clock,
	};

	int rc;

	snprintf(path, sizeof(path), "%s/hub.db", f->dir);
	rc = store_open(path, STORE_WRITER, &f->store, err);
	options.store = f->store;
	return rc < 0 ? rc : ingest_new(&options, &f->ingest, err);
}

void fixture_close(struct fixture *f)
{
	f->ingest = ingest_free(f->ingest);
	f->store = store_close(f->store);
}

void fixture_reopen(struct fixture *f)
{
	struct threads_error err = { .text = "" };

	fixture_close(f);
	assert_rc(fixture_open(f, &err), 0, &err);
}

struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct threads_error err = { .text = "" };

	assert_non_null(f);
	f->clock.now_ms = fixture_clock;
	memcpy(f->dir, "/tmp/threads-store-XXXXXX", sizeof("/tmp/threads-store-XXXXXX"));
	assert_non_null(mkdtemp(f->dir));
	f->dir_fd = open(f->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_true(f->dir_fd >= 0);
	memset(f->key, 7, sizeof(f->key));
	assert_rc(filing_open(&f->filing, &err), 0, &err);
	f->owner = 1;
	f->other = 2;
	f->closed = f->folder[0] = 1;
	f->open = f->folder[1] = 2;
	f->bobs = f->folder[2] = 3;
	return f;
}

void fixture_people(struct fixture *f)
{
	exec_sql(
		f,
		"INSERT INTO user (id, public_id, name, display_name, role, state, created_ms)"
		" VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaa', 'ada', 'Ada', 'owner', 'active', 1),"
		" (2, 'bbbbbbbbbbbbbbbbbbbbbbbbbb', 'bob', 'Bob', 'user', 'active', 1);"
		"INSERT INTO account (id, public_id, name, type, owner_id, policy, state, created_ms)"
		" VALUES (1, 'cccccccccccccccccccccccccc', 'closed', 'import', 1, 'closed', 'active', 1),"
		" (2, 'dddddddddddddddddddddddddd', 'open', 'import', 1, 'open', 'active', 1),"
		" (3, 'eeeeeeeeeeeeeeeeeeeeeeeeee', 'bobs', 'import', 2, 'closed', 'active', 1);"
		"INSERT INTO folder (id, account_id, name) VALUES (1, 1, 'INBOX'), (2, 2, 'INBOX'),"
		" (3, 3, 'INBOX');"
		"INSERT INTO setting VALUES ('outside_channels', '\"shared\"'),"
		" ('own_domains', '[\"hub.test\"]');");
}

int fixture_setup(void **state)
{
	struct fixture *f = fixture_new();
	struct threads_error err = { .text = "" };

	assert_rc(fixture_open(f, &err), 0, &err);
	fixture_people(f);
	*state = f;
	return 0;
}

static void folder_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

void fixture_free(struct fixture *f)
{
	fixture_close(f);
	filing_close(f->filing);
	close(f->dir_fd);
	folder_remove(f->dir);
	free(f);
}

int fixture_teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

int64_t fixture_number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(store_db(f->store)->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store_db(f->store)->handle));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* ---- made-up mails ---- */

static struct draft_text text_of(const char *text)
{
	return (struct draft_text){ text ? text : "", text ? strlen(text) : 0 };
}

static void header_add(struct strbuf *raw, const char *name, const char *value)
{
	if (value)
		strbuf_addf(raw, "%s: %s\r\n", name, value);
}

static void person_add(struct fake_mail *mail, enum draft_role role, const char *address)
{
	if (address)
		mail->people[mail->draft.participant_count++] = (struct draft_participant){
			.role = role,
			.name = text_of("Somebody"),
			.address = text_of(address),
		};
}

static void base64_lines(struct strbuf *raw, const struct fake *fake)
{
	const unsigned char *p = fake->file;
	const size_t line = (size_t)(fake->line_length ? fake->line_length : 76) / 4 * 3;

	for (size_t left = fake->file_len; left > 0;) {
		unsigned char out[1024];
		const size_t piece = left < line ? left : line;
		const int len = EVP_EncodeBlock(out, p, (int)piece);

		strbuf_add(raw, out, (size_t)len);
		p += piece;
		left -= piece;
		if (left > 0)
			strbuf_add_str(raw, fake->crlf ? "\r\n" : "\n");
	}
}

static void raw_make(struct fake_mail *mail, const struct fake *fake)
{
	struct strbuf *raw = &mail->raw;

	header_add(raw, "Received", fake->received);
	header_add(raw, "From", fake->from);
	header_add(raw, "To", fake->to);
	header_add(raw, "Cc", fake->cc);
	header_add(raw, "Bcc", fake->bcc);
	header_add(raw, "Subject", fake->subject);
	header_add(raw, "Message-ID", fake->id);
	header_add(raw, "In-Reply-To", fake->reply_to_id);
	strbuf_add_str(raw, "\r\n");
	strbuf_add_str(raw, fake->body ? fake->body : "");
	if (!fake->file)
		return;
	strbuf_add_str(raw, "\r\n--part\r\n\r\n");
	mail->attachment.raw_offset = raw->len;
	base64_lines(raw, fake);
	mail->attachment.raw_length = raw->len - mail->attachment.raw_offset;
	strbuf_add_str(raw, "\r\n--part--\r\n");
}

static void attachment_make(struct fake_mail *mail, const struct fake *fake)
{
	struct draft_attachment *a = &mail->attachment;

	a->filename = text_of(fake->file_name);
	a->content_type = text_of("application/octet-stream");
	a->content_id = text_of("");
	a->encoding = 1;
	a->size = fake->file_len;
	a->line_length = fake->line_length;
	a->crlf = fake->crlf;
	a->cut = fake->line_length != 0;
	strbuf_add(&mail->file, fake->file, fake->file_len);
	a->data = (const uint8_t *)mail->file.data;
	a->data_len = mail->file.len;
	mail->draft.attachments = a;
	mail->draft.attachment_count = 1;
}

static void packed_make(struct fake_mail *mail, const struct fake *fake)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT(1 << 24);
	const struct draft_attachment *a = &mail->attachment;
	const struct strbuf *raw = &mail->raw;
	char packed[65536];

	strbuf_add_char(&plain, '\0'); /* nothing is folded */
	if (a->cut) {
		strbuf_add(&plain, raw->data, a->raw_offset);
		strbuf_add(&plain, raw->data + a->raw_offset + a->raw_length,
			   raw->len - a->raw_offset - a->raw_length);
	} else {
		strbuf_add(&plain, raw->data, raw->len);
	}
	if (fake->forge_skeleton)
		plain.data[1] = '!';
	mail->draft.skeleton_length = plain.len - 1;
	strbuf_add_str(&plain, fake->html ? fake->html : "");
	mail->draft.html_length = plain.len - 1 - mail->draft.skeleton_length;
	strbuf_add(&mail->packed, packed,
		   ZSTD_compress(packed, sizeof(packed), plain.data, plain.len, 1));
	mail->draft.packed = (const uint8_t *)mail->packed.data;
	mail->draft.packed_len = mail->packed.len;
}

/* The duplicate key: Message-ID, From, Subject and body; not Received, not Bcc. */
static void digest_make(struct fake_mail *mail, const struct fake *fake)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(1 << 20);
	struct threads_error err = { .text = "" };

	strbuf_addf(&key, "%s|%s|%s|%s|", fake->id ? fake->id : "", fake->from ? fake->from : "",
		    fake->subject ? fake->subject : "", fake->body ? fake->body : "");
	strbuf_add(&key, fake->file, fake->file_len);
	assert_rc(digest_sha256(key.data, key.len, mail->draft.digest, &err), 0, &err);
}

void fake_make(struct fake_mail *mail, const struct fake *fake, int64_t folder_id, int64_t uid)
{
	*mail = (struct fake_mail){ .raw.max = 1 << 24,
				    .packed.max = 1 << 24,
				    .file.max = 1 << 24 };
	raw_make(mail, fake);
	mail->draft.flags = fake->flags | (fake->sent_ms ? MESSAGE_HAS_DATE : 0);
	mail->draft.sent_ms = fake->sent_ms;
	mail->draft.header_id = text_of(fake->id);
	mail->draft.in_reply_to = text_of(fake->reply_to_id);
	mail->draft.subject = text_of(fake->subject);
	mail->draft.list_id = text_of("");
	mail->draft.body_text = text_of(fake->body);
	mail->draft.participants = mail->people;
	person_add(mail, DRAFT_FROM, fake->from);
	person_add(mail, DRAFT_TO, fake->to);
	person_add(mail, DRAFT_CC, fake->cc);
	person_add(mail, DRAFT_BCC, fake->bcc);
	mail->draft.references = mail->references;
	for (size_t i = 0; i < ARRAY_SIZE(fake->references) && fake->references[i]; i++)
		mail->references[mail->draft.reference_count++] = text_of(fake->references[i]);
	if (fake->file)
		attachment_make(mail, fake);
	packed_make(mail, fake);
	digest_make(mail, fake);
	mail->item = (struct ingest_item){
		.folder_id = folder_id,
		.uid = uid,
		.received_ms = FIXTURE_NOW,
		.raw = (const uint8_t *)mail->raw.data,
		.raw_len = mail->raw.len,
		.draft = &mail->draft,
	};
}

void fake_release(struct fake_mail *mail)
{
	strbuf_release(&mail->raw);
	strbuf_release(&mail->packed);
	strbuf_release(&mail->file);
}

enum ingest_result fixture_store(struct fixture *f, const struct fake *fake, int64_t account_id,
				 int64_t folder_id, int64_t uid)
{
	const struct ingest_source source = { .account_id = account_id };
	struct ingest_counts counts = { 0 };
	struct threads_error err = { .text = "" };
	struct fake_mail mail;
	enum ingest_result result;
	size_t done = 0;

	fake_make(&mail, fake, folder_id, uid);
	while (done < 1)
		assert_rc(ingest_slice(f->ingest, &source, &mail.item, 1, &done, &counts, &err), 0,
			  &err);
	result = mail.item.result;
	fake_release(&mail);
	return result;
}
