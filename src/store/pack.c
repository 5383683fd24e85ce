/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pack.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include "store/unfold.h"

enum {
	PACK_NAME_SIZE = 32,
	PACK_BUFFER_SIZE = 1 << 20, /* appended bytes are collected up to here */
	PACK_READ_FDS = 8,
	SCRATCH_KEPT = 4 << 20,
};

/* Pack number, offset and length, big endian: the associated data of a blob. */
struct pack_binding {
	unsigned char bytes[24];
};

static void put_u64(unsigned char *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (unsigned char)value;
}

static struct pack_binding binding_make(int64_t number, int64_t offset, int64_t length)
{
	struct pack_binding binding = { 0 };

	put_u64(binding.bytes, (uint64_t)number);
	put_u64(binding.bytes + 8, (uint64_t)offset);
	put_u64(binding.bytes + 16, (uint64_t)length);
	return binding;
}

static int pack_file_open(int dir_fd, int64_t number, int flags, struct threads_error *err)
{
	char name[PACK_NAME_SIZE];
	int fd;

	snprintf(name, sizeof(name), "%06lld.pack", (long long)number);
	fd = openat(dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return threads_error_set(err, errno == ENOENT ? THREADS_ENOENT : THREADS_EIO,
					 "open pack %s: %m", name);
	return fd;
}

/* ---- reading ---- */

struct pack_reader {
	int dir_fd;
	unsigned char key[AEAD_KEY_LEN];
	ZSTD_DCtx *dctx;
	const struct strbuf *prefix;    /* or NULL */
	unsigned char *sealed, *opened; /* scratch, grown as needed */
	size_t sealed_cap, opened_cap;
	struct strbuf folded; /* scratch, too */
	struct {
		int64_t number; /* 0: free */
		int fd;
	} files[PACK_READ_FDS];
	size_t next_file; /* which one makes room */
};

int pack_reader_new(int dir_fd, const unsigned char key[AEAD_KEY_LEN],
		    struct pack_reader **ret_reader, struct threads_error *err)
{
	struct pack_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->dctx = ZSTD_createDCtx();
	if (!reader || !reader->dctx) {
		pack_reader_free(reader);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	reader->dir_fd = dir_fd;
	reader->folded.max = AEAD_PLAIN_MAX;
	memcpy(reader->key, key, AEAD_KEY_LEN);
	*ret_reader = reader;
	return 0;
}

struct pack_reader *pack_reader_free(struct pack_reader *reader)
{
	if (!reader)
		return NULL;
	for (size_t i = 0; i < PACK_READ_FDS; i++)
		if (reader->files[i].number)
			close(reader->files[i].fd);
	ZSTD_freeDCtx(reader->dctx);
	free(reader->sealed);
	free(reader->opened);
	strbuf_release(&reader->folded);
	OPENSSL_cleanse(reader->key, sizeof(reader->key));
	free(reader);
	return NULL;
}

void pack_reader_freep(struct pack_reader **reader)
{
	*reader = pack_reader_free(*reader);
}

void pack_reader_prefix(struct pack_reader *reader, const struct strbuf *prefix)
{
	reader->prefix = prefix;
}

/* The descriptor of a pack, from the small cache. */
static int reader_file(struct pack_reader *reader, int64_t number, struct threads_error *err)
{
	size_t i;
	int fd;

	for (i = 0; i < PACK_READ_FDS; i++)
		if (reader->files[i].number == number)
			return reader->files[i].fd;
	fd = pack_file_open(reader->dir_fd, number, O_RDONLY, err);
	if (fd < 0)
		return fd;
	i = reader->next_file++ % PACK_READ_FDS;
	if (reader->files[i].number)
		close(reader->files[i].fd);
	reader->files[i].number = number;
	reader->files[i].fd = fd;
	return fd;
}

static int scratch_grow(unsigned char **data, size_t *cap, size_t want, struct threads_error *err)
{
	unsigned char *grown;

	if (want <= *cap)
		return 0;
	grown = realloc(*data, want);
	if (!grown)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*data = grown;
	*cap = want;
	return 0;
}

static int read_sealed(int fd, unsigned char *out, size_t len, int64_t offset,
		       struct threads_error *err)
{
	while (len > 0) {
		ssize_t got = pread(fd, out, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return threads_error_set(err, THREADS_EIO, "read pack: %m");
		if (got == 0)
			return threads_error_set(err, THREADS_EINVAL, "the pack ends too early");
		out += got;
		offset += got;
		len -= (size_t)got;
	}
	return 0;
}

/* Unseals into reader->opened. */
static int reader_unseal(struct pack_reader *reader, const struct pack_location *location,
			 struct threads_error *err)
{
	const struct pack_binding binding =
		binding_make(location->pack, location->offset, location->length);
	const size_t len = (size_t)location->length;
	int fd, rc;

	if (location->pack < 1 || location->length < AEAD_OVERHEAD || location->offset < 0 ||
	    location->size < 0 || location->length > (int64_t)AEAD_PLAIN_MAX + AEAD_OVERHEAD)
		return threads_error_set(err, THREADS_EINVAL, "not the place of a blob");
	fd = reader_file(reader, location->pack, err);
	if (fd < 0)
		return fd;
	rc = scratch_grow(&reader->sealed, &reader->sealed_cap, len, err);
	if (rc == 0)
		rc = scratch_grow(&reader->opened, &reader->opened_cap, len, err);
	if (rc == 0)
		rc = read_sealed(fd, reader->sealed, len, location->offset, err);
	if (rc == 0)
		rc = aead_open(reader->key, binding.bytes, sizeof(binding.bytes), reader->sealed,
			       len, reader->opened, err);
	return rc;
}

/* Idle readers need not keep the memory of the largest blob they ever read. */
static void scratch_trim(struct pack_reader *reader)
{
	/* A small blob may unfold to a large one. */
	if (reader->folded.cap > SCRATCH_KEPT)
		strbuf_release(&reader->folded);
	if (reader->sealed_cap <= SCRATCH_KEPT)
		return;
	free(TAKE_PTR(reader->sealed));
	free(TAKE_PTR(reader->opened));
	reader->sealed_cap = reader->opened_cap = 0;
}

/* What was unsealed, as plain bytes into out. */
static int reader_unpack(struct pack_reader *reader, const struct pack_location *location,
			 struct strbuf *out, struct threads_error *err)
{
	const size_t packed_len = (size_t)location->length - AEAD_OVERHEAD;
	const size_t size = (size_t)location->size;
	size_t got = packed_len;
	int rc;

	if (pack_coding_refers(location->coding) && reader->prefix)
		ZSTD_DCtx_refPrefix(reader->dctx, reader->prefix->data, reader->prefix->len);
	if (location->coding >= PACK_ZSTD_FOLDED)
		return unfold_frame(reader->dctx, reader->opened, packed_len, size, &reader->folded,
				    out, err);
	rc = strbuf_room(out, size, err);
	if (rc < 0)
		return rc;
	if (location->coding != PACK_PLAIN)
		got = ZSTD_decompressDCtx(reader->dctx, out->data, size, reader->opened,
					  packed_len);
	else if (packed_len == size)
		memcpy(out->data, reader->opened, size);
	if (ZSTD_isError(got) || got != size)
		return threads_error_set(err, THREADS_EINVAL, "damaged");
	out->len = size;
	out->data[size] = '\0';
	return 0;
}

int pack_read(struct pack_reader *reader, const struct pack_location *location, struct strbuf *out,
	      struct threads_error *err)
{
	int rc = reader_unseal(reader, location, err);

	if (rc == 0)
		rc = reader_unpack(reader, location, out, err);
	scratch_trim(reader);
	return rc < 0 ? threads_error_wrap(err, rc, "blob at %lld:%lld", (long long)location->pack,
					   (long long)location->offset)
		      : 0;
}

/* ---- writing ---- */

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
	writer->buffer = malloc(PACK_BUFFER_SIZE);
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

	if ((size_t)(writer->end - writer->written) + sealed_len > PACK_BUFFER_SIZE)
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
	binding = binding_make(location.pack, location.offset, location.length);
	rc = sealed_len > PACK_BUFFER_SIZE / 4 ? append_large(writer, data, len, &binding, err)
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
		char name[PACK_NAME_SIZE];

		snprintf(name, sizeof(name), "%06lld.pack", (long long)extra);
		if (unlinkat(writer->dir_fd, name, 0) < 0 && errno != ENOENT)
			return threads_error_set(err, THREADS_EIO, "remove pack %s: %m", name);
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
