/* SPDX-License-Identifier: Apache-2.0 */
#include "index/upload.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/disk_full.h"
#include "core/log.h"
#include "core/random_id.h"
#include "index/import_feed.h"
#include "index/reply.h"

/* Finds import and file; the file's name on disk is its public id, whose shape is checked. */
static int find_file(struct index_role *ix, const char *import_id, const char *file_id,
		     struct import *import, struct import_file *file, struct threads_error *err)
{
	int rc = public_id_valid(file_id) ? import_find(ix->store, import_id, import, err) : 0;

	if (rc > 0)
		rc = import_file_find(ix->store, import->id, file_id, file, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no such file");
	return rc < 0 ? rc : 0;
}

/* *ret_fd is left alone if the browser is not where the file ends: the answer says where. */
static int open_piece(struct index_role *ix, const struct import_file *file, int64_t offset,
		      int64_t length, int *ret_fd, struct threads_error *err)
{
	int fd;

	if (offset != file->received)
		return 0;
	if (length < 0 || length > file->size - offset)
		return threads_error_set(err, THREADS_EINVAL, "more bytes than the file has");
	if (ix->disk_full)
		return threads_error_set(err, THREADS_EFULL, DISK_FULL_WORDS);
	fd = openat(ix->upload_dir_fd, file->public_id, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "open upload: %m");
	*ret_fd = fd;
	return 0;
}

int upload_open(struct index_role *ix, struct peer *peer, struct frame *f,
		struct threads_error *err)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	const char *import_id = frame_get_text(f), *file_id = frame_get_text(f);
	const int64_t offset = frame_get_int_in(f, 0, INT64_MAX);
	const int64_t length = frame_get_int_in(f, 0, INT64_MAX);
	struct import import;
	struct import_file file;
	AUTO_FD int fd = -1;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = find_file(ix, import_id, file_id, &import, &file, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	if (strcmp(import.state, "uploading") == 0)
		rc = open_piece(ix, &file, offset, length, &fd, err);
	else
		rc = threads_error_set(err, THREADS_EINVAL, "this upload has ended");
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	frame_begin(&out, INDEX_UPLOAD_IS, f->id);
	frame_put_int(&out, file.received);
	if (fd >= 0)
		frame_put_fd(&out, fd);
	return peer_send(peer, &out, err);
}

/* The first length bytes are there: they count from now on. */
static int note_length(struct index_role *ix, const struct import *import,
		       const struct import_file *file, int64_t length, struct threads_error *err)
{
	struct stat st;
	AUTO_FD int fd =
		openat(ix->upload_dir_fd, file->public_id, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (strcmp(import->state, "uploading") != 0)
		return threads_error_set(err, THREADS_EINVAL, "this upload has ended");
	if (fd < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "open upload: %m");
	if (length > st.st_size || length > file->size || length < file->received)
		return threads_error_set(err, THREADS_EINVAL, "not the length of the file");
	/* The folder too: with the first piece the file's name is new. */
	if (fdatasync(fd) < 0 || (file->received == 0 && fsync(ix->upload_dir_fd) < 0))
		return threads_error_set(err, THREADS_EIO, "write upload: %m");
	return import_file_received(ix->store, file->id, length, err);
}

int upload_noted(struct index_role *ix, struct peer *peer, struct frame *f,
		 struct threads_error *err)
{
	const char *import_id = frame_get_text(f), *file_id = frame_get_text(f);
	const int64_t length = frame_get_int_in(f, 0, INT64_MAX);
	struct import import;
	struct import_file file;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = find_file(ix, import_id, file_id, &import, &file, err);
	if (rc == 0)
		rc = note_length(ix, &import, &file, length, err);
	return reply(peer, f->id, rc, err);
}

struct upload_check {
	struct import_run *run;
	bool incomplete;
	int rc;
	struct threads_error *err;
};

static int check_complete(const struct import_file *file, void *arg)
{
	struct upload_check *check = arg;

	check->incomplete = check->incomplete || file->received != file->size;
	return 0;
}

static int add_file(const struct import_file *file, void *arg)
{
	struct upload_check *check = arg;

	check->rc =
		import_run_add(check->run, -1, file->public_id, file->name, file->size, check->err);
	return check->rc < 0 ? 1 : 0;
}

int upload_start(struct index_role *ix, const struct import *import, struct threads_error *err)
{
	struct upload_check check = { .err = err };
	int rc = import_files(ix->store, import->id, check_complete, &check, err);

	if (rc == 0 && check.incomplete)
		return threads_error_set(err, THREADS_EINVAL, "not all files are uploaded yet");
	if (rc == 0)
		rc = import_run_open(ix, import, import_feed_of(import), &check.run, err);
	if (rc < 0 || check.run->last) /* asked for twice: it is on its way */
		return rc;
	if (check.run->dir_fd < 0)
		check.run->dir_fd = fcntl(ix->upload_dir_fd, F_DUPFD_CLOEXEC, 3);
	rc = import_files(ix->store, import->id, add_file, &check, err);
	if (rc < 0 || check.rc < 0)
		return rc < 0 ? rc : check.rc;
	check.run->at_end = upload_remove;
	import_run_complete(check.run, import->files_done);
	import_run_go(check.run);
	return 0;
}

static int remove_one(const struct import_file *file, void *arg)
{
	struct index_role *ix = arg;

	if (unlinkat(ix->upload_dir_fd, file->public_id, 0) < 0 && errno != ENOENT)
		log_warning("upload stays on the disk: %m");
	return 0;
}

void upload_remove(struct index_role *ix, int64_t import_id)
{
	struct threads_error err;

	if (import_files(ix->store, import_id, remove_one, ix, &err) < 0)
		log_warning("%s", err.text);
}
