/* SPDX-License-Identifier: Apache-2.0 */
#include "index/import_fill.h"

#include "core/clock.h"
#include "core/log.h"
#include "crypto/digest.h"

static const char words_too_large[] = "Larger than the limit for one message. Raise message_max, "
				      "or leave it out.";
static const char words_unreadable_file[] = "The file could not be read.";

int filling_begin(struct filling *fill, size_t most, struct threads_error *err)
{
	*fill = (struct filling){ .fd = -1 };
	fill->entries = calloc(most + 1, sizeof(*fill->entries));
	fill->offsets = calloc(most + 1, sizeof(*fill->offsets));
	if (!fill->entries || !fill->offsets)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return memfd_new("threads-batch", &fill->fd, err);
}

void filling_release(struct filling *fill)
{
	if (fill->fd >= 0)
		close(fill->fd);
	free(fill->entries);
	free(fill->offsets);
}

/* Copies a piece of a file into the memfd: what a file's owner does to it later cannot hurt. */
static int copy_piece(struct filling *fill, int from, uint64_t offset, uint64_t length)
{
	enum { PIECE = 64 * 1024 };
	AUTO_FREE unsigned char *buffer = malloc(PIECE);
	struct threads_error err;

	if (!buffer)
		return -1;
	while (length > 0) {
		const size_t n = length < PIECE ? (size_t)length : PIECE;

		if (pread_all(from, buffer, n, (off_t)offset, &err) < 0 ||
		    write_all(fill->fd, buffer, n, &err) < 0)
			return -1;
		offset += n;
		length -= n;
	}
	return 0;
}

/* What is not read has no bytes to be known by: its place in the import stands for it. */
static int64_t failure_uid(const char *name, uint64_t offset)
{
	CLEANUP(digest_release) struct digest d = { 0 };
	unsigned char sha256[DIGEST_LEN] = { 0 };

	digest_begin(&d);
	digest_add(&d, name, strlen(name));
	digest_add(&d, &offset, sizeof(offset));
	if (digest_end(&d, sha256, NULL) < 0)
		return 1; /* no memory: two of these count as one */
	return ingest_uid_from_digest(sha256);
}

/* Maildir: "17.M2P3:2,RS" has the state of the mail in its name, and in new/ nobody saw it. */
static uint32_t flags_of_name(const char *name)
{
	static const struct {
		char letter;
		uint32_t flag;
	} letters[] = { { 'S', SIGHTING_SEEN },
			{ 'R', SIGHTING_ANSWERED },
			{ 'F', SIGHTING_FLAGGED },
			{ 'D', SIGHTING_DRAFT } };
	const char *slash = strrchr(name, '/');
	const char *info = strstr(slash ? slash : name, "2,");
	uint32_t flags = 0;

	/* The colon is another character where file systems do not have it. */
	if (!info || info == name || !strchr(":;!", info[-1]))
		return slash && slash - name >= 4 && memcmp(slash - 4, "/new", 4) == 0
			       ? 0
			       : SIGHTING_STATE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (strchr(info, letters[i].letter))
			flags |= letters[i].flag;
	return flags;
}

void filling_add(struct import_run *run, struct filling *fill, const struct import_source *source,
		 uint64_t offset, uint64_t length)
{
	const uint64_t most = (uint64_t)config_int(run->ix->role->config, "message_max");
	struct batch_entry *entry = &fill->entries[fill->count++];

	*entry = (struct batch_entry){ .folder_id = run->folder_id,
				       .flags = flags_of_name(source->name),
				       .offset = fill->bytes };
	if (length > most)
		entry->failure = words_too_large;
	else if (source->fd < 0 || copy_piece(fill, source->fd, offset, length) < 0)
		entry->failure = words_unreadable_file;
	else
		entry->length = length;
	if (entry->failure)
		entry->uid = failure_uid(source->name, offset);
	if (entry->failure && (ftruncate(fill->fd, (off_t)fill->bytes) < 0 ||
			       lseek(fill->fd, (off_t)fill->bytes, SEEK_SET) < 0))
		log_error("memory file: %m");
	fill->bytes += entry->length;
}

