/* SPDX-License-Identifier: Apache-2.0 */
#include "index/batch.h"

#include <fcntl.h>

#include "core/log.h"
#include "index/convert.h"
#include "index/disk.h"
#include "ipc/metric.h"

enum {
	OUTPUT_MAX = 512 << 20,   /* of one parser; RLIMIT_FSIZE of parse stops it before */
	STORE_RETRY_MS = 1000,    /* after an error of disk or database */
	STORE_FAILURES_MAX = 120, /* then who brought it is told */
};

static void run_free(struct batch_run *run)
{
	memfd_unmap(&run->output);
	for (size_t i = 0; i < run->array_count; i++)
		free(run->arrays[i]);
	free(run->arrays);
	free(run);
}

static void batch_free(struct batch *batch)
{
	struct batch_run *run;

	while ((run = STAILQ_FIRST(&batch->runs))) {
		STAILQ_REMOVE_HEAD(&batch->runs, link);
		run_free(run);
	}
	memfd_unmap(&batch->input);
	if (batch->fd >= 0)
		close(batch->fd);
	free(batch->entries);
	free(batch->labels);
	free(batch->items);
	free(batch);
}

/* One message of the largest size allowed is a batch, too. */
static size_t bytes_max(const struct index_role *ix)
{
	const size_t message_max = (size_t)config_int(ix->role->config, "message_max");

	return message_max > BATCH_BYTES_MAX ? message_max : BATCH_BYTES_MAX;
}

static int check_entries(const struct batch *batch, struct threads_error *err)
{
	const size_t most = bytes_max(batch->ix);
	uint64_t bytes = 0;

	if (batch->count > BATCH_MESSAGES_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "more than %d messages in a batch",
					 BATCH_MESSAGES_MAX);
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->entries[i].offset > batch->input.len ||
		    batch->entries[i].length > batch->input.len - batch->entries[i].offset)
			return threads_error_set(err, THREADS_EINVAL, "entry %zu lies outside", i);
		/* Entries may lie over each other: a thousand times the same is work, too. */
		bytes += batch->entries[i].length;
		if (bytes > most)
			return threads_error_set(err, THREADS_ELIMIT,
						 "more than %zu bytes of messages in a batch",
						 most);
	}
	return 0;
}

int batch_submit(struct index_role *ix, const struct batch_request *request,
		 struct batch **ret_batch, struct threads_error *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	int rc;

	if (!batch) {
		close(request->fd);
		free(request->entries);
		free(request->labels);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	*batch = (struct batch){ .ix = ix,
				 .fd = request->fd,
				 .entries = request->entries,
				 .count = request->count,
				 .labels = request->labels,
				 .source = request->source,
				 .may_store = request->may_store,
				 .done = request->done,
				 .arg = request->arg };
	STAILQ_INIT(&batch->runs);
	batch->items = calloc(batch->count + 1, sizeof(*batch->items));
	rc = batch->items ? memfd_map(batch->fd, bytes_max(ix), &batch->input, err)
			  : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (rc == 0)
		rc = check_entries(batch, err);
	if (rc < 0) {
		batch_free(batch);
		return rc;
	}
	*ret_batch = batch;
	STAILQ_INSERT_TAIL(&ix->unparsed, batch, link);
	loop_timer_set(ix->parse_timer, 0);
	return 0;
}

void batch_abandon(struct batch *batch)
{
	batch->done = NULL;
	batch->cancelled = true;
	loop_timer_set(batch->ix->tick, 0); /* what is parsed already goes now */
}

size_t batch_run_end(const struct batch *batch)
{
	size_t end = batch->parsed;

	/* A message that killed a parser goes alone, and so do not those before it. */
	if (batch->entries[end].kills > 0)
		return end + 1;
	while (end < batch->count && batch->entries[end].kills == 0)
		end++;
	return end;
}

int batch_ask(const struct batch *batch, size_t end, int output_fd, struct peer *peer,
	      struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, PARSE_BATCH, 1);
	frame_put_fd(&f, batch->fd);
	frame_put_fd(&f, output_fd);
	frame_put_int(&f, (int64_t)(end - batch->parsed));
	for (size_t i = batch->parsed; i < end; i++) {
		frame_put_int(&f, (int64_t)batch->entries[i].offset);
		frame_put_int(&f, (int64_t)batch->entries[i].length);
		frame_put_int(&f, batch->entries[i].received_ms);
	}
	return peer_send(peer, &f, err);
}

