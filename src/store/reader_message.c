/* SPDX-License-Identifier: Apache-2.0 */
/* One message, and its conversation, as one viewer may see them. */
#include "store/ingest.h"
#include "store/reader_internal.h"

enum { CONVERSATION_MESSAGES_MAX = 500 };

#define MESSAGE_COLUMNS                                                                            \
	"SELECT m.id, m.public_id, m.flags, m.date_ms, m.received_ms, m.size_bytes, m.subject,"    \
	" c.public_id, b.header_id, b.in_reply_to, b.list_id, b.html_bytes, m.preview,"            \
	" m.audience_id FROM message m JOIN conversation c ON c.id = m.conversation_id"            \
	" JOIN message_body b ON b.message_id = m.id"

static const char sql_message[] =
	MESSAGE_COLUMNS " WHERE m.public_id = :public_id AND visible(:set, m.audience_id, m.id)";
/* The newest of a very long conversation; the caller turns them round. */
static const char sql_conversation[] = MESSAGE_COLUMNS
	" WHERE m.conversation_id = (SELECT id FROM conversation WHERE public_id = :public_id)"
	" AND visible(:set, m.audience_id, m.id) ORDER BY m.id DESC LIMIT :most";
static const char sql_message_text[] =
	"SELECT body_text(text, text_bytes) FROM message_body WHERE message_id = :id";
static const char sql_message_people[] =
	"SELECT role, name, address FROM participant WHERE message_id = :id ORDER BY position";
static const char sql_message_bcc[] =
	"SELECT DISTINCT b.name, b.address FROM sighting_bcc b"
	" JOIN folder f ON f.id = b.folder_id JOIN account a ON a.id = f.account_id"
	" WHERE b.message_id = :id AND (a.owner_id = :viewer OR :operator)"
	" ORDER BY b.position";
static const char sql_message_attachments[] =
	"SELECT public_id, filename, content_type, size_bytes, disposition, content_id"
	" FROM message_attachment WHERE message_id = :id ORDER BY position";
static const char sql_message_sightings[] =
	"SELECT a.public_id, a.name, iif(f.display <> '', f.display, f.name),"
	" iif(s.received_ms > 0, s.received_ms, s.seen_ms)"
	" FROM sighting s JOIN account a ON a.id = s.account_id JOIN folder f ON f.id = s.folder_id"
	" WHERE s.message_id = :id AND (a.owner_id = :viewer OR :operator)"
	" ORDER BY a.id, s.folder_id, s.uid LIMIT 100";
static const char sql_why_participant[] =
	"SELECT 1 FROM participant p JOIN channel c ON c.id = p.channel_id"
	" WHERE p.message_id = :id AND c.user_id = :viewer LIMIT 1";
static const char sql_why_grant[] =
	"SELECT 1 FROM grant_ WHERE message_id = :id AND user_id = :viewer AND revoked_ms = 0"
	" LIMIT 1";
static const char sql_why_group[] =
	"SELECT g.name FROM audience_member am JOIN user_group g ON g.id = am.member_id"
	" WHERE am.audience_id = :audience_id AND am.kind = 1 AND (g.builtin = 1 OR EXISTS"
	" (SELECT 1 FROM group_member gm WHERE gm.group_id = g.id AND gm.user_id = :viewer))"
	" ORDER BY g.id LIMIT 5";

/* ---- people ----------------------------------------------------------------------- */

static int people_put(struct reader *reader, int64_t id, json_t *message, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message_people);
	json_t *to = json_array(), *cc = json_array(), *reply_to = json_array();
	json_t *from = NULL;
	int rc;

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *person = reader_person(query_text(&q, 1), query_text(&q, 2));

		switch ((enum draft_role)query_int(&q, 0)) {
		case DRAFT_FROM:
			if (!from)
				from = json_incref(person);
			break;
		case DRAFT_TO:
			json_array_append(to, person);
			break;
		case DRAFT_CC:
			json_array_append(cc, person);
			break;
		case DRAFT_REPLY_TO:
			json_array_append(reply_to, person);
			break;
		case DRAFT_SENDER:
		case DRAFT_BCC:
			break;
		}
		json_decref(person);
	}
	json_put(message, "from", from ? from : reader_person("", ""));
	json_put(message, "to", to);
	json_put(message, "cc", cc);
	json_put(message, "reply_to", reply_to);
	return rc;
}

