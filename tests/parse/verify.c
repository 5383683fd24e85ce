/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include <openssl/sha.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/encode.h"
#include "core/fold.h"
#include "core/phrases.h"
#include "store/unfold.h"

struct check {
	const unsigned char *raw;
	size_t at; /* rebuilt so far */
	const uint8_t *blobs;
	struct threads_error *err;
};

static int wrong(struct check *c, const char *what)
{
	return threads_error_set(c->err, THREADS_EINVAL, "%s (at byte %zu)", what, c->at);
}

/* Compares bytes that the rebuilt message would have next. */
static int same(struct check *c, const char *data, size_t len, const char *what)
{
	if (len > 0 && memcmp(c->raw + c->at, data, len) != 0)
		return wrong(c, what);
	c->at += len;
	return 0;
}

static int same_lines(struct check *c, const struct record_attachment *a, const struct strbuf *b64)
{
	int rc = 0;

	for (size_t p = 0; p < b64->len && rc == 0; p += a->line_length) {
		const size_t left = b64->len - p;
		const size_t n = left < a->line_length ? left : a->line_length;

		rc = same(c, b64->data + p, n, "base64 differs");
		if (rc == 0 && p + n < b64->len)
			rc = same(c, a->crlf ? "\r\n" : "\n", a->crlf ? 2 : 1, "line end differs");
	}
	return rc;
}

static int same_attachment(struct check *c, const struct record_attachment *a)
{
	AUTO_FREE unsigned char *data = malloc(a->size + 1);
	CLEANUP(strbuf_release) struct strbuf b64 = STRBUF_INIT(1 << 30);
	unsigned char sha256[SHA256_DIGEST_LENGTH];

	if (!a->compressed)
		memcpy(data, c->blobs + a->data.offset, a->size);
	else if (ZSTD_decompress(data, a->size + 1, c->blobs + a->data.offset, a->data.length) !=
		 a->size)
		return wrong(c, "attachment does not unpack");
	SHA256(data, a->size, sha256);
	if (memcmp(sha256, a->sha256, sizeof(sha256)) != 0)
		return wrong(c, "attachment's digest differs");
	base64_append(&b64, data, a->size);
	if (same_lines(c, a, &b64) < 0)
		return THREADS_EINVAL;
	return c->at == a->raw_offset + a->raw_length ? 0 : wrong(c, "attachment's length differs");
}

static int same_message(struct check *c, const struct record *r, const char *skeleton)
{
	size_t used = 0;
	int rc = 0;

	for (size_t i = 0; i <= r->attachment_count && rc == 0; i++) {
		const bool end = i == r->attachment_count;
		const struct record_attachment *a = end ? NULL : &r->attachments[i];
		size_t piece;

		if (!end && a->storage != RECORD_CUT)
			continue;
		piece = (size_t)(end ? r->raw_length : a->raw_offset) - c->at;
		if (piece > r->skeleton_length - used)
			return wrong(c, "skeleton is too short");
		rc = same(c, skeleton + used, piece, "skeleton differs");
		used += piece;
		if (rc == 0 && !end)
			rc = same_attachment(c, a);
	}
	return rc == 0 && used != r->skeleton_length ? wrong(c, "skeleton is too long") : rc;
}

/* What the message's frame gives. */
struct unpacked {
	struct strbuf folded, plain;
	struct fold_run runs[FOLD_RUNS_MAX];
	size_t run_count;
};

static void unpacked_release(struct unpacked *u)
{
	strbuf_release(&u->folded);
	strbuf_release(&u->plain);
}

/* Unpacks the message's frame, which refers to the record's text, as the readers of packs do. */
static int unpack(struct check *c, const struct record *r, struct unpacked *u)
{
	CLEANUP(strbuf_release)
	struct strbuf prefix = STRBUF_INIT(PHRASES_MAX + 2 * RECORD_BODY_MAX);
	const bool crlf = phrases_crlf(c->raw, (size_t)r->raw_length);
	ZSTD_DCtx *dctx = ZSTD_createDCtx();
	size_t head_len;
	int rc = phrases_prefix(&prefix, r->body_text.text, r->body_text.len, crlf, c->err);

	if (!dctx || rc < 0)
		abort();
	ZSTD_DCtx_refPrefix(dctx, prefix.data, prefix.len);
	rc = unfold_frame(dctx, c->blobs + r->message.offset, (size_t)r->message.length,
			  (size_t)(r->skeleton_length + r->html_length), &u->folded, &u->plain,
			  c->err);
	ZSTD_freeDCtx(dctx);
	return rc < 0 ? rc
		      : fold_head_read(u->folded.data, u->folded.len, u->runs, &u->run_count,
				       &head_len, c->err);
}

static int check_record(const struct record *r, const uint8_t *blobs, size_t number,
			const unsigned char *raw, verify_fn *look, void *arg,
			struct threads_error *err)
{
	CLEANUP(unpacked_release)
	struct unpacked u = { .folded = STRBUF_INIT(1 << 30), .plain = STRBUF_INIT(1 << 30) };
	struct check c = { .raw = raw, .blobs = blobs, .err = err };

	if (unpack(&c, r, &u) < 0)
		return threads_error_wrap(err, THREADS_EINVAL, "message does not unpack");
	if (same_message(&c, r, u.plain.data) < 0)
		return THREADS_EINVAL;
	const struct verify_message message = { number, r, blobs, u.plain.data, u.run_count };

	if (look)
		look(arg, &message);
	return 0;
}

int verify_output(int fd, const unsigned char *input, const struct batch_entry *entries,
		  size_t count, verify_fn *look, void *arg, struct threads_error *err)
{
	struct record_frame frame;
	const uint8_t *blobs, *file;
	size_t offset = 0, done = 0;
	struct stat st;
	int rc = fstat(fd, &st);

	file = rc == 0 ? mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	if (rc < 0 || file == MAP_FAILED)
		return threads_error_set(err, THREADS_EIO, "map output: %s", strerror(errno));
	for (rc = 1; rc == 1 && done <= count;) {
		struct record r = { 0 };

		rc = record_next(file, (size_t)st.st_size, &offset, &frame, &blobs, &r, err);
		if (rc != 1)
			break;
		if (done == count || frame.number != done || r.raw_length != entries[done].length)
			rc = threads_error_set(err, THREADS_EINVAL, "a record out of order");
		else if (check_record(&r, blobs, done,
				      entries[done].length > 0 ? input + entries[done].offset
							       : NULL,
				      look, arg, err) < 0)
			rc = THREADS_EINVAL;
		record_release(&r);
		done++;
	}
	munmap((void *)(uintptr_t)file, (size_t)st.st_size + 1);
	if (rc == 0 && done != count)
		rc = threads_error_set(err, THREADS_EINVAL, "%zu records of %zu", done, count);
	return rc < 0 ? rc : 0;
}
