/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_source.h"

#include "store/message_id.h"
#include "store/search_choice.h"

#define CANDIDATE_COLUMNS "m.id, m.date_ms, m.size_bytes, m.attachment_count, m.flags"
#define CANDIDATE_FILTER                                                                           \
	" AND m.date_ms >= :from_ms AND m.date_ms < :before_ms"                                    \
	" AND (:attachment = 0 OR m.attachment_count > 0)"                                         \
	" AND visible(:set, m.audience_id, m.id)"
#define CANDIDATE_FROM_SIGHTING                                                                    \
	" CROSS JOIN message m ON m.id = s.message_id"                                             \
	" WHERE s.message_id < :before_id AND s.message_id >= :from_id"
#define CANDIDATE_OF_SIGHTING CANDIDATE_FILTER " ORDER BY s.message_id DESC LIMIT :most"

static const char sql_source_all[] =
	"SELECT " CANDIDATE_COLUMNS " FROM message m"
	" WHERE m.id < :before_id AND m.id >= :from_id" CANDIDATE_FILTER
	" ORDER BY m.id DESC LIMIT :most";
static const char sql_source_files[] =
	"SELECT " CANDIDATE_COLUMNS " FROM message m INDEXED BY message_with_file"
	" WHERE m.attachment_count > 0 AND m.id < :before_id AND m.id >= :from_id" CANDIDATE_FILTER
	" ORDER BY m.id DESC LIMIT :most";
static const char sql_source_large[] =
	"SELECT " CANDIDATE_COLUMNS " FROM message m INDEXED BY message_large"
	" WHERE m.size_bytes >= 1000000 AND m.id < :before_id AND m.id >= :from_id" CANDIDATE_FILTER
	" ORDER BY m.id DESC LIMIT :most";
static const char sql_source_words[] =
	"SELECT " CANDIDATE_COLUMNS
	" FROM message_fts CROSS JOIN message m ON m.id = message_fts.rowid"
	" WHERE message_fts MATCH :match AND message_fts.rowid < :before_id"
	" AND message_fts.rowid >= :from_id" CANDIDATE_FILTER
	" ORDER BY message_fts.rowid DESC LIMIT :most";
static const char sql_source_account[] =
	"SELECT " CANDIDATE_COLUMNS " FROM sighting s" CANDIDATE_FROM_SIGHTING
	" AND s.account_id = :key" CANDIDATE_OF_SIGHTING;
static const char sql_source_folder[] =
	"SELECT " CANDIDATE_COLUMNS " FROM sighting s" CANDIDATE_FROM_SIGHTING
	" AND s.folder_id = :key" CANDIDATE_OF_SIGHTING;
static const char sql_source_unread[] =
	"SELECT " CANDIDATE_COLUMNS
	" FROM sighting s INDEXED BY sighting_unread" CANDIDATE_FROM_SIGHTING
	" AND s.account_id = :key AND s.flags & 17 = 0" CANDIDATE_OF_SIGHTING;
static const char sql_source_flagged[] =
	"SELECT " CANDIDATE_COLUMNS
	" FROM sighting s INDEXED BY sighting_flagged" CANDIDATE_FROM_SIGHTING
	" AND s.account_id = :key AND s.flags & 4" CANDIDATE_OF_SIGHTING;
static const char sql_source_label[] =
	"SELECT " CANDIDATE_COLUMNS " FROM sighting_label s" CANDIDATE_FROM_SIGHTING
	" AND s.label_id = :key" CANDIDATE_OF_SIGHTING;
static const char sql_source_bcc[] =
	"SELECT " CANDIDATE_COLUMNS
	" FROM sighting_bcc s" CANDIDATE_FROM_SIGHTING CANDIDATE_OF_SIGHTING;
/* Weights: subject, sender, recipient, body, filename. */
static const char sql_source_ranked[] =
	"SELECT " CANDIDATE_COLUMNS ", bm25(message_fts, 1.0, 6.0, 4.0, 2.0, 2.0)"
	" FROM message_fts CROSS JOIN message m ON m.id = message_fts.rowid"
	" WHERE message_fts MATCH :match AND message_fts.rowid < :before_id"
	" AND message_fts.rowid >= :from_id" CANDIDATE_FILTER " ORDER BY message_fts.rowid DESC";
