/* SPDX-License-Identifier: Apache-2.0 */
/* Puts messages into a store without the write path, for tests of what reads. */
#ifndef THREADS_TESTS_STORE_MAIL_FIXTURE_H
#define THREADS_TESTS_STORE_MAIL_FIXTURE_H

#include <zstd.h>

#include "core/strbuf.h"
#include "store/message_id.h"
#include "store/query.h"
#include "store/store_internal.h"

/* Unset texts are empty. audience: 1 = user 1, 2 = user 2, 3 = both. */
struct mail {
	int64_t id;                                       /* 0: from the date */
	int64_t date_ms, audience, conversation, account; /* account 0: none */
	const char *name, *address, *to_name, *to_address, *subject, *body, *file;
	int attachments;
	const char *cc, *bcc;      /* addresses; bcc of the sighting */
	const char *type, *label;  /* of the first attachment; of the sighting */
	int64_t size, flags, held; /* bytes, 0: 100; message.flags; sighting.flags */
};

static const char fixture_people[] =
	"INSERT INTO user (id, public_id, name, display_name, role, state, created_ms) VALUES"
	" (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaa', 'ann', 'Ann', 'owner', 'active', 0),"
	" (2, 'bbbbbbbbbbbbbbbbbbbbbbbbbb', 'ben', 'Ben', 'user', 'active', 0),"
	" (3, 'cccccccccccccccccccccccccc', 'cy', 'Cy', 'user', 'disabled', 0);"
	"INSERT INTO audience (id, hash) VALUES (1, x'01'), (2, x'02'), (3, x'03');"
	"INSERT INTO audience_member VALUES (1, 0, 1, 0, 9223372036854775807),"
	" (2, 0, 2, 0, 9223372036854775807), (3, 0, 1, 0, 9223372036854775807),"
	" (3, 0, 2, 0, 9223372036854775807);"
	"INSERT INTO account (id, public_id, name, type, owner_id, policy, state, created_ms) VALUES"
	" (1, 'accountaaaaaaaaaaaaaaaaaaa', 'Ship yard', 'import', 1, 'closed', 'active', 0),"
	" (2, 'accountbbbbbbbbbbbbbbbbbbb', 'Rope works', 'import', 2, 'open', 'active', 0);"
	"INSERT INTO folder (id, account_id, name) VALUES (1, 1, 'INBOX'), (2, 2, 'INBOX');"
	"INSERT INTO pack (id, committed_bytes) VALUES (1, 1000);"
	"INSERT INTO blob (id, kind, pack_id, offset, length, coding, size_bytes)"
	" VALUES (1, 1, 1, 0, 100, 1, 200);";

static inline void fixture_sql(struct store *store, const char *sql)
{
	struct threads_error err;

	assert_rc(db_exec(store_db(store), sql, &err), 0, &err);
}

/* People, accounts and conversations into an empty database of any schema. */
static inline void fixture_fill(struct store *store)
{
	fixture_sql(store, fixture_people);
	for (int i = 1; i < 10; i++) {
		char sql[200];

		snprintf(sql, sizeof(sql),
			 "INSERT INTO conversation (id, public_id, created_ms)"
			 " VALUES (%d, 'conversation%caaaaaaaaaaaaa', 0);",
			 i, 'a' + i);
		fixture_sql(store, sql);
	}
}

static inline struct store *fixture_open(void)
{
	struct store *store = NULL;
	struct threads_error err;

	assert_rc(store_open(":memory:", STORE_WRITER, &store, &err), 0, &err);
	fixture_fill(store);
	return store;
}

static const char sql_fixture_message[] =
	"INSERT INTO message (id, public_id, audience_id, conversation_id, kind, flags, date_ms,"
	" sent_ms, received_ms, size_bytes, attachment_count, sender_name, sender_address, subject,"
	" preview, digest) VALUES (:id, :public_id, :audience, :conversation, 1, :flags, :date_ms,"
	" :date_ms, :date_ms, :size, :attachments, :name, :address, :subject, substr(:body, 1, 100),"
	" randomblob(32))";
static const char sql_fixture_body[] =
	"INSERT INTO message_body (message_id, header_id, in_reply_to, list_id, sender, recipient,"
	" filename, text, text_bytes, blob_id, skeleton_bytes, html_bytes, header_bytes, rest_sha256, raw_sha256) VALUES (:id, 'h' || :id,"
	" '', '', :name || ' ' || :address, :to_name || ' ' || :to_address || ' ' || :cc, :file, :text, :bytes, 1,"
	" 150, 50, 20, x'00', x'00')";
static const char sql_fixture_fts[] =
	"INSERT INTO message_fts (rowid, subject, sender, recipient, body, filename)"
	" SELECT id, subject, sender, recipient, body, filename FROM message_content WHERE id = :id";
static const char sql_fixture_person[] =
	"INSERT INTO participant (message_id, position, role, name, address)"
	" VALUES (:id, :position, :role, :name, :address)";
static const char sql_fixture_sighting[] =
	"INSERT INTO sighting (folder_id, uid, account_id, message_id, raw_sha256, size_bytes,"
	" flags, received_ms, seen_ms)"
	" VALUES (:account, :id, :account, :id, x'00', 100, :flags, 0, 0)";
static const char sql_fixture_bcc[] =
	"INSERT INTO sighting_bcc (folder_id, uid, position, message_id, name, address)"
	" VALUES (:account, :id, 0, :id, '', :address)";
