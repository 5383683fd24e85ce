/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs: append-only files DATA/packs/NNNNNN.pack of sealed blobs. A blob is
 * nonce | ciphertext | tag (crypto/aead.h); pack number, offset and length are
 * bound to it, so that a blob cannot be moved or exchanged. There is no index
 * in the file: hub.db knows where blobs lie. Bytes behind the last committed
 * offset are garbage of a crash and are cut when the pack is opened.
 */
#ifndef THREADS_STORE_PACK_H
#define THREADS_STORE_PACK_H

#include <stdint.h>

#include "core/strbuf.h"
#include "crypto/aead.h"

#define PACK_SIZE_MAX ((int64_t)256 << 20) /* a pack that has reached this is full */

enum pack_coding {
	PACK_PLAIN = 0,
	PACK_ZSTD = 1,
	PACK_ZSTD_TEXT = 2,        /* refers to the message's text (core/phrases.h); only read */
	PACK_ZSTD_FOLDED = 3,      /* the same, of a folded text (core/fold.h) */
	PACK_ZSTD_FOLDED_CRLF = 4, /* the same, the message's text with CR LF */
	PACK_CODINGS,              /* how many there are */
};

/* Whether a blob can be read only with the text of its message. */
static inline bool pack_coding_refers(enum pack_coding coding)
{
	return coding >= PACK_ZSTD_TEXT;
}

static inline bool pack_coding_crlf(enum pack_coding coding)
{
	return coding == PACK_ZSTD_FOLDED_CRLF;
}

/* Where a blob lies. Comes from hub.db, so a reader checks it against nothing but the seal. */
struct pack_location {
	int64_t pack;
	int64_t offset;
	int64_t length;          /* in the pack, AEAD_OVERHEAD included */
	enum pack_coding coding; /* of the unsealed bytes */
	int64_t size;            /* plain bytes, after decompression */
};

/* ---- reading: needs no writer, no database; safe in another thread ---- */

struct pack_reader;

/* dir_fd is borrowed and stays open; key is copied. Errors: THREADS_ENOMEM. */
int pack_reader_new(int dir_fd, const unsigned char key[AEAD_KEY_LEN],
		    struct pack_reader **ret_reader, struct threads_error *err) MUST_CHECK;
struct pack_reader *pack_reader_free(struct pack_reader *reader);
void pack_reader_freep(struct pack_reader **reader);

/* What blobs that refer to a text refer to from now on: phrases_prefix(); borrowed. */
void pack_reader_prefix(struct pack_reader *reader, const struct strbuf *prefix);

/*
 * Replaces what is in out by the plain bytes. Errors: THREADS_EINVAL (damaged,
 * or not where hub.db says), THREADS_ENOENT (no such pack), THREADS_ELIMIT
 * (does not fit into out), THREADS_EIO, THREADS_ENOMEM.
 */
int pack_read(struct pack_reader *reader, const struct pack_location *location, struct strbuf *out,
	      struct threads_error *err) MUST_CHECK;

/* ---- writing: one writer per folder ---- */

struct pack_writer;

/*
 * Goes on in pack number at committed bytes (0, 0: begins pack 1) and cuts what
 * lies behind. Errors: THREADS_EIO; THREADS_EINVAL (the file is shorter than committed).
 */
int pack_writer_open(int dir_fd, const unsigned char key[AEAD_KEY_LEN], int64_t number,
		     int64_t committed, struct pack_writer **ret_writer,
		     struct threads_error *err) MUST_CHECK;
struct pack_writer *pack_writer_close(struct pack_writer *writer);
void pack_writer_closep(struct pack_writer **writer);

/*
 * Seals len bytes and appends them, to a new pack if this one is full. coding
 * and size are only copied to ret_location. Nothing is durable before
 * pack_sync(). Errors: THREADS_EFULL (the disk), THREADS_EIO, THREADS_ENOMEM.
 */
int pack_append(struct pack_writer *writer, const void *data, size_t len, enum pack_coding coding,
		int64_t size, struct pack_location *ret_location,
		struct threads_error *err) MUST_CHECK;

/* Writes and fdatasyncs everything appended. Call it before the COMMIT that refers to it. */
int pack_sync(struct pack_writer *writer, struct threads_error *err) MUST_CHECK;

/* Number and end of the pack in hand: what hub.db must remember. */
void pack_position(const struct pack_writer *writer, int64_t *ret_number, int64_t *ret_end);

/* Forgets what was appended since the position given (the transaction failed). */
int pack_rewind(struct pack_writer *writer, int64_t number, int64_t end,
		struct threads_error *err) MUST_CHECK;

/* Overwrites a blob with zeros, durably: erasure. Errors: THREADS_EIO. */
int pack_erase(struct pack_writer *writer, const struct pack_location *location,
	       struct threads_error *err) MUST_CHECK;

#endif
