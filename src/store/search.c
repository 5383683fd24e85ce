/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two steps: candidates (ids, newest first, from one of three sources, each
 * through visible() and the rest of the plan), then the rows that are shown.
 */
#include "store/search.h"

#include <time.h>

#include "core/clock.h"
#include "store/message_id.h"
#include "store/reader_internal.h"
#include "store/search_hit.h"
#include "store/search_plan.h"

#define CANDIDATE_COLUMNS "m.id, m.date_ms, m.attachment_count"
#define CANDIDATE_FILTER                                                                           \
	" AND m.date_ms >= :from_ms AND m.date_ms < :before_ms"                                    \
	" AND (:attachment = 0 OR m.attachment_count > 0)"                                         \
	" AND visible(:set, m.audience_id, m.id)"

static const char sql_search_all[] =
	"SELECT " CANDIDATE_COLUMNS ", 0.0 FROM message m"
	" WHERE m.id < :before_id AND m.id >= :from_id" CANDIDATE_FILTER " ORDER BY m.id DESC";
static const char sql_search_words[] =
	"SELECT " CANDIDATE_COLUMNS ", 0.0"
	" FROM message_fts CROSS JOIN message m ON m.id = message_fts.rowid"
	" WHERE message_fts MATCH :match AND message_fts.rowid < :before_id"
	" AND message_fts.rowid >= :from_id" CANDIDATE_FILTER " ORDER BY message_fts.rowid DESC";
/* Weights: subject, sender, recipient, body, filename. */
static const char sql_search_ranked[] =
	"SELECT " CANDIDATE_COLUMNS ", bm25(message_fts, 6.0, 4.0, 2.0, 1.0, 2.0)"
	" FROM message_fts CROSS JOIN message m ON m.id = message_fts.rowid"
	" WHERE message_fts MATCH :match AND message_fts.rowid < :before_id"
	" AND message_fts.rowid >= :from_id" CANDIDATE_FILTER " ORDER BY message_fts.rowid DESC";
static const char sql_search_row[] =
	"SELECT " CANDIDATE_COLUMNS ", 0.0 FROM message m WHERE m.id = :id"
	" AND visible(:set, m.audience_id, m.id)";
static const char sql_search_leaf[] =
	"SELECT 1 FROM message_fts WHERE message_fts MATCH :match AND rowid = :id";
static const char sql_search_account[] =
	"SELECT 1 FROM sighting s JOIN account a ON a.id = s.account_id"
	" WHERE s.message_id = :id AND (a.owner_id = :viewer OR :operator)"
	" AND substr(a.name, 1, length(:name)) = :name COLLATE NOCASE";

struct candidate {
	int64_t id, date_ms;
	double score;
	bool attachment;
};

/* Where candidates come from. */
struct source {
	struct reader *reader;
	const struct search_plan *plan;
	struct query q;
	int64_t *ids; /* of a narrow set; NULL: the query gives rows */
	size_t id_count, id_next;
};

struct search {
	struct reader *reader;
	const struct search_request *request;
	struct search_plan *plan;
	struct search_result *result;
	struct candidate *found; /* the page; for relevance: everything ranked */
	size_t found_count;
	bool ranked;
};

static double now_precise_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

void search_result_release(struct search_result *result)
{
	json_decref(result->hits);
	result->hits = NULL;
}

/* ---- the rest of the plan, row by row --------------------------------------------- */

static int leaf_matches(struct reader *reader, const char *match, int64_t id,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_search_leaf);

	query_bind_text(&q, ":match", match);
	query_bind_int(&q, ":id", id);
	return query_step(&q, err);
}

/* Only accounts that the viewer holds: where others have a copy is not his to know. */
static int account_matches(struct reader *reader, const char *name, int64_t id,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_search_account);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":viewer", reader->viewer->id);
	query_bind_int(&q, ":operator", reader->viewer->role == VIEWER_OPERATOR);
	query_bind_text(&q, ":name", name);
	return query_step(&q, err);
}

