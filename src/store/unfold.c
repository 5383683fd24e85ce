/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unfold.h"

#include "core/fold.h"
#include "store/rebuild.h"

/* Folded base64 is a recipe for rebuilding, with everything in one place. */
static int write_runs(struct rebuild *r, const struct fold_run *runs, size_t count,
		      const char *bytes, struct threads_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct rebuild_part part = {
			.raw_offset = runs[i].offset,
			.raw_length = runs[i].length,
			.line_length = runs[i].line_length,
			.crlf = runs[i].crlf,
			.data = bytes,
			.size = runs[i].size,
		};

		rc = rebuild_part(r, &part, err);
		bytes += runs[i].size;
	}
	return rc < 0 ? rc : rebuild_end(r, err);
}

int unfold_text(const char *folded, size_t len, size_t size, struct strbuf *out,
		struct threads_error *err)
{
	struct fold_run runs[FOLD_RUNS_MAX];
	struct rebuild r = { .out = out };
	size_t count, used;
	const char *bytes;
	int rc = fold_head_read(folded, len, runs, &count, &used, err);

	if (rc == 0)
		rc = strbuf_room(out, size, err);
	if (rc < 0)
		return rc;
	bytes = folded + used;
	for (size_t i = 0; i < count; i++)
		used += runs[i].size;
	r.skeleton = folded + used;
	r.skeleton_length = len - used;
	rc = write_runs(&r, runs, count, bytes, err);
	if (rc == 0 && out->len != size)
		rc = threads_error_set(err, THREADS_EINVAL, "a folded text of another length");
	if (rc < 0)
		strbuf_reset(out);
	return rc;
}

/* Decompresses into scratch. */
static int unpack(ZSTD_DCtx *dctx, const void *frame, size_t len, size_t size,
		  struct strbuf *scratch, struct threads_error *err)
{
	const unsigned long long folded = ZSTD_getFrameContentSize(frame, len);
	size_t got;
	int rc;

	/* Folding makes shorter, but for its head. "Not known" and errors are larger than anything. */
	if (folded > (unsigned long long)size + FOLD_HEAD_MAX)
		return threads_error_set(err, THREADS_EINVAL, "not the frame of a folded text");
	rc = strbuf_room(scratch, (size_t)folded, err);
	if (rc < 0)
		return rc;
	got = ZSTD_decompressDCtx(dctx, scratch->data, (size_t)folded, frame, len);
	if (ZSTD_isError(got) || got != folded)
		return threads_error_set(err, THREADS_EINVAL, "a frame that does not unpack");
	scratch->len = got;
	return 0;
}

int unfold_frame(ZSTD_DCtx *dctx, const void *frame, size_t len, size_t size,
		 struct strbuf *scratch, struct strbuf *out, struct threads_error *err)
{
	int rc = unpack(dctx, frame, len, size, scratch, err);

	if (rc == 0)
		return unfold_text(scratch->data, scratch->len, size, out, err);
	/* A prefix that was not used must not be met by the next frame. */
	ZSTD_DCtx_reset(dctx, ZSTD_reset_session_and_parameters);
	strbuf_reset(out);
	return rc;
}
