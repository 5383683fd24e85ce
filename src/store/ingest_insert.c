/* SPDX-License-Identifier: Apache-2.0 */
/* One message into the tables, inside the transaction of its slice. */
#include "core/random_id.h"
#include "store/audience_refresh.h"
#include "store/ingest_internal.h"

enum { MESSAGE_EMAIL = 1, BLOB_MESSAGE = 1 };

static const char sql_digest_find[] =
	"SELECT m.id, m.flags, EXISTS (SELECT 1 FROM sighting s WHERE s.message_id = m.id"
	" AND s.account_id = :account_id) FROM message m WHERE m.digest = :digest";
static const char sql_undraft[] = "UPDATE message SET flags = flags & ~128 WHERE id = :id";
static const char sql_grants_follow[] =
	"SELECT 1 FROM grant_ WHERE conversation_id = :conversation_id AND revoked_ms = 0 LIMIT 1";
static const char sql_message_add[] =
	"INSERT INTO message (id, public_id, audience_id, conversation_id, kind, flags, date_ms,"
	" sent_ms, received_ms, size_bytes, attachment_count, sender_name, sender_address,"
	" subject, preview, digest)"
	" VALUES (:id, :public_id, :audience_id, :conversation_id, :kind, :flags, :date_ms,"
	" :sent_ms, :received_ms, :size_bytes, :attachment_count, :sender_name, :sender_address,"
	" :subject, :preview, :digest)";
static const char sql_body_add[] =
	"INSERT INTO message_body (message_id, header_id, in_reply_to, list_id, sender, recipient,"
	" filename, text, text_bytes, blob_id, skeleton_bytes, html_bytes, header_bytes,"
	" rest_sha256, raw_sha256)"
	" VALUES (:message_id, :header_id, :in_reply_to, :list_id, :sender, :recipient,"
	" :filename, :text, :text_bytes, :blob_id, :skeleton_bytes, :html_bytes, :header_bytes,"
	" :rest_sha256, :raw_sha256)";
static const char sql_fts_add[] =
	"INSERT INTO message_fts (rowid, subject, sender, recipient, body, filename)"
	" VALUES (:id, :subject, :sender, :recipient, :body, :filename)";

/* What stands in for a message that nobody could read. */
static const struct message_draft nothing_read = {
	.flags = MESSAGE_UNREADABLE,
	.header_id = { "", 0 },
	.in_reply_to = { "", 0 },
	.subject = { "", 0 },
	.list_id = { "", 0 },
	.body_text = { "", 0 },
};

static void bind_text(struct query *q, const char *name, const struct draft_text *text)
{
	query_bind_text_len(q, name, text->text, text->len);
}

static void bind_strbuf(struct query *q, const char *name, const struct strbuf *sb)
{
	query_bind_text_len(q, name, strbuf_str(sb), sb->len);
}

/* A draft is for its holders alone: the header says so, or the folder's \Draft flag. */
static uint32_t flags_of(const struct ingest *ingest, const struct ingest_item *item,
			 const struct message_draft *draft)
{
	uint32_t flags = draft->flags & MESSAGE_FLAGS_KEPT;

	return sighting_flags_of(ingest, item) & SIGHTING_DRAFT ? flags | MESSAGE_DRAFT : flags;
}

static int audience_of(struct ingest *ingest, uint32_t flags, int64_t *ret_id,
		       struct threads_error *err)
{
	const struct audience_holder holder = {
		.owner_user_id = ingest->owner_id,
		.policy_open = ingest->policy_open,
	};
	const struct audience_facts facts = {
		.channels = ingest->facts,
		.channel_count = ingest->channel_count,
		.holders = &holder,
		.holder_count = 1,
		.open_groups = ingest->open_groups,
		.open_group_count = ingest->open_group_count,
		.draft = flags & MESSAGE_DRAFT,
		.one_time_code = flags & MESSAGE_ONE_TIME_CODE,
	};
	int rc = audience_compute(&facts, &ingest->audience, err);

	return rc < 0 ? rc : audience_intern(ingest->store, &ingest->audience, ret_id, err);
}

static const struct draft_participant *sender_of(const struct message_draft *draft)
{
	for (size_t i = 0; i < draft->participant_count; i++)
		if (draft->participants[i].role == DRAFT_FROM)
			return &draft->participants[i];
	return NULL;
}

