/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Background work in slices: one job at a time, the one that decides what others
 * do first. A slice ends after some 30 ms, so that other writes have their turn.
 */
#include <jansson.h>

#include "core/clock.h"
#include "core/json.h"
#include "store/audience_refresh.h"
#include "store/ingest_internal.h"
#include "store/job.h"
#include "store/ledger.h"
#include "store/people.h"
#include "store/removal.h"

enum {
	SLICE_MS = 30,
	SLICE_ITEMS = 1000,
	ERASE_ITEMS = 200,
	SHRINK_PAGES = 128,       /* a few ms */
	SHRINK_LAST_PAGES = 4096, /* some 100 ms */
};

static const char sql_job_next[] =
	"SELECT id, kind, object_id, position FROM job ORDER BY kind, id LIMIT 1";
static const char sql_job_position[] = "UPDATE job SET position = :position WHERE id = :id";
static const char sql_job_done[] = "DELETE FROM job WHERE id = :id";
static const char sql_next_of_account[] =
	"SELECT message_id FROM sighting WHERE account_id = :object_id AND message_id > :position"
	" ORDER BY message_id LIMIT 1";
static const char sql_next_of_channel[] =
	"SELECT min(id) FROM (SELECT min(message_id) AS id FROM participant"
	" WHERE channel_id = :object_id AND message_id > :position"
	" UNION ALL SELECT min(message_id) FROM sighting_bcc"
	" WHERE channel_id = :object_id AND message_id > :position) HAVING min(id) IS NOT NULL";
static const char sql_next_of_all[] =
	"SELECT id FROM message WHERE id > :position AND :object_id = 0 ORDER BY id LIMIT 1";
static const char sql_next_sighting[] =
	"SELECT folder_id, uid, message_id FROM sighting WHERE account_id = :id LIMIT 1";
static const char sql_next_channel[] =
	"SELECT id, key, company_id IS NOT NULL, privacy FROM channel"
	" WHERE id > :position AND kind = 1 AND privacy_set_ms = 0 ORDER BY id LIMIT 1";
static const char sql_channel_privacy[] = "UPDATE channel SET privacy = :privacy WHERE id = :id";
static const char sql_setting[] = "SELECT value FROM setting WHERE name = :name";
static const char sql_folders_delete[] = "DELETE FROM folder WHERE account_id = :id";
static const char sql_ledger_delete[] = "DELETE FROM ledger WHERE account_id = :id";
static const char sql_imports_delete[] = "DELETE FROM import WHERE account_id = :id";
static const char sql_exclusions_delete[] = "DELETE FROM exclusion WHERE account_id = :id";
static const char sql_account_delete[] = "DELETE FROM account WHERE id = :id";
static const char sql_erasure_next[] =
	"SELECT pack_id, offset, length FROM erasure ORDER BY pack_id, offset LIMIT 1";
static const char sql_erasure_done[] =
	"DELETE FROM erasure WHERE pack_id = :pack_id AND offset = :offset";

static const char fts_merge_all[] =
	"INSERT INTO message_fts (message_fts, rank) VALUES ('merge', -300)";
static const char fts_merge_more[] =
	"INSERT INTO message_fts (message_fts, rank) VALUES ('merge', 300)";

struct job {
	int64_t id, object_id, position, now_ms;
	char kind[32];
};

static int run_id(struct store *store, const char *sql, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

static int job_next(struct store *store, struct job *job, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_job_next);
	int rc = query_step(&q, err);

	if (rc != 1)
		return rc;
	job->id = query_int(&q, 0);
	snprintf(job->kind, sizeof(job->kind), "%s", query_text(&q, 1));
	job->object_id = query_int(&q, 2);
	job->position = query_int(&q, 3);
	return 1;
}

/* ---- the steps of each kind: 1 did one thing, 0 nothing is left ---- */

static int audience_step(struct store *store, const char *sql, struct job *job,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);
	int rc;

	query_bind_int(&q, ":object_id", job->object_id);
	query_bind_int(&q, ":position", job->position);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	job->position = query_int(&q, 0);
	query_end(&q);
	rc = audience_refresh(store, job->position, err);
	return rc < 0 ? rc : 1;
}

