/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ingest.h"

#include "filing/email_key.h"
#include "store/ingest_internal.h"

static const char sql_pack_last[] = "SELECT id, committed_bytes FROM pack ORDER BY id DESC LIMIT 1";
static const char sql_pack_commit[] =
	"UPDATE pack SET committed_bytes = :end WHERE id = :id AND committed_bytes <> :end";
static const char sql_account[] =
	"SELECT owner_id, policy = 'open' FROM account WHERE id = :id AND state <> 'deleting'";
static const char sql_groups[] = "SELECT id FROM user_group WHERE selector = 'all' ORDER BY id";
static const char sql_account_count[] =
	"UPDATE account SET message_count = message_count + :added WHERE id = :id";
static const char sql_folder_count[] =
	"UPDATE folder SET message_count = message_count + 1 WHERE id = :id";

static int packs_open(struct ingest *ingest, const struct ingest_options *options,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_pack_last);
	int64_t number = 0, committed = 0;
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	if (rc == 1) {
		number = query_int(&q, 0);
		committed = query_int(&q, 1);
	}
	ingest->pack_number = number;
	return pack_writer_open(options->pack_dir_fd, options->pack_key, number, committed,
				&ingest->packs, err);
}

int ingest_new(const struct ingest_options *options, struct ingest **ret_ingest,
	       struct threads_error *err)
{
	CLEANUP(ingest_freep) struct ingest *ingest = calloc(1, sizeof(*ingest));
	int rc;

	if (!ingest)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	ingest->store = options->store;
	ingest->db = store_db(options->store);
	ingest->filing = options->filing;
	ingest->clock = options->clock;
	ingest->cctx = ZSTD_createCCtx();
	ingest->dctx = ZSTD_createDCtx();
	ingest->item_us = 800;
	ingest->scratch.max = ingest->plain.max = ingest->part.max = AEAD_PLAIN_MAX;
	ingest->prefix.max = AEAD_PLAIN_MAX;
	ingest->exclusions.channels.max = ingest->exclusions.domains.max = INGEST_TEXT_MAX;
	/* scratch holds one address key and never grows: a failure there means "not an address" */
	for (size_t i = 0; i <= EMAIL_KEY_MAX; i++)
		strbuf_add_char(&ingest->scratch, ' ');
	if (!ingest->cctx || !ingest->dctx || ingest->scratch.failed)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = packs_open(ingest, options, err);
	if (rc < 0)
		return rc;
	*ret_ingest = TAKE_PTR(ingest);
	return 0;
}

struct ingest *ingest_free(struct ingest *ingest)
{
	if (!ingest)
		return NULL;
	channel_cache_clear(ingest);
	for (size_t i = 0; i < INGEST_SLICE_MAX; i++)
		prepared_release(&ingest->prepared[i]);
	pack_writer_close(ingest->packs);
	ZSTD_freeCCtx(ingest->cctx);
	ZSTD_freeDCtx(ingest->dctx);
	strbuf_release(&ingest->scratch);
	strbuf_release(&ingest->plain);
	strbuf_release(&ingest->prefix);
	strbuf_release(&ingest->part);
	strbuf_release(&ingest->exclusions.channels);
	strbuf_release(&ingest->exclusions.domains);
	audience_release(&ingest->audience);
	free(ingest->open_groups);
	free(ingest->people);
	free(ingest->facts);
	free(ingest->fact_ids);
	free(ingest);
	return NULL;
}

void ingest_freep(struct ingest **ingest)
{
	*ingest = ingest_free(*ingest);
}

struct pack_writer *ingest_packs(struct ingest *ingest)
{
	return ingest->packs;
}

void ingest_forget_caches(struct ingest *ingest)
{
	channel_cache_clear(ingest);
	exclusions_forget(ingest);
}

/* ---- the facts that all messages of a slice share ---- */

static int groups_load(struct ingest *ingest, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_groups);
	int rc;

	ingest->open_group_count = 0;
	while ((rc = query_step(&q, err)) == 1) {
		int64_t *grown = realloc(ingest->open_groups,
					 (ingest->open_group_count + 1) * sizeof(*grown));

		if (!grown)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		ingest->open_groups = grown;
		grown[ingest->open_group_count++] = query_int(&q, 0);
	}
	return rc;
}

static int source_load(struct ingest *ingest, const struct ingest_source *source,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_account);
	int rc;

	if (ingest->people_version != ingest->store->people_version)
		ingest_forget_caches(ingest);
	ingest->people_version = ingest->store->people_version;
	ingest->source = source;
	ingest->now_ms = clock_now_ms(ingest->clock);
	ingest->labels_dropped = 0;
	query_bind_int(&q, ":id", source->account_id);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "the account is gone");
	if (rc < 0)
		return rc;
	ingest->owner_id = query_int(&q, 0);
	ingest->policy_open = query_int(&q, 1) != 0;
	return groups_load(ingest, err);
}

/* ---- one slice ---- */

/* How many items from here on make about INGEST_SLICE_MS of work. */
static size_t slice_size(const struct ingest *ingest, const struct ingest_item *items, size_t left)
{
	size_t max = (size_t)(INGEST_SLICE_MS * INT64_C(1000) / (ingest->item_us + 1));
	size_t n = 0, bytes = 0;

	if (ingest->single > 0)
		return 1;
	if (max > INGEST_SLICE_MAX)
		max = INGEST_SLICE_MAX;
	while (n < left && n < max && (n == 0 || bytes + items[n].raw_len <= INGEST_SLICE_BYTES))
		bytes += items[n++].raw_len;
	return n > 0 ? n : 1;
}

struct slice_order {
	size_t index;
	int64_t date_ms;
};

