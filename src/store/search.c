/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two steps: candidates (search_source.h), then the rows that are shown.
 */
#include "store/search.h"

#include <time.h>

#include "core/clock.h"
#include "store/search_hit.h"
#include "store/search_source.h"

struct search {
	struct reader *reader;
	const struct search_request *request;
	struct search_plan *plan;
	struct search_result *result;
	struct candidate *found; /* the page; for relevance: everything ranked */
	size_t found_count;
	bool ranked;
};

#define SEARCH_RECENT_BONUS 0.25

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
static int count_rest(struct search *search, struct search_source *s, struct threads_error *err)
{
	const int64_t until_ms = clock_monotonic_ms() + SEARCH_COUNT_TIME_MS;
	struct search_result *result = search->result;
	struct candidate c;
	int rc = 1;

	reader_limit(search->reader, SEARCH_COUNT_TIME_MS);
	while (result->count <= SEARCH_COUNT_MAX && clock_monotonic_ms() < until_ms &&
	       (rc = search_source_next(s, &c, err)) == 1)
		result->count++;
	if (rc < 0 && search->reader->interrupted)
		rc = 1;
	/* Not at the end: there may be more. */
	result->count_capped = rc == 1;
	if (result->count > SEARCH_COUNT_MAX)
		result->count = SEARCH_COUNT_MAX;
	return rc < 0 ? rc : 0;
}

static int newest_collect(struct search *search, struct search_source *s, struct threads_error *err)
{
	const size_t limit = (size_t)search->request->limit;
	struct search_result *result = search->result;
	struct candidate c;
	int rc;

	while ((rc = search_source_next(s, &c, err)) == 1) {
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

/* What is new counts up to a quarter more than what is old: half of that after a year. Measured
 * from the newest candidate, not from now: the pages of one list agree. */
static void candidates_age(struct candidate *found, size_t count)
{
	const double year_ms = 365.25 * 86400e3;

	for (size_t i = 0; i < count; i++) {
		const double age_ms = (double)(found[0].date_ms - found[i].date_ms);
		const double years = age_ms > 0 ? age_ms / year_ms : 0;

		found[i].score *= 1 + SEARCH_RECENT_BONUS / (1 + years);
	}
}

static int ranked_collect(struct search *search, struct search_source *s, struct threads_error *err)
{
	const struct search_cursor *after = &search->request->after;
	struct search_result *result = search->result;
	const size_t limit = (size_t)search->request->limit;
	size_t first = (size_t)after->offset;
	int rc = 1;

	while (search->found_count < SEARCH_RANKED_MAX &&
	       (rc = search_source_next(s, &search->found[search->found_count], err)) == 1)
		search->found_count++;
	rc = search_stopped(search, rc, err);
	if (rc < 0)
		return rc;
	result->count = (int64_t)search->found_count;
	result->count_capped = search->found_count == SEARCH_RANKED_MAX || result->stopped;
	result->next.as_of_id = after->as_of_id;
	if (!after->as_of_id && search->found_count)
		result->next.as_of_id = search->found[0].id;
	candidates_age(search->found, search->found_count);
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
	AUTO_FREE struct search_source *s = calloc(1, sizeof(*s));
	const struct search_cursor *after = &search->request->after;
	const int64_t newest = search->ranked ? after->as_of_id : after->id;
	int64_t before_id = INT64_MAX;
	int rc;

	if (!s)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	s->reader = search->reader;
	s->plan = search->plan;
	if (newest)
		before_id = search->ranked ? newest + 1 : newest;
	rc = search_source_open(s, before_id, search->ranked, err);
	if (rc == 0)
		rc = search->ranked ? ranked_collect(search, s, err)
				    : newest_collect(search, s, err);
	search_source_close(s);
	return rc;
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
	rc = reader_begin(reader, request->viewer, &scope, err);
	reader_limit(reader, SEARCH_TIME_MS);
	if (rc >= 0)
		rc = search_plan_make(request->tree, reader, request->sort == SEARCH_RELEVANCE,
				      &plan, err);
	reader_limit(reader, -1);
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