static const char sql_fixture_label[] =
	"INSERT INTO label (account_id, name) VALUES (:account, :name) ON CONFLICT DO NOTHING";
static const char sql_fixture_labelled[] =
	"INSERT INTO sighting_label (folder_id, uid, label_id, message_id)"
	" SELECT :account, :id, id, :id FROM label WHERE account_id = :account AND name = :name";
static const char sql_fixture_file[] =
	"INSERT INTO message_attachment (message_id, position, public_id, filename, content_type,"
	" content_id, disposition, encoding, size_bytes, raw_offset, raw_length, line_length,"
	" line_crlf) VALUES (:id, 0, 'file' || :id, :name, :type, '', 2, 0, 10, 0, 0, 0, 0)";

static inline const char *fixture_text(const char *text)
{
	return text ? text : "";
}

static inline void fixture_run(struct query *q)
{
	struct threads_error err;

	assert_rc(query_run(q, &err), 0, &err);
	query_end(q);
}

static inline void fixture_person(struct store *store, int64_t id, int position, int role,
				  const char *name, const char *address)
{
	struct query q = query_begin(store_db(store), sql_fixture_person);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":position", position);
	query_bind_int(&q, ":role", role);
	query_bind_text(&q, ":name", fixture_text(name));
	query_bind_text(&q, ":address", fixture_text(address));
	fixture_run(&q);
}

static inline void fixture_row(struct store *store, const struct mail *mail, int64_t id)
{
	struct query q = query_begin(store_db(store), sql_fixture_message);
	char public_id[40];

	snprintf(public_id, sizeof(public_id), "message%019lld", (long long)id);
	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":audience", mail->audience ? mail->audience : 1);
	query_bind_int(&q, ":conversation", mail->conversation ? mail->conversation : 1);
	query_bind_int(&q, ":date_ms", mail->date_ms);
	query_bind_int(&q, ":attachments", mail->attachments);
	query_bind_int(&q, ":flags", mail->flags);
	query_bind_int(&q, ":size", mail->size ? mail->size : 100);
	query_bind_text(&q, ":name", fixture_text(mail->name));
	query_bind_text(&q, ":address", fixture_text(mail->address));
	query_bind_text(&q, ":subject", fixture_text(mail->subject));
	query_bind_text(&q, ":body", fixture_text(mail->body));
	fixture_run(&q);
}

static inline void fixture_body(struct store *store, const struct mail *mail, int64_t id)
{
	struct query q = query_begin(store_db(store), sql_fixture_body);
	const char *body = fixture_text(mail->body);
	const size_t room = ZSTD_compressBound(strlen(body));
	AUTO_FREE char *packed = malloc(room);

	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":name", fixture_text(mail->name));
	query_bind_text(&q, ":address", fixture_text(mail->address));
	query_bind_text(&q, ":to_name", fixture_text(mail->to_name));
	query_bind_text(&q, ":to_address", fixture_text(mail->to_address));
	query_bind_text(&q, ":cc", fixture_text(mail->cc));
	query_bind_text(&q, ":file", fixture_text(mail->file));
	query_bind_blob(&q, ":text", packed, ZSTD_compress(packed, room, body, strlen(body), 1));
	query_bind_int(&q, ":bytes", (int64_t)strlen(body));
	fixture_run(&q);
}

static inline void fixture_named(struct store *store, const char *sql, int64_t account, int64_t id,
				 const char *name, const char *text)
{
	struct query q = query_begin(store_db(store), sql);

	query_bind_int(&q, ":account", account);
	if (sql != sql_fixture_label)
		query_bind_int(&q, ":id", id);
	query_bind_text(&q, name, text);
	fixture_run(&q);
}

/* The copy in an account, with what its owner alone knows about it. */
static inline void fixture_sighting(struct store *store, const struct mail *mail, int64_t id)
{
	struct query q = query_begin(store_db(store), sql_fixture_sighting);

	query_bind_int(&q, ":account", mail->account);
	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":flags", mail->held);
	fixture_run(&q);
	if (mail->bcc)
		fixture_named(store, sql_fixture_bcc, mail->account, id, ":address", mail->bcc);
	if (!mail->label)
		return;
	fixture_named(store, sql_fixture_label, mail->account, id, ":name", mail->label);
	fixture_named(store, sql_fixture_labelled, mail->account, id, ":name", mail->label);
}

static inline void fixture_file(struct store *store, const struct mail *mail, int64_t id)
{
	struct query q = query_begin(store_db(store), sql_fixture_file);

	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":name", fixture_text(mail->file));
	query_bind_text(&q, ":type", mail->type);
	fixture_run(&q);
}

/* Returns the message's id. */
static inline int64_t fixture_mail(struct store *store, const struct mail *mail)
{
	const int64_t id = mail->id ? mail->id : message_id_first(mail->date_ms);
	struct query q;

	fixture_row(store, mail, id);
	fixture_body(store, mail, id);
	q = query_begin(store_db(store), sql_fixture_fts);
	query_bind_int(&q, ":id", id);
	fixture_run(&q);
	fixture_person(store, id, 0, 0, mail->name, mail->address);
	if (mail->to_name || mail->to_address)
		fixture_person(store, id, 1, 3, mail->to_name, mail->to_address);
	if (mail->cc)
		fixture_person(store, id, 2, 4, "", mail->cc);
	if (mail->type)
		fixture_file(store, mail, id);
	if (mail->account)
		fixture_sighting(store, mail, id);
	return id;
}

#endif
