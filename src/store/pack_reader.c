/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <openssl/crypto.h>

#include "store/pack_internal.h"
#include "store/unfold.h"

enum {
	OPEN_FILES = 8,
	SCRATCH_KEPT = 4 << 20,
};

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
	} files[OPEN_FILES];
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
	for (size_t i = 0; i < OPEN_FILES; i++)
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

	for (i = 0; i < OPEN_FILES; i++)
		if (reader->files[i].number == number)
			return reader->files[i].fd;
	fd = pack_file_open(reader->dir_fd, number, O_RDONLY, err);
	if (fd < 0)
		return fd;
	i = reader->next_file++ % OPEN_FILES;
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
	const struct pack_binding binding = pack_binding_make(location);
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