void import_file_over(struct import_run *run, const struct import_file *file, bool failed)
{
	const struct import import = { .id = run->id, .account_id = run->account_id };
	const struct ledger_entry entry = { .uid = failure_uid(file->name,
							       (uint64_t)file->position),
					    .reason = "failed",
					    .detail = words_unreadable_file };
	struct threads_error err;

	if (import_file_end(run->ix->store, &import, file, failed ? &entry : NULL,
			    clock_now_ms(NULL), &err) < 0)
		import_run_fail(run, &err);
	run->files_done++;
}

static bool may_store(const struct batch *batch, void *arg)
{
	const struct import_flight *flight = arg;

	return STAILQ_FIRST(&flight->run->flights)->batch == batch;
}

/* Inside the transaction of a slice: counters and position, or neither. */
static int on_slice(struct store *store, size_t done, const struct ingest_counts *slice, void *arg,
		    struct threads_error *err)
{
	const struct import_flight *flight = arg;
	const struct import_run *run = flight->run;
	const bool file_done = flight->file_ends && done == flight->count;
	const int64_t files = run->is_mbox ? (file_done ? 1 : 0)
					   : slice->stored + slice->duplicate + slice->known +
						     slice->excluded + slice->failed;
	int rc = import_add(store, run->id, slice, files, clock_now_ms(NULL), err);

	if (rc == 0 && run->is_mbox)
		rc = import_file_position(store, flight->file_id, (int64_t)flight->offsets[done],
					  file_done, err);
	return rc;
}

static void on_batch_done(struct batch *batch, const struct ingest_counts *counts, int rc,
			  const struct threads_error *why, void *arg)
{
	struct import_flight *flight = arg;
	struct import_run *run = flight->run;

	(void)counts;
	STAILQ_REMOVE(&run->flights, flight, import_flight, link);
	run->flight_count--;
	if (rc < 0)
		import_run_fail(run, why);
	else if (!run->is_mbox)
		run->files_done += (int64_t)batch->count;
	else if (flight->file_ends && batch->count == 0)
		import_file_over(
			run,
			&(const struct import_file){ .id = flight->file_id,
						     .position = (int64_t)flight->offsets[0] },
			false);
	else if (flight->file_ends)
		run->files_done++;
	free(flight->offsets);
	free(flight);
	role_bell(run->ix->role, BELL_IMPORTS, run->id);
	import_run_go(run);
}

int filling_launch(struct import_run *run, struct filling *fill, bool file_ends,
		   struct threads_error *err)
{
	struct import_flight *flight = calloc(1, sizeof(*flight));
	const struct batch_request request = {
		.fd = TAKE_FD(fill->fd),
		.entries = TAKE_PTR(fill->entries),
		.count = fill->count,
		.source = { run->account_id, run->id, on_slice, flight },
		.may_store = may_store,
		.done = on_batch_done,
		.arg = flight,
	};
	int rc = flight ? memfd_seal(request.fd, err)
			: threads_error_set(err, THREADS_ENOMEM, "out of memory");

	if (rc < 0) {
		free(flight);
		free(request.entries);
		close(request.fd);
		return rc;
	}
	*flight = (struct import_flight){ .run = run,
					  .offsets = TAKE_PTR(fill->offsets),
					  .count = fill->count,
					  .file_id = run->mbox_file.id,
					  .file_ends = file_ends };
	rc = batch_submit(run->ix, &request, &flight->batch, err);
	if (rc < 0) {
		free(flight->offsets);
		free(flight);
		return rc;
	}
	STAILQ_INSERT_TAIL(&run->flights, flight, link);
	run->flight_count++;
	return 0;
}
