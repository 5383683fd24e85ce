/* SPDX-License-Identifier: Apache-2.0 */
#include "index/import_feed.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "index/import_fill.h"
#include "store/folder.h"

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

/* Makes one batch of waiting files; false if nothing could be made. */
static bool feed_batch(struct import_run *run)
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
		filling_add(run, &fill, source, 0, (uint64_t)source->size);
		import_source_free(source);
		source = STAILQ_FIRST(&run->sources);
	}
	if (rc == 0)
		rc = filling_launch(run, &fill, false, &err);
	if (rc < 0)
		import_run_fail(run, &err);
	return rc == 0;
}

static void feed_files(struct import_run *run)
{
	while (!run->failed && run->flight_count < IMPORT_FLIGHT_MAX && feed_batch(run))
		continue;
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
		filling_add(run, &fill, mbox, ranges[i].offset, ranges[i].length);
	}
	if (rc == 0) {
		fill.offsets[count] = next;
		run->mbox_file.position = (int64_t)next;
		rc = filling_launch(run, &fill, at_end, &err);
	}
	if (rc < 0)
		import_run_fail(run, &err);
	if (rc < 0 || at_end) {
		import_source_free(mbox);
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
	import_source_free(run->mbox);
	run->mbox = NULL;
	import_file_over(run, &run->mbox_file, true);
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
		import_file_over(run, &run->mbox_file, true);
	import_source_free(source);
	return rc;
}

/* Opens the next mbox and asks for its next piece. */
static void feed_mbox(struct import_run *run)
{
	struct threads_error err;
	int rc = 0;

	if (run->mbox_bad && !mbox_give_up(run))
		return;
	/* A file's batches keep order among each other; the next file waits for none of them. */
	while (rc == 0 && !run->failed && !run->mbox && !STAILQ_EMPTY(&run->sources))
		rc = next_mbox(run, &err);
	if (rc < 0)
		import_run_fail(run, &err);
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

import_feed_fn *import_feed_of(const struct import *import)
{
	return strcmp(import->format, "mbox") == 0 ? feed_mbox : feed_files;
}
