/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"

#include "api/route.h"
#include "ipc/memfd.h"

enum { BODY_MAX = 16 * 1024 * 1024 };

struct request {
	struct route_request asked;
	struct memfd_view view; /* of a body that came as a memory file */
};

static void request_release(struct request *request)
{
	memfd_unmap(&request->view);
}

static void text_take(struct strbuf *out, struct frame *f)
{
	*out = (struct strbuf)STRBUF_INIT(EXCHANGE_TEXT_MAX);
	strbuf_add_str(out, frame_get_text(f));
}

/* The fields of HTTP_REQUEST, in protocol.h's order. Texts are borrowed from f. */
static int request_read(struct exchange *ex, struct frame *f, struct request *request,
			struct threads_error *err)
{
	int rc = 0;

	request->asked.method = frame_get_text(f);
	request->asked.path = frame_get_text(f);
	text_take(&ex->query, f);
	for (int i = 0; i < 5; i++) /* cookies (empty for api), client, user agent, content type */
		frame_get_text(f);
	text_take(&ex->if_none_match, f);
	frame_get_text(f); /* range: http's own work */
	text_take(&ex->idempotency_key, f);
	frame_get_text(f); /* origin base: for links, which auth makes */
	request->asked.ticket = frame_get_bytes(f, &request->asked.ticket_len);
	request->asked.body = frame_get_bytes(f, &request->asked.body_len);
	ex->upload_length = frame_get_int_in(f, -1, INT64_MAX);
	if (f->fd_count > 0) {
		AUTO_FD int fd = frame_get_fd(f);

		rc = fd < 0 ? 0 : memfd_map(fd, BODY_MAX, &request->view, err);
		request->asked.body = request->view.data;
		request->asked.body_len = request->view.len;
	}
	return rc < 0 ? rc : frame_get_end(f, err);
}

int request_open(struct api *api, struct peer *peer, struct frame *f, struct threads_error *err)
{
	CLEANUP(request_release) struct request request = { 0 };
	struct exchange *ex = exchange_new(api, peer, f->id);
	int rc;

	if (!ex)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = request_read(ex, f, &request, err);
	if (rc < 0) {
		exchange_free(ex);
		return rc;
	}
	route_dispatch(ex, &request.asked);
	return 0;
}

int request_upload_done(struct api *api, const struct peer *peer, struct frame *f,
			struct threads_error *err)
{
	const int64_t bytes = frame_get_int_in(f, -1, INT64_MAX);
	struct exchange *ex;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	LIST_FOREACH(ex, &api->exchanges, link)
		if (ex->peer == peer && ex->id == f->id && ex->uploading)
			break;
	if (!ex)
		return 0; /* it ended another way meanwhile */
	ex->uploading = false;
	if (bytes < 0 || bytes > ex->upload_length) {
		exchange_free(ex);
		return 0;
	}
	ex->upload_length = bytes;
	exchange_run(ex, route_upload_done);
	return 0;
}