/* Trees are as deep as query_tree.h allows. */
/* NOLINTBEGIN(misc-no-recursion) */
static int node_matches(struct source *s, const struct query_node *node, const struct candidate *c,
			struct threads_error *err);

/* A word without tokens ("—") decides nothing. */
static bool node_is_empty(const struct source *s, const struct query_node *node)
{
	return node->op == QUERY_TERM && node->field <= QUERY_SUBJECT &&
	       !search_plan_leaf(s->plan, node);
}

static int children_match(struct source *s, const struct query_node *node,
			  const struct candidate *c, struct threads_error *err)
{
	const bool any = node->op == QUERY_ANY;

	for (const struct query_node *child = node->first; child; child = child->next) {
		int rc;

		if (node_is_empty(s, child))
			continue;
		rc = node_matches(s, child, c, err);
		if (rc < 0 || (rc > 0) == any)
			return rc;
	}
	return !any;
}

/* 1, 0, or an error. */
static int node_matches(struct source *s, const struct query_node *node, const struct candidate *c,
			struct threads_error *err)
{
	const char *match = search_plan_leaf(s->plan, node);
	int rc;

	if (match)
		return leaf_matches(s->reader, match, c->id, err);
	switch (node->op) {
	case QUERY_NOT:
		if (node_is_empty(s, node->first))
			return 1;
		rc = node_matches(s, node->first, c, err);
		return rc < 0 ? rc : !rc;
	case QUERY_ALL:
	case QUERY_ANY:
		return children_match(s, node, c, err);
	case QUERY_TERM:
		break;
	}
	if (node->field == QUERY_ATTACHMENT)
		return c->attachment;
	if (node->field == QUERY_DATE)
		return node->from_ms <= c->date_ms && c->date_ms < node->before_ms;
	if (node->field == QUERY_ACCOUNT)
		return account_matches(s->reader, node->text, c->id, err);
	return 1;
}

/* NOLINTEND(misc-no-recursion) */