bool batch_fully_parsed(const struct batch *batch)
{
	return batch->parsed == batch->count;
}

static int keep_arrays(struct batch_run *run, void *const arrays[CONVERT_ARRAYS])
{
	void **more = realloc(run->arrays, (run->array_count + CONVERT_ARRAYS) * sizeof(*more));

	if (!more)
		return -1;
	run->arrays = more;
	for (size_t i = 0; i < CONVERT_ARRAYS; i++)
		run->arrays[run->array_count++] = arrays[i];
	return 0;
}

/* One record into its entry. Returns 1, 0 at the end, < 0 when the output cannot be believed. */
static int take_record(struct batch *batch, struct batch_run *run, size_t *offset,
		       struct threads_error *err)
{
	struct batch_entry *entry = &batch->entries[batch->parsed];
	CLEANUP(record_release) struct record record = { 0 };
	void *arrays[CONVERT_ARRAYS] = { 0 };
	struct record_frame frame;
	const uint8_t *blobs = NULL;
	int rc = record_next(run->output.data, run->output.len, offset, &frame, &blobs, &record,
			     err);

	if (rc <= 0)
		return rc;
	if (record.raw_length != entry->length)
		return threads_error_set(err, THREADS_EINVAL, "a record of another message");
	rc = convert_record(&record, blobs, &entry->draft, arrays, err);
	if (rc == 0 && keep_arrays(run, arrays) < 0) {
		for (size_t i = 0; i < CONVERT_ARRAYS; i++)
			free(arrays[i]);
		rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	if (rc < 0)
		return rc;
	entry->has_draft = true;
	batch->parsed++;
	return 1;
}

/* Reads what the parser finished; false if something in it was wrong. */
static bool read_output(struct batch *batch, size_t end, int fd)
{
	struct batch_run *run = calloc(1, sizeof(*run));
	struct threads_error err = { 0 };
	size_t offset = 0;
	int rc = run ? memfd_seal(fd, &err) : THREADS_ENOMEM;

	/* Sealed: from here on the sender cannot change what is checked. */
	if (rc == 0)
		rc = memfd_map(fd, OUTPUT_MAX, &run->output, &err);
	if (rc < 0) {
		free(run);
		log_warning("output of parse: %s", err.text);
		return false;
	}
	STAILQ_INSERT_TAIL(&batch->runs, run, link);
	do {
		rc = batch->parsed < end ? take_record(batch, run, &offset, &err) : 0;
	} while (rc > 0);
	if (rc < 0)
		log_warning("output of parse: %s", err.text);
	return rc == 0;
}

void batch_take_output(struct batch *batch, size_t end, int output_fd, enum metric_parse_end how)
{
	const bool good = read_output(batch, end, output_fd);
	struct batch_entry *entry;

	if (batch->parsed == end)
		return;
	/* It stopped here: this message is the one that killed it, or that it lied about. */
	entry = &batch->entries[batch->parsed];
	if (good && how == PARSE_END_KILLED && ++entry->sigkills < BATCH_SIGKILLS_MAX)
		return;
	if (++entry->kills < BATCH_KILLS_MAX)
		return;
	log_warning("a message ended %d parsers; it is kept raw", entry->kills);
	batch->parsed++;
}

static void fill_items(struct batch *batch)
{
	static const unsigned char nothing[1];
	const unsigned char *const input = batch->input.data ? batch->input.data : nothing;

	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_entry *e = &batch->entries[i];

		batch->items[i] = (struct ingest_item){
			.folder_id = e->folder_id,
			.uid = e->uid,
			.sighting_flags = e->flags,
			.labels = e->labels,
			.received_ms = e->received_ms,
			.raw = input + e->offset,
			.raw_len = e->length,
			.draft = e->has_draft ? &e->draft : NULL,
			.failure = e->failure,
		};
	}
}

