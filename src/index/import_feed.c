/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting files -> batches; what a stored slice means for the position. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "crypto/digest.h"
#include "index/import.h"
#include "store/account.h"

static const char words_too_large[] = "Larger than the limit for one message. Raise message_max, "
				      "or leave it out.";
static const char words_unreadable_file[] = "The file could not be read.";

/* ---- batches in the making ---- */

struct filling {
	int fd;
	uint64_t bytes;
	struct batch_entry *entries;
	uint64_t *offsets; /* mbox */
	size_t count;
};

static int filling_begin(struct filling *fill, size_t most, struct threads_error *err)
{
	*fill = (struct filling){ .fd = -1 };
	fill->entries = calloc(most + 1, sizeof(*fill->entries));
	fill->offsets = calloc(most + 1, sizeof(*fill->offsets));
	if (!fill->entries || !fill->offsets)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return memfd_new("threads-batch", &fill->fd, err);
}

static void filling_release(struct filling *fill)
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

/* Adds one message; what cannot be read becomes an entry with words for the ledger. */
static void fill_one(struct import_run *run, struct filling *fill,
		     const struct import_source *source, uint64_t offset, uint64_t length)
{
	const uint64_t most = (uint64_t)config_int(run->ix->role->config, "message_max");
	struct batch_entry *entry = &fill->entries[fill->count++];

	*entry = (struct batch_entry){ .folder_id = run->folder_id, .offset = fill->bytes };
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

/* ---- the way of a batch ---- */

/* Stops the run with words; what was stored stays. import_run_go() does the rest. */
static void run_failed(struct import_run *run, const struct threads_error *why)
{
	struct threads_error err;

	run->failed = true;
	run->why = *why;
	log_error("import %s: %s", run->public_id, why->text);
	if (import_set_state(run->ix->store, run->id, "error", why->text, clock_now_ms(NULL),
			     &err) < 0)
		log_error("import: %s", err.text);
}

/* A file that ends without a message that could carry it: empty, or cut by the last batch. */
static void file_ended(struct import_run *run, const struct import_file *file, bool failed)
{
	const struct import import = { .id = run->id, .account_id = run->account_id };
	const struct ledger_entry entry = { .uid = failure_uid(file->name,
							       (uint64_t)file->position),
					    .reason = "failed",
					    .detail = words_unreadable_file };
	struct threads_error err;

	if (import_file_end(run->ix->store, &import, file, failed ? &entry : NULL,
			    clock_now_ms(NULL), &err) < 0)
		run_failed(run, &err);
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
		run_failed(run, why);
	else if (!run->is_mbox)
		run->files_done += (int64_t)batch->count;
	else if (flight->file_ends && batch->count == 0)
		file_ended(run,
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

/* Sends the filled batch on its way. Takes over what fill holds. */
static int launch(struct import_run *run, struct filling *fill, bool file_ends,
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

/* ---- folders ---- */

/* "mail/.Sent/cur/17.M2P3" is in folder "mail/.Sent"; a file at the top is in folder "". */
static size_t folder_length(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : 0;

	if (len >= 4 &&
	    (memcmp(name + len - 4, "/cur", 4) == 0 || memcmp(name + len - 4, "/new", 4) == 0))
		len -= 4;
	return len;
}

static int enter_folder(struct import_run *run, const char *name, size_t len,
			struct threads_error *err)
{
	AUTO_FREE char *folder = len ? strndup(name, len) : strdup("files");

	if (!folder)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (run->folder_name && strcmp(run->folder_name, folder) == 0)
		return 0;
	free(run->folder_name);
	run->folder_name = NULL;
	if (folder_open(run->ix->store, run->account_id,
			&(const struct folder_seen){ .name = folder }, clock_now_ms(NULL),
			&run->folder_id, err) < 0)
		return (int)err->code;
	run->folder_name = TAKE_PTR(folder);
	return 0;
}

/* ---- eml, maildir: a file is a message ---- */

static void open_source(struct import_run *run, struct import_source *source)
{
	struct stat st;

	if (source->fd < 0 && source->path)
		source->fd = openat(run->dir_fd, source->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (source->fd >= 0 && (fstat(source->fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(source->fd);
		source->fd = -1;
	}
	source->size = source->fd >= 0 ? st.st_size : 0;
}

static void source_end(struct import_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	free(source->path);
	free(source->name);
	free(source);
}

bool import_feed_files(struct import_run *run)
{
	CLEANUP(filling_release) struct filling fill = { .fd = -1 };
	struct import_source *source = STAILQ_FIRST(&run->sources);
	struct threads_error err = { 0 };
	int rc;

	/* Few files of a stream that goes on: wait for more, unless nothing is on its way. */
	if (!source || (run->flight_count > 0 && !run->last &&
			run->files_seen - run->files_done < IMPORT_BATCH_MESSAGES))
		return false;
	rc = filling_begin(&fill, IMPORT_BATCH_MESSAGES, &err);
	while (rc == 0 && source && fill.count < IMPORT_BATCH_MESSAGES) {
		open_source(run, source); /* the size is what the file says, not who named it */
		if (fill.count > 0 && fill.bytes + (uint64_t)source->size > IMPORT_BATCH_BYTES)
			break;
		STAILQ_REMOVE_HEAD(&run->sources, link);
		rc = enter_folder(run, source->name, folder_length(source->name), &err);
		fill_one(run, &fill, source, 0, (uint64_t)source->size);
		source_end(source);
		source = STAILQ_FIRST(&run->sources);
	}
	if (rc == 0)
		rc = launch(run, &fill, false, &err);
	if (rc < 0)
		run_failed(run, &err);
	return rc == 0;
}

/* ---- mbox: a file is many messages ---- */

static void on_split(const struct split_range *ranges, size_t count, uint64_t next, bool at_end,
		     int rc, void *arg)
{
	CLEANUP(filling_release) struct filling fill = { .fd = -1 };
	struct import_run *run = arg;
	struct import_source *mbox = run->mbox;
	struct threads_error err = { 0 };

	run->splitting = false;
	if (rc == THREADS_EAGAIN) {
		/* The splitter was killed: another one goes on at the same place. */
		import_run_go(run);
		return;
	}
	if (rc < 0) {
		run->mbox_bad = true;
		import_run_go(run);
		return;
	}
	rc = filling_begin(&fill, count, &err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		/* Behind the message before: a range begins after its "From " line. */
		fill.offsets[i] =
			i == 0 ? run->split.from : ranges[i - 1].offset + ranges[i - 1].length;
		fill_one(run, &fill, mbox, ranges[i].offset, ranges[i].length);
	}
	if (rc == 0) {
		fill.offsets[count] = next;
		run->mbox_file.position = (int64_t)next;
		rc = launch(run, &fill, at_end, &err);
	}
	if (rc < 0)
		run_failed(run, &err);
	if (rc < 0 || at_end) {
		source_end(mbox);
		run->mbox = NULL;
	}
	import_run_go(run);
}

/* Not an mbox, or damaged from here on: the other files of the import go on. What is on
 * its way still moves the position of this one; it is over behind that. */
static bool mbox_give_up(struct import_run *run)
{
	if (!STAILQ_EMPTY(&run->flights))
		return false;
	log_warning("import %s: a file is no mbox at byte %lld", run->public_id,
		    (long long)run->mbox_file.position);
	run->mbox_bad = false;
	source_end(run->mbox);
	run->mbox = NULL;
	file_ended(run, &run->mbox_file, true);
	return true;
}

/* Opens the next file; one that was finished before, or cannot be opened, is passed over. */
static int next_mbox(struct import_run *run, struct threads_error *err)
{
	struct import_source *source = STAILQ_FIRST(&run->sources);
	int rc;

	STAILQ_REMOVE_HEAD(&run->sources, link);
	open_source(run, source);
	rc = import_file_open(run->ix->store, run->id, source->name, source->size, &run->mbox_file,
			      err);
	if (rc == 0)
		rc = enter_folder(run, source->name, strlen(source->name), err);
	if (rc == 0 && !run->mbox_file.done && source->fd >= 0) {
		run->mbox = source;
		return 0;
	}
	if (rc == 0 && run->mbox_file.done)
		run->files_done++;
	else if (rc == 0)
		file_ended(run, &run->mbox_file, true);
	source_end(source);
	return rc;
}

void import_feed_mbox(struct import_run *run)
{
	struct threads_error err;
	int rc = 0;

	if (run->mbox_bad && !mbox_give_up(run))
		return;
	/* A file's batches keep order among each other; the next file waits for none of them. */
	while (rc == 0 && !run->failed && !run->mbox && !STAILQ_EMPTY(&run->sources))
		rc = next_mbox(run, &err);
	if (rc < 0)
		run_failed(run, &err);
	if (run->failed || !run->mbox || run->splitting || run->flight_count >= IMPORT_FLIGHT_MAX)
		return;
	run->split = (struct split_request){ .fd = run->mbox->fd,
					     .from = (uint64_t)run->mbox_file.position,
					     .most_messages = IMPORT_BATCH_MESSAGES,
					     .most_bytes = IMPORT_BATCH_BYTES,
					     .done = on_split,
					     .arg = run };
	run->splitting = true;
	pool_split(run->ix, &run->split);
}