static void bind_holder(struct query *q, const struct reader *reader, int64_t id)
{
	query_bind_int(q, ":id", id);
	query_bind_int(q, ":viewer", reader->viewer->id);
	query_bind_int(q, ":operator", reader->viewer->role == VIEWER_OPERATOR);
}

/* Only from copies that the viewer holds: who got a blind copy is the sender's secret. */
static int bcc_put(struct reader *reader, int64_t id, json_t *message, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message_bcc);
	json_t *bcc = json_array();
	int rc;

	bind_holder(&q, reader, id);
	while ((rc = query_step(&q, err)) == 1)
		json_array_append_new(bcc, reader_person(query_text(&q, 0), query_text(&q, 1)));
	json_put(message, "bcc", bcc);
	return rc;
}

/* ---- attachments, sightings -------------------------------------------------------- */

static int attachments_put(struct reader *reader, int64_t id, json_t *message,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message_attachments);
	json_t *list = json_array();
	int rc;

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *attachment = json_object();
		const char *content_id = query_text(&q, 5);

		json_put_text(attachment, "id", query_text(&q, 0));
		json_put_text(attachment, "name", query_text(&q, 1));
		json_put_text(attachment, "type", query_text(&q, 2));
		json_put_int(attachment, "size", query_int(&q, 3));
		/* 2: said to be an attachment; what has an id and is not belongs into the text. */
		json_put_bool(attachment, "inline", *content_id && query_int(&q, 4) != 2);
		json_put_text(attachment, "content_id", content_id);
		json_array_append_new(list, attachment);
	}
	json_put(message, "attachments", list);
	return rc;
}

static int sightings_put(struct reader *reader, int64_t id, json_t *message,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message_sightings);
	json_t *list = json_array();
	int rc;

	bind_holder(&q, reader, id);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *sighting = json_object(), *account = json_object();

		json_put_text(account, "id", query_text(&q, 0));
		json_put_text(account, "name", query_text(&q, 1));
		json_put(sighting, "account", account);
		json_put_text(sighting, "folder", query_text(&q, 2));
		json_put_time(sighting, "date", query_int(&q, 3));
		json_array_append_new(list, sighting);
	}
	json_put(message, "sightings", list);
	return rc;
}

/* ---- why --------------------------------------------------------------------------- */

static void why_add(json_t *why, const char *kind, const char *words)
{
	json_t *reason = json_object();

	json_put_text(reason, "kind", kind);
	json_put_text(reason, "words", words);
	json_array_append_new(why, reason);
}

static int why_asks(struct reader *reader, const char *sql, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":viewer", reader->viewer->id);
	return query_step(&q, err);
}

static int why_groups(struct reader *reader, int64_t audience_id, json_t *why,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_why_group);
	int rc;

	query_bind_int(&q, ":audience_id", audience_id);
	query_bind_int(&q, ":viewer", reader->viewer->id);
	while ((rc = query_step(&q, err)) == 1) {
		CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(1000);

		strbuf_addf(&words, "You see this because it is open to the group “%s”.",
			    query_text(&q, 0));
		why_add(why, "group", strbuf_str(&words));
	}
	return rc;
}

static int why_put(struct reader *reader, int64_t id, int64_t audience_id, json_t *message,
		   struct threads_error *err)
{
	json_t *why = json_array();
	int rc;

	json_put(message, "why", why);
	if (reader->viewer->role == VIEWER_OPERATOR) {
		why_add(why, "operator", "You see this as the operator of this server.");
		return 0;
	}
	if (json_array_size(json_object_get(message, "sightings")) > 0)
		why_add(why, "owner", "You see this because it is in an account of yours.");
	rc = why_asks(reader, sql_why_participant, id, err);
	if (rc == 1)
		why_add(why, "participant",
			"You see this because you sent it or it was sent to you.");
	if (rc >= 0)
		rc = why_asks(reader, sql_why_grant, id, err);
	if (rc == 1)
		why_add(why, "share", "You see this because somebody shared it with you.");
	return rc < 0 ? rc : why_groups(reader, audience_id, why, err);
}

/* ---- the message -------------------------------------------------------------------- */