static int message_row(struct ingest *ingest, const struct ingest_item *item,
		       const struct message_draft *draft, const struct prepared *p, int64_t id,
		       struct threads_error *err)
{
	static const struct draft_text none = { "", 0 };
	const struct draft_participant *sender = sender_of(draft);
	const uint32_t flags = flags_of(ingest, item, draft);
	char public_id[PUBLIC_ID_SIZE];
	int64_t conversation_id = 0, audience_id = 0;
	int rc = conversation_resolve(ingest, draft, &conversation_id, err);

	if (rc == 0)
		rc = audience_of(ingest, flags, &audience_id, err);
	if (rc < 0)
		return rc;

	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_message_add);

	public_id_make(public_id);
	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":audience_id", audience_id);
	query_bind_int(&q, ":conversation_id", conversation_id);
	query_bind_int(&q, ":kind", MESSAGE_EMAIL);
	query_bind_int(&q, ":flags", flags);
	query_bind_int(&q, ":date_ms", p->date_ms);
	query_bind_int(&q, ":sent_ms", flags & MESSAGE_HAS_DATE ? draft->sent_ms : 0);
	query_bind_int(&q, ":received_ms", item->received_ms ? item->received_ms : ingest->now_ms);
	query_bind_int(&q, ":size_bytes", (int64_t)item->raw_len);
	query_bind_int(&q, ":attachment_count", (int64_t)draft->attachment_count);
	bind_text(&q, ":sender_name", sender ? &sender->name : &none);
	bind_text(&q, ":sender_address", sender ? &sender->address : &none);
	bind_text(&q, ":subject", &draft->subject);
	bind_strbuf(&q, ":preview", &p->preview);
	query_bind_blob(&q, ":digest", p->digest, DIGEST_LEN);
	rc = query_run(&q, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "message");
	query_end(&q);

	CLEANUP(query_end) struct query follow = query_begin(ingest->db, sql_grants_follow);

	query_bind_int(&follow, ":conversation_id", conversation_id);
	return query_step(&follow, err);
}

static int body_row(struct ingest *ingest, const struct message_draft *draft,
		    const struct prepared *p, int64_t id, int64_t blob_id,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_body_add);
	int rc;

	query_bind_int(&q, ":message_id", id);
	bind_text(&q, ":header_id", &draft->header_id);
	bind_text(&q, ":in_reply_to", &draft->in_reply_to);
	bind_text(&q, ":list_id", &draft->list_id);
	bind_strbuf(&q, ":sender", &p->sender);
	bind_strbuf(&q, ":recipient", &p->recipient);
	bind_strbuf(&q, ":filename", &p->filename);
	query_bind_blob(&q, ":text", p->text.len ? p->text.data : "", p->text.len);
	query_bind_int(&q, ":text_bytes", (int64_t)draft->body_text.len);
	query_bind_int(&q, ":blob_id", blob_id);
	query_bind_int(&q, ":skeleton_bytes", (int64_t)p->blob_skeleton);
	query_bind_int(&q, ":html_bytes", (int64_t)p->blob_html);
	query_bind_int(&q, ":header_bytes", (int64_t)p->header_len);
	query_bind_blob(&q, ":rest_sha256", p->rest_sha256, DIGEST_LEN);
	query_bind_blob(&q, ":raw_sha256", p->raw_sha256, DIGEST_LEN);
	rc = query_run(&q, err);
	return rc < 0 ? threads_error_wrap(err, rc, "message text") : 0;
}

static int fts_row(struct ingest *ingest, const struct message_draft *draft,
		   const struct prepared *p, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_fts_add);
	int rc;

	query_bind_int(&q, ":id", id);
	bind_text(&q, ":subject", &draft->subject);
	bind_strbuf(&q, ":sender", &p->sender);
	bind_strbuf(&q, ":recipient", &p->recipient);
	bind_text(&q, ":body", &draft->body_text);
	bind_strbuf(&q, ":filename", &p->filename);
	rc = query_run(&q, err);
	return rc < 0 ? threads_error_wrap(err, rc, "search index") : 0;
}

static int insert_new(struct ingest *ingest, struct ingest_item *item,
		      const struct message_draft *draft, const struct prepared *p,
		      struct threads_error *err)
{
	const bool rebuilt = item->draft && p->rebuilds;
	const struct blob_new blob = {
		.kind = BLOB_MESSAGE,
		.data = rebuilt ? (const void *)draft->packed : p->blob.data,
		.len = rebuilt ? draft->packed_len : p->blob.len,
		.coding = rebuilt ? p->coding : PACK_ZSTD,
		.size = (int64_t)(p->blob_skeleton + p->blob_html),
	};
	int64_t id = 0, blob_id = 0;
	int follow = 0, rc;