static int account_empty(struct store *store, int64_t id, int64_t now_ms, struct threads_error *err)
{
	int64_t job_id = 0;
	static const char *const rows[] = {
		sql_ledger_delete,     sql_imports_delete, sql_folders_delete,
		sql_exclusions_delete, sql_account_delete,
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && rc == 0; i++)
		rc = run_id(store, rows[i], id, err);
	return rc < 0 ? rc : job_add(store, JOB_INDEX_OPTIMIZE, 0, now_ms, &job_id, err);
}

static int delete_step(struct store *store, struct job *job, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_next_sighting);
	int64_t folder_id, uid, message_id;
	int rc;

	query_bind_int(&q, ":id", job->object_id);
	rc = query_step(&q, err);
	if (rc == 0)
		return account_empty(store, job->object_id, job->now_ms, err);
	if (rc < 0)
		return rc;
	folder_id = query_int(&q, 0);
	uid = query_int(&q, 1);
	message_id = query_int(&q, 2);
	query_end(&q);
	rc = sighting_remove(store, folder_id, uid, message_id, err);
	return rc < 0 ? rc : 1;
}

/* FTS5 keeps the words of deleted rows until their segments are merged. The first
 * step begins to merge everything into one segment, the others go on with it. */
static int optimize_step(struct store *store, struct job *job, struct threads_error *err)
{
	const int64_t before = db_total_changes(store->db);
	int rc = db_exec(store->db, job->position == 0 ? fts_merge_all : fts_merge_more, err);

	job->position = 1;
	if (rc < 0)
		return rc;
	return db_total_changes(store->db) - before >= 2; /* fewer: nothing was merged */
}

/* What the settings say about channels that follow them. */
struct channel_rule {
	char *own_domains;
	bool outside_shared;
};

static void channel_rule_release(struct channel_rule *rule)
{
	free(rule->own_domains);
}

static int channel_rule_load(struct store *store, struct channel_rule *rule,
			     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_setting);
	int rc;

	query_bind_text(&q, ":name", "outside_channels");
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	rule->outside_shared = rc == 1 && strcmp(query_text(&q, 0), "\"shared\"") == 0;
	query_again(&q);
	query_bind_text(&q, ":name", "own_domains");
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	return own_domains_parse(rc == 1 ? query_text(&q, 0) : "[]", &rule->own_domains, err);
}

static int channel_step(struct store *store, const struct channel_rule *rule, struct job *job,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_next_channel);
	CLEANUP(query_end) struct query set = query_begin(store->db, sql_channel_privacy);
	enum channel_privacy privacy;
	const char *domain;
	int rc;

	query_bind_int(&q, ":position", job->position);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	job->position = query_int(&q, 0);
	domain = strrchr(query_text(&q, 1), '@');
	privacy = rule->outside_shared && query_int(&q, 2) && domain &&
				  !domain_is_own(rule->own_domains, domain + 1)
			  ? CHANNEL_SHARED
			  : CHANNEL_PRIVATE;
	if (privacy == (enum channel_privacy)query_int(&q, 3))
		return 1;
	query_end(&q);
	query_bind_int(&set, ":id", job->position);
	query_bind_int(&set, ":privacy", privacy);
	rc = query_run(&set, err);
	return rc < 0 ? rc : 1;
}

static int job_one(struct store *store, const struct channel_rule *rule, struct job *job,
		   struct threads_error *err)
{
	if (strcmp(job->kind, JOB_CHANNEL_DEFAULTS) == 0)
		return channel_step(store, rule, job, err);
	if (strcmp(job->kind, JOB_AUDIENCE_ACCOUNT) == 0)
		return audience_step(store, sql_next_of_account, job, err);
	if (strcmp(job->kind, JOB_AUDIENCE_CHANNEL) == 0)
		return audience_step(store, sql_next_of_channel, job, err);
	if (strcmp(job->kind, JOB_AUDIENCE_ALL) == 0)
		return audience_step(store, sql_next_of_all, job, err);
	if (strcmp(job->kind, JOB_ACCOUNT_DELETE) == 0)
		return delete_step(store, job, err);
	if (strcmp(job->kind, JOB_LEDGER_TRIM) == 0)
		return ledger_trim_step(store, job->object_id, &job->position, job->now_ms, err);
	if (strcmp(job->kind, JOB_INDEX_OPTIMIZE) == 0)
		return optimize_step(store, job, err);
	return 0; /* of a later program */
}