static json_t *flags_json(int64_t flags, const char *list_id)
{
	static const struct {
		int64_t flag;
		const char *name;
	} names[] = {
		{ MESSAGE_ENCRYPTED, "encrypted" }, { MESSAGE_UNREADABLE, "unreadable" },
		{ MESSAGE_AUTO_SUBMITTED, "auto" }, { MESSAGE_ONE_TIME_CODE, "one_time_code" },
		{ MESSAGE_DRAFT, "draft" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			json_array_append_new(list, json_string(names[i].name));
	if (flags & MESSAGE_BULK || *list_id)
		json_array_append_new(list, json_string("list"));
	return list;
}

static void columns_put(const struct query *q, json_t *message)
{
	json_put_text(message, "id", query_text(q, 1));
	json_put_text(message, "type", "mail");
	json_put(message, "flags", flags_json(query_int(q, 2), query_text(q, 10)));
	json_put_time(message, "date", query_int(q, 3));
	json_put_time(message, "received", query_int(q, 4));
	json_put_int(message, "size", query_int(q, 5));
	json_put_text(message, "subject", query_text(q, 6));
	json_put_text(message, "conversation_id", query_text(q, 7));
	json_put_text(message, "message_id", query_text(q, 8));
	json_put_text(message, "in_reply_to", query_text(q, 9));
	json_put_bool(message, "has_html", query_int(q, 11) > 0);
	/* Counted by who decodes and cleans the HTML, i.e. the page. */
	json_put_null(message, "remote_content");
	json_put_text(message, "preview", query_text(q, 12));
}

/* What stands in other tables. */
static int details_put(struct reader *reader, const struct query *q, json_t *message,
		       struct threads_error *err)
{
	const int64_t id = query_int(q, 0);
	int rc = people_put(reader, id, message, err);

	if (rc == 0)
		rc = bcc_put(reader, id, message, err);
	if (rc == 0)
		rc = attachments_put(reader, id, message, err);
	if (rc == 0)
		rc = sightings_put(reader, id, message, err);
	if (rc == 0)
		rc = why_put(reader, id, query_int(q, 13), message, err);
	return rc;
}

static int text_put(struct reader *reader, int64_t id, json_t *message, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message_text);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	json_put_text(message, "text", query_text(&q, 0));
	return 0;
}

int reader_message(struct reader *reader, const struct viewer *viewer, const char *public_id,
		   json_t **ret_message, struct threads_error *err)
{
	CLEANUP(reader_end) struct reader *scope = NULL;
	CLEANUP(json_freep) json_t *message = json_object();
	int rc = reader_begin(reader, viewer, &scope, err);

	if (rc < 0)
		return rc;

	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_message);

	query_bind_text(&q, ":public_id", public_id);
	visible_bind(&q, ":set", reader->set);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	columns_put(&q, message);
	rc = details_put(reader, &q, message, err);
	if (rc == 0)
		rc = text_put(reader, query_int(&q, 0), message, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "read message");
	*ret_message = TAKE_PTR(message);
	return 1;
}

static int conversation_fill(struct reader *reader, struct query *q, json_t *list,
			     struct threads_error *err)
{
	int rc;

	while ((rc = query_step(q, err)) == 1) {
		json_t *message = json_object();

		json_array_insert_new(list, 0, message);
		columns_put(q, message);
		rc = details_put(reader, q, message, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int reader_conversation(struct reader *reader, const struct viewer *viewer, const char *public_id,
			json_t **ret_conversation, struct threads_error *err)
{
	CLEANUP(reader_end) struct reader *scope = NULL;
	CLEANUP(json_freep) json_t *conversation = json_object();
	json_t *list = json_array();
	int rc = reader_begin(reader, viewer, &scope, err);

	json_put(conversation, "messages", list);
	if (rc < 0)
		return rc;

	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_conversation);

	query_bind_text(&q, ":public_id", public_id);
	visible_bind(&q, ":set", reader->set);
	query_bind_int(&q, ":most", CONVERSATION_MESSAGES_MAX);
	rc = conversation_fill(reader, &q, list, err);
	if (rc < 0 || json_array_size(list) == 0)
		return rc;
	json_put_text(conversation, "id", public_id);
	json_put_text(conversation, "subject",
		      json_string_value(json_object_get(json_array_get(list, 0), "subject")));
	*ret_conversation = TAKE_PTR(conversation);
	return 1;
}