static const char sql_source_row[] = "SELECT " CANDIDATE_COLUMNS " FROM message m WHERE m.id = :id"
				     " AND visible(:set, m.audience_id, m.id)";

static const char *const statements[] = {
	[DRIVER_WORDS] = sql_source_words,   [DRIVER_BCC] = sql_source_bcc,
	[DRIVER_LABEL] = sql_source_label,   [DRIVER_FLAGGED] = sql_source_flagged,
	[DRIVER_UNREAD] = sql_source_unread, [DRIVER_LARGE] = sql_source_large,
	[DRIVER_FOLDER] = sql_source_folder, [DRIVER_ACCOUNT] = sql_source_account,
	[DRIVER_FILES] = sql_source_files,   [DRIVER_ALL] = sql_source_all,
};

/* ---- opening ---------------------------------------------------------------------------- */

/* Ids go by the minute of the date, and overflow upwards: a day of room for that. */
static int64_t id_before(const struct search_plan *plan, int64_t before_id)
{
	const int64_t day_ms = 86400000;
	int64_t by_date;

	if (plan->before_ms >= INT64_MAX - day_ms)
		return before_id;
	by_date = message_id_first(plan->before_ms + day_ms);
	return by_date < before_id ? by_date : before_id;
}

static void filters_bind(const struct search_source *s, struct query *q, int64_t before_id)
{
	const struct search_plan *plan = s->plan;

	query_bind_int(q, ":before_id", before_id);
	query_bind_int(q, ":from_id",
		       plan->from_ms == INT64_MIN ? INT64_MIN : message_id_first(plan->from_ms));
	query_bind_int(q, ":from_ms", plan->from_ms);
	query_bind_int(q, ":before_ms", plan->before_ms);
	query_bind_int(q, ":attachment", plan->attachment);
	visible_bind(q, ":set", s->reader->set);
}

static int open_narrow(struct search_source *s, int64_t before_id, struct threads_error *err)
{
	int rc;

	s->ids = calloc(VISIBLE_NARROW_MAX, sizeof(*s->ids));
	if (!s->ids)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = visible_walk(s->reader->store, s->reader->set, before_id, s->ids, &s->id_count, err);
	if (rc <= 0)
		free(TAKE_PTR(s->ids));
	return rc;
}

int search_source_open(struct search_source *s, int64_t before_id, bool ranked,
		       struct threads_error *err)
{
	int rc = 0;

	s->match.reader = s->reader;
	s->match.plan = s->plan;
	s->last_id = before_id;
	if (!ranked && visible_is_narrow(s->reader->set))
		rc = open_narrow(s, before_id, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return search_plan_by_row(s->plan, s->reader, err);
	before_id = id_before(s->plan, before_id);
	if (ranked) {
		s->is_ranked = true;
		s->ranked = query_begin(s->reader->db, sql_source_ranked);
		query_bind_text(&s->ranked, ":match", strbuf_str(&s->plan->match));
		filters_bind(s, &s->ranked, before_id);
		return 0;
	}
	rc = search_choose(s, err);
	for (size_t i = 0; i < s->stream_count; i++)
		s->streams[i].before_id = before_id;
	return rc;
}

void search_source_close(struct search_source *s)
{
	query_end(&s->ranked);
	for (size_t i = 0; i < s->stream_count; i++) {
		query_end(&s->streams[i].open);
		free(s->streams[i].block);
	}
	s->stream_count = 0;
	free(TAKE_PTR(s->ids));
	search_match_release(&s->match);
}

/* ---- candidates --------------------------------------------------------------------------- */

static void candidate_read(struct query *q, struct candidate *c)
{
	*c = (struct candidate){
		.id = query_int(q, 0),
		.date_ms = query_int(q, 1),
		.size_bytes = query_int(q, 2),
		.attachments = query_int(q, 3),
		.flags = query_int(q, 4),
	};
}

static struct query stream_query(const struct search_source *s, const struct search_stream *stream,
				 int64_t most)
{
	struct query q = query_begin(s->reader->db, statements[stream->driver]);

	filters_bind(s, &q, stream->before_id);
	query_bind_int(&q, ":most", most);
	if (stream->driver == DRIVER_WORDS)
		query_bind_text(&q, ":match", stream->words);
	else if (stream->key)
		query_bind_int(&q, ":key", stream->key);
	return q;
}

static int stream_read(struct search_source *s, struct search_stream *stream, struct query *q,
		       struct threads_error *err)
{
	int rc;