/* Done: deny rows go with the job, and readers look anew. */
static int job_end(struct store *store, const struct job *job, struct threads_error *err)
{
	int rc = run_id(store, sql_job_done, job->id, err);

	store->people_version++;
	return rc < 0 ? rc : store_epoch_bump(store, err);
}

static int job_save(struct store *store, const struct job *job, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_job_position);

	query_bind_int(&q, ":id", job->id);
	query_bind_int(&q, ":position", job->position);
	return query_run(&q, err);
}

/* One slice of one job in one transaction. */
static int job_slice(struct store *store, struct job *job, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(channel_rule_release) struct channel_rule rule = { 0 };
	const int64_t until_ms = clock_monotonic_ms() + SLICE_MS;
	int done = 0;
	int rc = db_scope_begin(store->db, &scope, err);

	if (rc == 0 && strcmp(job->kind, JOB_CHANNEL_DEFAULTS) == 0)
		rc = channel_rule_load(store, &rule, err);
	if (rc == 0)
		do {
			rc = job_one(store, &rule, job, err);
		} while (rc == 1 && ++done < SLICE_ITEMS && clock_monotonic_ms() < until_ms);
	if (rc == 0)
		rc = job_end(store, job, err);
	else if (rc == 1)
		rc = job_save(store, job, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

/* ---- erasure ---- */

static int erasure_next(struct store *store, struct pack_location *location,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_erasure_next);
	int rc = query_step(&q, err);

	if (rc == 1)
		*location = (struct pack_location){
			.pack = query_int(&q, 0),
			.offset = query_int(&q, 1),
			.length = query_int(&q, 2),
		};
	return rc;
}

static int erasure_done(struct store *store, const struct pack_location *location,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_erasure_done);

	query_bind_int(&q, ":pack_id", location->pack);
	query_bind_int(&q, ":offset", location->offset);
	return query_run(&q, err);
}

/* Overwrites bytes whose rows are gone. Returns 1 if there was something to do. */
static int erasure_slice(struct store *store, struct pack_writer *packs, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const int64_t until_ms = clock_monotonic_ms() + SLICE_MS;
	struct pack_location location;
	int done = 0;
	int rc = db_scope_begin(store->db, &scope, err);

	while (rc == 0 && done < ERASE_ITEMS && clock_monotonic_ms() < until_ms) {
		rc = erasure_next(store, &location, err);
		if (rc == 0)
			break;
		if (rc == 1)
			rc = pack_erase(packs, &location, err);
		if (rc == 0)
			rc = erasure_done(store, &location, err);
		done++;
	}
	if (rc == 0)
		rc = db_scope_commit(&scope, err);
	return rc < 0 ? rc : done > 0;
}

/* Nothing is left to do: merge the index a little, give what that freed back to the disk, empty
 * the WAL. Returns 1 if there was need. */
static int settle(struct store *store, struct threads_error *err)
{
	const int64_t before = db_total_changes(store->db);
	int rc;

	if (before == store->settled_changes)
		return 0;
	rc = db_exec(store->db, fts_merge_more, err);
	if (rc < 0 || db_total_changes(store->db) - before >= 2)
		return rc < 0 ? rc : 1;
	rc = db_shrink(store->db, SHRINK_PAGES, err);
	if (rc != 0)
		return rc;
	rc = db_checkpoint(store->db, err);
	if (rc < 0 && rc != THREADS_EAGAIN) /* a reader: the next time */
		return rc;
	store->settled_changes = rc == 0 ? db_total_changes(store->db) : before - 1;
	return 0;
}

int background_step(struct store *store, struct pack_writer *packs, int64_t now_ms,
		    struct threads_error *err)
{
	struct job job = { .now_ms = now_ms };
	int rc = job_next(store, &job, err);

	if (rc == 1) {
		rc = job_slice(store, &job, err);
		return rc < 0 ? threads_error_wrap(err, rc, "job %s", job.kind) : 1;
	}
	if (rc == 0 && packs)
		rc = erasure_slice(store, packs, err);
	return rc == 0 ? settle(store, err) : rc;
}

int background_end(struct store *store, struct threads_error *err)
{
	const int rc = db_shrink(store->db, SHRINK_LAST_PAGES, err);

	return rc < 0 ? rc : 0;
}