	rc = message_id_next(ingest->db, &ingest->id_hints, p->date_ms, &id, err);
	if (rc == 0)
		rc = blob_add(ingest, &blob, &blob_id, err);
	if (rc == 0)
		rc = follow = message_row(ingest, item, draft, p, id, err);
	if (rc < 0)
		return rc;
	rc = body_row(ingest, draft, p, id, blob_id, err);
	if (rc == 0)
		rc = participants_add(ingest, id, draft, err);
	if (rc == 0)
		rc = attachments_add(ingest, id, item, p, err);
	if (rc == 0)
		rc = sighting_add(ingest, item, p, id, true, err);
	if (rc == 0)
		rc = fts_row(ingest, draft, p, id, err);
	if (rc == 0 && follow == 1)
		rc = audience_refresh(ingest->store, id, err);
	if (rc == 0 && draft->flags & MESSAGE_UNREADABLE)
		rc = ledger_add(ingest, item, p->uid, "unreadable",
				"stored as it came, nothing in it could be read", err);
	item->result = INGEST_STORED;
	return rc;
}

/* A message that is there already. */
struct found {
	int64_t id, flags;
	bool same_account; /* this account has a sighting of it */
};

/* A copy of it: a sighting more, and perhaps somebody more who may see it. */
static int insert_copy(struct ingest *ingest, struct ingest_item *item,
		       const struct message_draft *draft, const struct prepared *p,
		       const struct found *found, struct threads_error *err)
{
	const bool draft_no_more =
		found->flags & MESSAGE_DRAFT && !(flags_of(ingest, item, draft) & MESSAGE_DRAFT);
	bool has_bcc = false;
	int rc = 0;

	if (draft_no_more) {
		CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_undraft);

		query_bind_int(&q, ":id", found->id);
		rc = query_run(&q, err);
	}
	for (size_t i = 0; i < draft->participant_count; i++)
		has_bcc = has_bcc || draft->participants[i].role == DRAFT_BCC;
	if (rc == 0)
		rc = sighting_add(ingest, item, p, found->id, false, err);
	if (rc == 0 && (!found->same_account || has_bcc || draft_no_more))
		rc = audience_refresh(ingest->store, found->id, err);
	if (rc == 0)
		rc = ledger_add(ingest, item, p->uid, "duplicate", "", err);
	item->result = INGEST_DUPLICATE;
	return rc;
}

/* Returns 1 and what is known of the message with this digest, or 0. */
static int digest_find(struct ingest *ingest, const struct prepared *p, struct found *ret_found,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_digest_find);
	int rc;

	query_bind_blob(&q, ":digest", p->digest, DIGEST_LEN);
	query_bind_int(&q, ":account_id", ingest->source->account_id);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	ret_found->id = query_int(&q, 0);
	ret_found->flags = query_int(&q, 1);
	ret_found->same_account = query_int(&q, 2) != 0;
	return 1;
}

static int insert_message(struct ingest *ingest, struct ingest_item *item, struct prepared *p,
			  struct threads_error *err)
{
	const struct message_draft *draft = item->draft ? item->draft : &nothing_read;
	const char *why = NULL;
	struct found found = { 0 };
	int rc = exclusion_check(ingest, item, draft, &why, err);

	if (rc == 0 && !why) {
		rc = people_resolve(ingest, draft, err);
		if (rc == 1)
			why = "an address in it is excluded";
	}
	if (rc >= 0 && why) {
		item->result = INGEST_EXCLUDED;
		return ledger_add(ingest, item, p->uid, "excluded", why, err);
	}
	if (rc == 0)
		rc = digest_find(ingest, p, &found, err);
	if (rc == 1)
		return insert_copy(ingest, item, draft, p, &found, err);
	if (rc == 0 && p->duplicate)
		rc = threads_error_set(err, THREADS_EBUG, "a duplicate without its message");
	return rc < 0 ? rc : insert_new(ingest, item, draft, p, err);
}

int insert_item(struct ingest *ingest, struct ingest_item *item, struct prepared *p,
		struct threads_error *err)
{
	int rc = 0;

	if (p->uid)
		rc = sighting_known(ingest, item->folder_id, p->uid, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		item->result = INGEST_KNOWN;
		return 0;
	}
	if (item->failure) {
		item->result = INGEST_FAILED;
		return ledger_add(ingest, item, p->uid, "failed", item->failure, err);
	}
	return insert_message(ingest, item, p, err);
}
