/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include "store/pack_internal.h"

enum { BUFFER_SIZE = 1 << 20 /* appended bytes are collected up to here */ };

struct pack_writer {
	int dir_fd;
	unsigned char key[AEAD_KEY_LEN];
	int64_t number;
	int fd;
	int64_t end;     /* of everything appended */
	int64_t written; /* of what was written to the file; the rest is in buffer */
	unsigned char *buffer;
	bool folder_dirty; /* a file was created and the folder not synced yet */
};

/* Opens pack number and cuts it at end. */
static int writer_start(struct pack_writer *writer, int64_t number, int64_t end,
			struct threads_error *err)
{
	struct stat st;
	int fd = pack_file_open(writer->dir_fd, number, O_RDWR | O_CREAT, err);

	if (fd < 0)
		return fd;
	if (writer->fd >= 0)
		close(writer->fd);
	writer->fd = fd;
	writer->number = number;
	writer->end = writer->written = end;
	writer->folder_dirty = true;
	if (fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "stat of a pack: %m");
	if (st.st_size < end)
		return threads_error_set(err, THREADS_EINVAL,
					 "pack %lld has %lld bytes, %lld were committed",
					 (long long)number, (long long)st.st_size, (long long)end);
	if (st.st_size > end && ftruncate(fd, end) < 0)
		return threads_error_set(err, THREADS_EIO, "cut a pack: %m");
	return 0;
}

int pack_writer_open(int dir_fd, const unsigned char key[AEAD_KEY_LEN], int64_t number,
		     int64_t committed, struct pack_writer **ret_writer, struct threads_error *err)
{
	struct pack_writer *writer = calloc(1, sizeof(*writer));
	int rc;

	if (!writer)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	writer->fd = -1;
	writer->dir_fd = dir_fd;
	memcpy(writer->key, key, AEAD_KEY_LEN);
	writer->buffer = malloc(BUFFER_SIZE);
	rc = writer->buffer ? writer_start(writer, number > 0 ? number : 1, committed, err)
			    : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (rc < 0) {
		pack_writer_close(writer);
		return rc;
	}
	*ret_writer = writer;
	return 0;
}

struct pack_writer *pack_writer_close(struct pack_writer *writer)
{
	if (!writer)
		return NULL;
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer->buffer);
	OPENSSL_cleanse(writer->key, sizeof(writer->key));
	free(writer);
	return NULL;
}

void pack_writer_closep(struct pack_writer **writer)
{
	*writer = pack_writer_close(*writer);
}

static int write_at(int fd, const unsigned char *data, size_t len, int64_t offset,
		    struct threads_error *err)
{
	while (len > 0) {
		ssize_t put = pwrite(fd, data, len, offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return threads_error_write(err, "write pack");
		data += put;
		offset += put;
		len -= (size_t)put;
	}
	return 0;
}

static int writer_flush(struct pack_writer *writer, struct threads_error *err)
{
	const size_t pending = (size_t)(writer->end - writer->written);
	int rc;

	if (pending == 0)
		return 0;
	rc = write_at(writer->fd, writer->buffer, pending, writer->written, err);
	if (rc == 0)
		writer->written = writer->end;
	return rc;
}

/* A blob that is larger than the buffer. */
static int append_large(struct pack_writer *writer, const void *data, size_t len,
			const struct pack_binding *binding, struct threads_error *err)
{
	const size_t sealed_len = len + AEAD_OVERHEAD;
	AUTO_FREE unsigned char *sealed = malloc(sealed_len);
	int rc;

	if (!sealed)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = aead_seal(writer->key, binding->bytes, sizeof(binding->bytes), data, len, sealed, err);
	if (rc == 0)
		rc = writer_flush(writer, err);
	if (rc == 0)
		rc = write_at(writer->fd, sealed, sealed_len, writer->written, err);
	if (rc < 0)
		return rc;
	writer->end += (int64_t)sealed_len;
	writer->written = writer->end;
	return 0;
}

static int append_small(struct pack_writer *writer, const void *data, size_t len,
			const struct pack_binding *binding, struct threads_error *err)
{
	const size_t sealed_len = len + AEAD_OVERHEAD;
	int rc = 0;

	if ((size_t)(writer->end - writer->written) + sealed_len > BUFFER_SIZE)
		rc = writer_flush(writer, err);
	if (rc == 0)
		rc = aead_seal(writer->key, binding->bytes, sizeof(binding->bytes), data, len,
			       writer->buffer + (writer->end - writer->written), err);
	if (rc == 0)
		writer->end += (int64_t)sealed_len;
	return rc;
}

int pack_append(struct pack_writer *writer, const void *data, size_t len, enum pack_coding coding,
		int64_t size, struct pack_location *ret_location, struct threads_error *err)
{
	const int64_t sealed_len = (int64_t)len + AEAD_OVERHEAD;
	struct pack_location location = { .coding = coding, .size = size, .length = sealed_len };
	struct pack_binding binding;
	int rc = 0;

	if (writer->end >= PACK_SIZE_MAX) {
		rc = pack_sync(writer, err);
		if (rc == 0)
			rc = writer_start(writer, writer->number + 1, 0, err);
		if (rc < 0)
			return rc;
	}
	location.pack = writer->number;
	location.offset = writer->end;
	binding = pack_binding_make(&location);
	rc = sealed_len > BUFFER_SIZE / 4 ? append_large(writer, data, len, &binding, err)
					  : append_small(writer, data, len, &binding, err);
	if (rc < 0)
		return rc;
	*ret_location = location;
	return 0;
}

int pack_sync(struct pack_writer *writer, struct threads_error *err)
{
	int rc = writer_flush(writer, err);

	if (rc < 0)
		return rc;
	if (fdatasync(writer->fd) < 0)
		return threads_error_set(err, THREADS_EIO, "sync pack: %m");
	if (writer->folder_dirty && fsync(writer->dir_fd) < 0)
		return threads_error_set(err, THREADS_EIO, "sync the folder of packs: %m");
	writer->folder_dirty = false;
	return 0;
}

void pack_position(const struct pack_writer *writer, int64_t *ret_number, int64_t *ret_end)
{
	*ret_number = writer->number;
	*ret_end = writer->end;
}

int pack_rewind(struct pack_writer *writer, int64_t number, int64_t end, struct threads_error *err)
{
	for (int64_t extra = writer->number; extra > number; extra--) {
		const struct pack_name name = pack_name_make(extra);

		if (unlinkat(writer->dir_fd, name.text, 0) < 0 && errno != ENOENT)
			return threads_error_set(err, THREADS_EIO, "remove pack %s: %m", name.text);
	}
	return writer_start(writer, number, end, err);
}

int pack_erase(struct pack_writer *writer, const struct pack_location *location,
	       struct threads_error *err)
{
	static const unsigned char zeros[4096];
	AUTO_FD int fd = pack_file_open(writer->dir_fd, location->pack, O_WRONLY, err);
	int64_t offset = location->offset;
	int64_t left = location->length;
	int rc = 0;

	if (fd < 0)
		return fd == THREADS_ENOENT ? 0 : fd;
	for (; left > 0 && rc == 0; left -= (int64_t)sizeof(zeros)) {
		const size_t piece = left < (int64_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

		rc = write_at(fd, zeros, piece, offset, err);
		offset += (int64_t)piece;
	}
	if (rc == 0 && fdatasync(fd) < 0)
		rc = threads_error_set(err, THREADS_EIO, "sync pack: %m");
	return rc;
}