	while (stream->count < stream->asked && (rc = query_step(q, err)) != 0) {
		if (rc < 0 && stream->count > 0 && s->reader->interrupted)
			stream->failed = rc;
		if (rc < 0)
			return stream->failed ? 0 : rc;
		candidate_read(q, &stream->block[stream->count++]);
	}
	return 0;
}

static int stream_fill(struct search_source *s, struct search_stream *stream,
		       struct threads_error *err)
{
	const bool first = stream->asked == 0;
	int rc;

	if (!stream->block)
		stream->block = calloc(SEARCH_BLOCK_MAX, sizeof(*stream->block));
	if (!stream->block)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	stream->asked = first ? SEARCH_BLOCK_MIN : stream->asked * 2;
	if (stream->asked > SEARCH_BLOCK_MAX)
		stream->asked = SEARCH_BLOCK_MAX;
	stream->count = stream->next = 0;
	if (s->stream_count == 1) {
		if (first)
			stream->open = stream_query(s, stream, -1);
		rc = stream_read(s, stream, &stream->open, err);
	} else {
		CLEANUP(query_end)
		struct query q = stream_query(s, stream, (int64_t)stream->asked);

		rc = stream_read(s, stream, &q, err);
	}
	if (rc < 0 || stream->failed)
		return rc;
	stream->ended = stream->count < stream->asked;
	if (stream->count)
		stream->before_id = stream->block[stream->count - 1].id;
	return 0;
}

/* The stream's next candidate below the last one that was given; NULL at its end. */
static int stream_head(struct search_source *s, struct search_stream *stream,
		       const struct candidate **ret_head, struct threads_error *err)
{
	*ret_head = NULL;
	for (;;) {
		while (stream->next < stream->count && stream->block[stream->next].id >= s->last_id)
			stream->next++;
		if (stream->next < stream->count) {
			*ret_head = &stream->block[stream->next];
			return 0;
		}
		if (stream->ended)
			return 0;
		if (stream->failed)
			return threads_error_set(err, stream->failed, "interrupted");

		int rc = stream_fill(s, stream, err);

		if (rc < 0)
			return rc;
	}
}

static int next_of_streams(struct search_source *s, struct candidate *c, struct threads_error *err)
{
	bool found = false;

	for (size_t i = 0; i < s->stream_count; i++) {
		const struct candidate *head = NULL;
		int rc = stream_head(s, &s->streams[i], &head, err);

		if (rc < 0)
			return rc;
		if (head && (!found || head->id > c->id)) {
			*c = *head;
			found = true;
		}
	}
	if (found)
		s->last_id = c->id;
	return found;
}

static int next_of_ids(struct search_source *s, struct candidate *c, struct threads_error *err)
{
	while (s->id_next < s->id_count) {
		CLEANUP(query_end) struct query q = query_begin(s->reader->db, sql_source_row);
		int rc;

		query_bind_int(&q, ":id", s->ids[s->id_next++]);
		visible_bind(&q, ":set", s->reader->set);
		rc = query_step(&q, err);
		if (rc == 1)
			candidate_read(&q, c);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int next_ranked(struct search_source *s, struct candidate *c, struct threads_error *err)
{
	int rc = query_step(&s->ranked, err);

	if (rc == 1) {
		candidate_read(&s->ranked, c);
		c->score = query_real(&s->ranked, 5);
	}
	return rc;
}

int search_source_next(struct search_source *s, struct candidate *c, struct threads_error *err)
{
	int rc;

	do {
		if (s->is_ranked)
			rc = next_ranked(s, c, err);
		else
			rc = s->ids ? next_of_ids(s, c, err) : next_of_streams(s, c, err);
		if (rc <= 0)
			return rc;
		rc = search_match_rest(&s->match, c, err);
	} while (rc == 0);
	return rc;
}