static int order_compare(const void *pa, const void *pb)
{
	const struct slice_order *a = pa, *b = pb;

	if (a->date_ms != b->date_ms)
		return a->date_ms < b->date_ms ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void result_count(const struct ingest_item *item, struct ingest_counts *counts)
{
	counts->stored += item->result == INGEST_STORED;
	counts->duplicate += item->result == INGEST_DUPLICATE;
	counts->known += item->result == INGEST_KNOWN;
	counts->excluded += item->result == INGEST_EXCLUDED;
	counts->failed += item->result == INGEST_FAILED;
	counts->bytes += (int64_t)item->raw_len;
}

static int folder_count(struct ingest *ingest, const struct ingest_item *item,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_folder_count);

	query_bind_int(&q, ":id", item->folder_id);
	return query_run(&q, err);
}

/* Rows go in sorted by date, so that the search index gets ascending rowids. */
static int slice_insert(struct ingest *ingest, struct ingest_item *items, size_t n,
			struct ingest_counts *counts, struct threads_error *err)
{
	struct slice_order order[INGEST_SLICE_MAX] = { 0 };

	for (size_t i = 0; i < n; i++)
		order[i] =
			(struct slice_order){ .index = i, .date_ms = ingest->prepared[i].date_ms };
	qsort(order, n, sizeof(order[0]), order_compare);
	for (size_t i = 0; i < n; i++) {
		struct ingest_item *item = &items[order[i].index];
		int rc = insert_item(ingest, item, &ingest->prepared[order[i].index], err);

		if (rc == 0 && (item->result == INGEST_STORED || item->result == INGEST_DUPLICATE))
			rc = folder_count(ingest, item, err);
		if (rc < 0)
			return rc;
		result_count(item, counts);
	}
	return 0;
}

static int account_count(struct ingest *ingest, int64_t added, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_account_count);

	if (added == 0)
		return 0;
	query_bind_int(&q, ":id", ingest->source->account_id);
	query_bind_int(&q, ":added", added);
	return query_run(&q, err);
}

/* Packs first: what the rows refer to must be on disk before they are. */
static int slice_finish(struct ingest *ingest, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_pack_commit);
	int64_t number = 0, end = 0;
	int rc;

	pack_position(ingest->packs, &number, &end);
	if (number == ingest->pack_before && end == ingest->end_before)
		return 0;
	query_bind_int(&q, ":id", number);
	query_bind_int(&q, ":end", end);
	rc = query_run(&q, err);
	return rc == 0 ? pack_sync(ingest->packs, err) : rc;
}

static int slice_transaction(struct ingest *ingest, struct ingest_item *items, size_t n,
			     size_t done, struct ingest_counts *counts, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(ingest->db, &scope, err);

	if (rc == 0)
		rc = slice_insert(ingest, items, n, counts, err);
	if (rc == 0)
		rc = account_count(ingest, counts->stored + counts->duplicate, err);
	if (rc == 0 && ingest->source->finish)
		rc = ingest->source->finish(ingest->store, done + n, counts, ingest->source->arg,
					    err);
	if (rc == 0)
		rc = slice_finish(ingest, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

/* Nothing of the slice happened: forget what was appended and remembered for it. */
static void slice_undo(struct ingest *ingest, struct ingest_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i].result = INGEST_PENDING;
	ingest_forget_caches(ingest);
	/* A failure here shows again at the next append: the file is where it was. */
	if (pack_rewind(ingest->packs, ingest->pack_before, ingest->end_before, NULL) < 0)
		ingest->pack_number = 0;
	else
		ingest->pack_number = ingest->pack_number_before;
}

/* An item that the database refuses, found out by taking the slice apart. */
static bool refuse_single(struct ingest *ingest, struct ingest_item *item, size_t n, int rc)
{
	if (rc != THREADS_EINVAL || item->failure)
		return false;
	if (n > 1) {
		ingest->single = n;
		return true;
	}
	item->failure = "the store refused it";
	return true;
}

static void cost_learn(struct ingest *ingest, int64_t begun_ms, size_t n)
{
	const int64_t spent_us =
		(clock_monotonic_ms() - begun_ms) * 1000 / (int64_t)(n > 0 ? n : 1);

	ingest->item_us = (ingest->item_us * 3 + spent_us) / 4;
	if (ingest->single > 0)
		ingest->single--;
}

int ingest_slice(struct ingest *ingest, const struct ingest_source *source,
		 struct ingest_item *items, size_t count, size_t *done,
		 struct ingest_counts *counts, struct threads_error *err)
{
	struct ingest_item *first = items + *done;
	struct ingest_counts slice = { 0 };
	int64_t begun_ms;
	size_t n;
	int rc;

	if (*done >= count)
		return 0;
	rc = source_load(ingest, source, err);
	if (rc < 0)
		return rc;
	n = slice_size(ingest, first, count - *done);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = prepare_item(ingest, &first[i], &ingest->prepared[i], err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "prepare");
	pack_position(ingest->packs, &ingest->pack_before, &ingest->end_before);
	ingest->pack_number_before = ingest->pack_number;
	begun_ms = clock_monotonic_ms();
	rc = slice_transaction(ingest, first, n, *done, &slice, err);
	if (rc < 0) {
		slice_undo(ingest, first, n);
		return refuse_single(ingest, first, n, rc) ? 0 : rc;
	}
	cost_learn(ingest, begun_ms, n);
	*done += n;
	counts->stored += slice.stored;
	counts->duplicate += slice.duplicate;
	counts->known += slice.known;
	counts->excluded += slice.excluded;
	counts->failed += slice.failed;
	counts->bytes += slice.bytes;
	counts->labels_dropped += ingest->labels_dropped;
	return 0;
}