static int rest_matches(struct source *s, const struct candidate *c, struct threads_error *err)
{
	for (size_t i = 0; i < s->plan->rest_count; i++) {
		int rc = node_matches(s, s->plan->rest[i], c, err);

		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* ---- candidates ------------------------------------------------------------------- */

/* Ids go by the minute of the date, and overflow upwards: a day of room for that. */
static int64_t id_before(const struct search_plan *plan, int64_t before_id)
{
	const int64_t day_ms = 86400000;
	int64_t by_date;

	if (plan->before_ms == INT64_MAX)
		return before_id;
	by_date = message_id_first(plan->before_ms + day_ms);
	return by_date < before_id ? by_date : before_id;
}

static int source_open_narrow(struct source *s, int64_t before_id, struct threads_error *err)
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

static void source_open_query(struct source *s, const char *sql, int64_t before_id)
{
	const struct search_plan *plan = s->plan;

	s->q = query_begin(s->reader->db, sql);
	if (plan->match.len)
		query_bind_text(&s->q, ":match", strbuf_str(&plan->match));
	query_bind_int(&s->q, ":before_id", id_before(plan, before_id));
	query_bind_int(&s->q, ":from_id",
		       plan->from_ms == INT64_MIN ? INT64_MIN : message_id_first(plan->from_ms));
	query_bind_int(&s->q, ":from_ms", plan->from_ms);
	query_bind_int(&s->q, ":before_ms", plan->before_ms);
	query_bind_int(&s->q, ":attachment", plan->attachment);
	visible_bind(&s->q, ":set", s->reader->set);
}

static int source_open(struct source *s, struct search *search, int64_t before_id,
		       struct threads_error *err)
{
	int rc = 0;

	s->reader = search->reader;
	s->plan = search->plan;
	if (!search->ranked && visible_is_narrow(search->reader->set))
		rc = source_open_narrow(s, before_id, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return search_plan_by_row(search->plan, search->reader->tokenizer, err);
	if (search->ranked)
		source_open_query(s, sql_search_ranked, before_id);
	else
		source_open_query(s, search->plan->match.len ? sql_search_words : sql_search_all,
				  before_id);
	return 0;
}

static void source_close(struct source *s)
{
	query_end(&s->q);
	free(s->ids);
}

static void candidate_read(struct query *q, struct candidate *c)
{
	c->id = query_int(q, 0);
	c->date_ms = query_int(q, 1);
	c->attachment = query_int(q, 2) > 0;
	c->score = query_real(q, 3);
}

static int source_row(struct source *s, struct candidate *c, struct threads_error *err)
{
	int rc;

	if (!s->ids) {
		rc = query_step(&s->q, err);
		if (rc == 1)
			candidate_read(&s->q, c);
		return rc;
	}
	while (s->id_next < s->id_count) {
		CLEANUP(query_end) struct query q = query_begin(s->reader->db, sql_search_row);

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

/* The next candidate that the whole query holds for. 1, 0 at the end. */
static int source_next(struct source *s, struct candidate *c, struct threads_error *err)
{
	int rc;

	while ((rc = source_row(s, c, err)) == 1) {
		rc = rest_matches(s, c, err);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* The time was up: what is there is the answer. */
static int search_stopped(struct search *search, int rc, struct threads_error *err)
{
	if (rc >= 0 || !search->reader->interrupted)
		return rc;
	search->result->stopped = true;
	if (err)
		*err = (struct threads_error){ 0 };
	return 0;
}

/* ---- newest first ------------------------------------------------------------------ */

/* Goes on behind the page for a while, to know how many there are. */
static int count_rest(struct search *search, struct source *s, struct threads_error *err)
{
	const int64_t until_ms = clock_monotonic_ms() + SEARCH_COUNT_TIME_MS;
	struct search_result *result = search->result;
	struct candidate c;
	int rc = 1;

	reader_limit(search->reader, SEARCH_COUNT_TIME_MS);
	while (result->count <= SEARCH_COUNT_MAX && clock_monotonic_ms() < until_ms &&
	       (rc = source_next(s, &c, err)) == 1)
		result->count++;
	if (rc < 0 && search->reader->interrupted)
		rc = 1;
	/* Not at the end: there may be more. */
	result->count_capped = rc == 1;
	if (result->count > SEARCH_COUNT_MAX)
		result->count = SEARCH_COUNT_MAX;
	return rc < 0 ? rc : 0;
}

static int newest_collect(struct search *search, struct source *s, struct threads_error *err)
{
	const size_t limit = (size_t)search->request->limit;
	struct search_result *result = search->result;
	struct candidate c;
	int rc;

	while ((rc = source_next(s, &c, err)) == 1) {
		result->count++;
		if (search->found_count == limit) {
			result->more = true;
			break;
		}
		search->found[search->found_count++] = c;
	}
	if (rc == 1 && search->request->counted)
		rc = count_rest(search, s, err);
	rc = search_stopped(search, rc, err);
	result->count_capped |= result->stopped;
	if (search->found_count)
		result->next.id = search->found[search->found_count - 1].id;
	return rc < 0 ? rc : 0;
}

/* ---- by relevance ------------------------------------------------------------------- */

/* Better first (bm25 is negative); of equals the newer. */
static int candidate_compare(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	if (a->score < b->score || a->score > b->score)
		return a->score < b->score ? -1 : 1;
	return (a->id < b->id) - (a->id > b->id);
}

static int ranked_collect(struct search *search, struct source *s, struct threads_error *err)
{
	const struct search_cursor *after = &search->request->after;
	struct search_result *result = search->result;
	const size_t limit = (size_t)search->request->limit;
	size_t first = (size_t)after->offset;
	int rc = 1;

	while (search->found_count < SEARCH_RANKED_MAX &&
	       (rc = source_next(s, &search->found[search->found_count], err)) == 1)
		search->found_count++;
	rc = search_stopped(search, rc, err);
	if (rc < 0)
		return rc;
	result->count = (int64_t)search->found_count;
	result->count_capped = search->found_count == SEARCH_RANKED_MAX || result->stopped;
	result->next.as_of_id = after->as_of_id;
	if (!after->as_of_id && search->found_count)
		result->next.as_of_id = search->found[0].id;
	qsort(search->found, search->found_count, sizeof(*search->found), candidate_compare);
	first = first < search->found_count ? first : search->found_count;
	search->found_count -= first;
	memmove(search->found, search->found + first, search->found_count * sizeof(*search->found));
	result->more = search->found_count > limit;
	if (result->more)
		search->found_count = limit;
	result->next.offset = (int64_t)(first + search->found_count);
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------- */

static int candidates_collect(struct search *search, struct threads_error *err)
{
	CLEANUP(source_close) struct source s = { 0 };
	const struct search_cursor *after = &search->request->after;
	const int64_t newest = search->ranked ? after->as_of_id : after->id;
	int64_t before_id = INT64_MAX;
	int rc;

	if (newest)
		before_id = search->ranked ? newest + 1 : newest;
	rc = source_open(&s, search, before_id, err);
	if (rc < 0)
		return rc;
	return search->ranked ? ranked_collect(search, &s, err) : newest_collect(search, &s, err);
}

static int hits_make(struct search *search, struct threads_error *err)
{
	struct search_hits hits = {
		.reader = search->reader,
		.plan = search->plan,
		.bytes_left = SEARCH_SNIPPET_BYTES,
	};
	int rc = 0;

	search->result->hits = json_array();
	for (size_t i = 0; i < search->found_count && rc == 0; i++) {
		json_t *hit = NULL;

		rc = search_hit_make(&hits, search->found[i].id, &hit, err);
		if (rc == 0 && json_array_append_new(search->result->hits, hit) < 0)
			rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	search_hits_release(&hits);
	return rc;
}

static int search_in_scope(struct search *search, struct threads_error *err)
{
	const size_t room = search->ranked ? SEARCH_RANKED_MAX : (size_t)search->request->limit;
	AUTO_FREE struct candidate *found = calloc(room, sizeof(*found));
	int rc;

	if (!found)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	search->found = found;
	reader_limit(search->reader, SEARCH_TIME_MS);
	rc = candidates_collect(search, err);
	reader_limit(search->reader, -1);
	return rc < 0 ? rc : hits_make(search, err);
}

int search_run(struct reader *reader, const struct search_request *request,
	       struct search_result *result, struct threads_error *err)
{
	CLEANUP(search_plan_freep) struct search_plan *plan = NULL;
	CLEANUP(reader_end) struct reader *scope = NULL;
	struct search search = { .reader = reader, .request = request, .result = result };
	const double start_ms = now_precise_ms();
	int rc;

	*result = (struct search_result){ 0 };
	if (request->limit < 1 || request->limit > SEARCH_LIMIT_MAX || request->after.offset < 0 ||
	    request->after.offset > SEARCH_RANKED_MAX)
		return threads_error_set(err, THREADS_EINVAL, "limit or cursor out of bounds");
	rc = search_plan_make(request->tree, reader->tokenizer, &plan, err);
	if (rc == 0)
		rc = reader_begin(reader, request->viewer, &scope, err);
	if (rc < 0)
		return rc;
	search.plan = plan;
	search.ranked = request->sort == SEARCH_RELEVANCE && plan->match.len > 0;
	rc = search_in_scope(&search, err);
	if (rc < 0) {
		search_result_release(result);
		return threads_error_wrap(err, rc, "search");
	}
	result->took_ms = now_precise_ms() - start_ms;
	return 0;
}
