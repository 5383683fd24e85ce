/* SPDX-License-Identifier: Apache-2.0 */
/* The people of a message: participants, their channels, and what the rule asks of them. */
#include "store/ingest_internal.h"

static const char sql_participant_add[] =
	"INSERT INTO participant (message_id, position, role, channel_id, name, address)"
	" VALUES (:message_id, :position, :role, :channel_id, :name, :address)";
static const char sql_bcc_add[] =
	"INSERT INTO sighting_bcc (folder_id, uid, position, message_id, channel_id, name, address)"
	" VALUES (:folder_id, :uid, :position, :message_id, :channel_id, :name, :address)";

static int people_reserve(struct ingest *ingest, size_t count, struct threads_error *err)
{
	const size_t cap = count < 64 ? 64 : count;

	if (count <= ingest->people_cap)
		return 0;
	ingest->people_cap = 0;
	free(TAKE_PTR(ingest->people));
	free(TAKE_PTR(ingest->facts));
	free(TAKE_PTR(ingest->fact_ids));
	ingest->people = calloc(cap, sizeof(*ingest->people));
	ingest->facts = calloc(cap, sizeof(*ingest->facts));
	ingest->fact_ids = calloc(cap, sizeof(*ingest->fact_ids));
	if (!ingest->people || !ingest->facts || !ingest->fact_ids)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	ingest->people_cap = cap;
	return 0;
}

static void fact_add(struct ingest *ingest, const struct channel_info *info, bool bcc)
{
	size_t i = 0;

	while (i < ingest->channel_count && ingest->fact_ids[i] != info->id)
		i++;
	if (i < ingest->channel_count) {
		ingest->facts[i].bcc_only = ingest->facts[i].bcc_only && bcc;
		return;
	}
	ingest->fact_ids[i] = info->id;
	ingest->facts[i] = (struct audience_channel){
		.privacy = info->privacy,
		.user_id = info->user_id,
		.user_from_ms = info->user_from_ms,
		.bcc_only = bcc,
	};
	ingest->channel_count++;
}

int people_resolve(struct ingest *ingest, const struct message_draft *draft,
		   struct threads_error *err)
{
	bool excluded = false;
	int rc = people_reserve(ingest, draft->participant_count, err);

	ingest->channel_count = 0;
	for (size_t i = 0; i < draft->participant_count && rc >= 0; i++) {
		const struct draft_participant *p = &draft->participants[i];
		struct channel_info info = { 0 };

		rc = channel_resolve(ingest, &p->address, &p->name, &info, err);
		ingest->people[i].channel_id = rc == 1 ? info.id : 0;
		if (rc != 1)
			continue;
		excluded = excluded || info.privacy == CHANNEL_EXCLUDED;
		fact_add(ingest, &info, p->role == DRAFT_BCC);
	}
	return rc < 0 ? rc : excluded;
}

int participants_add(struct ingest *ingest, int64_t message_id, const struct message_draft *draft,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_participant_add);

	query_bind_int(&q, ":message_id", message_id);
	for (size_t i = 0; i < draft->participant_count; i++) {
		const struct draft_participant *p = &draft->participants[i];
		int rc;

		if (p->role == DRAFT_BCC)
			continue;
		query_again(&q);
		query_bind_int(&q, ":position", (int64_t)i);
		query_bind_int(&q, ":role", p->role);
		query_bind_id(&q, ":channel_id", ingest->people[i].channel_id);
		query_bind_text_len(&q, ":name", p->name.text, p->name.len);
		query_bind_text_len(&q, ":address", p->address.text, p->address.len);
		rc = query_run(&q, err);
		if (rc < 0)
			return threads_error_wrap(err, rc, "participant");
	}
	return 0;
}

int bcc_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid, int64_t message_id,
	    struct threads_error *err)
{
	const struct message_draft *draft = item->draft;
	const size_t count = draft ? draft->participant_count : 0;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct draft_participant *p = &draft->participants[i];

		if (p->role != DRAFT_BCC)
			continue;

		CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_bcc_add);

		query_bind_int(&q, ":folder_id", item->folder_id);
		query_bind_int(&q, ":uid", uid);
		query_bind_int(&q, ":position", (int64_t)i);
		query_bind_int(&q, ":message_id", message_id);
		query_bind_id(&q, ":channel_id", ingest->people[i].channel_id);
		query_bind_text_len(&q, ":name", p->name.text, p->name.len);
		query_bind_text_len(&q, ":address", p->address.text, p->address.len);
		rc = query_run(&q, err);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "bcc") : 0;
}
