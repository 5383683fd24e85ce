/* SPDX-License-Identifier: Apache-2.0 */
#include "api/blob.h"

void blob_ask(struct api *api, int kind, const struct reader_blob *blob, ask_fn *fn, void *arg)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_BLOB, 0);
	frame_put_int(&f, blob->row_id);
	frame_put_int(&f, kind);
	frame_put_int(&f, (int64_t)blob->blob_count);
	for (size_t i = 0; i < blob->blob_count; i++) {
		frame_put_int(&f, blob->blobs[i].pack);
		frame_put_int(&f, blob->blobs[i].offset);
		frame_put_int(&f, blob->blobs[i].length);
		frame_put_int(&f, blob->blobs[i].size);
		frame_put_int(&f, blob->blobs[i].coding);
	}
	frame_put_bytes(&f, strbuf_str(&blob->recipe), blob->recipe.len);
	ask(api, ROLE_INDEX, &f, fn, arg);
}

int blob_take(struct frame *answer, int *ret_fd, int64_t *ret_length, struct threads_error *err)
{
	int64_t length;
	int fd, rc = ask_expect(answer, INDEX_BLOB_IS, err);

	if (rc < 0)
		return rc;
	length = frame_get_int_in(answer, 0, INT64_MAX);
	fd = frame_get_fd(answer);
	rc = frame_get_end(answer, err);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_fd = fd;
	*ret_length = length;
	return 0;
}

void audit_ask(struct api *api, const struct viewer *viewer, const char *action, const char *object,
	       const char *detail, ask_fn *fn, void *arg)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, AUDIT_ADD, 0);
	frame_put_text(&f, viewer->role == VIEWER_OPERATOR ? "" : viewer->public_id);
	frame_put_text(&f, action);
	frame_put_text(&f, object);
	frame_put_text(&f, detail);
	ask(api, ROLE_INDEX, &f, fn, arg);
}