void batch_store(struct batch *batch)
{
	struct index_role *ix = batch->ix;

	fill_items(batch);
	STAILQ_INSERT_TAIL(&ix->parsed, batch, link);
	if (!loop_timer_is_set(ix->tick))
		loop_timer_set(ix->tick, 0);
}

static void finish(struct index_role *ix, struct batch *batch, int rc,
		   const struct threads_error *err)
{
	STAILQ_REMOVE(&ix->parsed, batch, batch, link);
	if (batch->done)
		batch->done(batch, &batch->counts, rc, err, batch->arg);
	batch_free(batch);
	loop_timer_set(ix->parse_timer, 0);
}

/* Disk and database faults are waited out; the batch stays first in line. */
static void store_failed(struct index_role *ix, struct batch *batch, int rc,
			 const struct threads_error *err)
{
	if (rc == THREADS_ENOENT || ++batch->failures > STORE_FAILURES_MAX) {
		finish(ix, batch, rc, err);
		loop_timer_set(ix->tick, 0);
		return;
	}
	if (batch->failures == 1)
		log_error("storing messages: %s; tried again", err->text);
	if (rc == THREADS_EFULL)
		disk_check(ix);
	loop_timer_set(ix->tick, STORE_RETRY_MS);
}

/* The first that may be stored. What must wait for its turn is behind one that is being parsed. */
static struct batch *next_to_store(struct index_role *ix)
{
	struct batch *batch;

	STAILQ_FOREACH(batch, &ix->parsed, link)
		if (batch->cancelled || !batch->may_store || batch->may_store(batch, batch->arg))
			return batch;
	return NULL;
}

/* One transaction; its time and results are figures of the hub. */
static int store_slice(struct index_role *ix, struct batch *batch, struct threads_error *err)
{
	const int64_t began_us = clock_monotonic_us();
	const struct ingest_counts before = batch->counts, *now = &batch->counts;
	const int rc = ingest_slice(ix->ingest, &batch->source, batch->items, batch->count,
				    &batch->stored, &batch->counts, err);

	if (rc < 0)
		return rc;
	metric_time(METRIC_COMMIT_SECONDS, clock_monotonic_us() - began_us);
	metric_add(METRIC_MESSAGES, RESULT_STORED, now->stored - before.stored);
	metric_add(METRIC_MESSAGES, RESULT_DUPLICATE, now->duplicate - before.duplicate);
	metric_add(METRIC_MESSAGES, RESULT_KNOWN, now->known - before.known);
	metric_add(METRIC_MESSAGES, RESULT_EXCLUDED, now->excluded - before.excluded);
	metric_add(METRIC_MESSAGES, RESULT_FAILED, now->failed - before.failed);
	return rc;
}

void batch_tick(void *arg)
{
	struct index_role *ix = arg;
	struct batch *batch = next_to_store(ix);
	struct threads_error err = { 0 };
	int rc = 0;

	if (!batch)
		return;
	/* Looked at before every slice: an import would fill the reserve between two timers. */
	if (!ix->disk_full)
		disk_check(ix);
	if (ix->disk_full && !batch->cancelled) {
		loop_timer_set(ix->tick, STORE_RETRY_MS);
		return;
	}
	if (!batch->cancelled && batch->stored < batch->count)
		rc = store_slice(ix, batch, &err);
	if (rc < 0) {
		store_failed(ix, batch, rc, &err);
		return;
	}
	batch->failures = 0;
	if (batch->stored == batch->count || batch->cancelled)
		finish(ix, batch, 0, NULL);
	if (!STAILQ_EMPTY(&ix->parsed))
		loop_timer_set(ix->tick, 0);
}

void batch_free_all(struct index_role *ix)
{
	struct batch_queue *const queues[] = { &ix->unparsed, &ix->parsed };
	struct batch *batch;

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		while ((batch = STAILQ_FIRST(queues[i]))) {
			STAILQ_REMOVE_HEAD(queues[i], link);
			batch_free(batch);
		}
}
