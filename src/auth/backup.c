/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/backup.h"

#include "backup/source.h"
#include "store/db_check.h"

static int send_copy(struct exchange *ex, int fd, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_BLOB, ex->id);
	frame_put_fd(&f, fd);
	return peer_send(ex->peer, &f, err);
}

static int answer(struct exchange *ex, const struct db_snapshot *snapshot,
		  struct threads_error *err)
{
	AUTO_FD int fd = -1;
	int64_t schema = 0, bytes = 0;
	int rc = db_schema(ex->auth->db, &schema, err);

	if (rc == 0)
		rc = db_snapshot_open(snapshot, &fd, &bytes, err);
	if (rc == 0)
		rc = send_copy(ex, fd, err);
	if (rc < 0)
		return rc;
	return reply_json(
		ex, 200,
		json_pack("{s:I, s:I}", "bytes", (json_int_t)bytes, "schema", (json_int_t)schema),
		err);
}

/* The operator gets the words: a full disk is his to mend. */
static int refuse(struct exchange *ex, const struct threads_error *why, struct threads_error *err)
{
	return reply_problem(ex, 503, "unavailable", why->text, NULL, err);
}

static void on_snapshot(void *arg, struct db_snapshot *snapshot, const struct threads_error *err)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *owned = snapshot;
	struct threads_error why = { 0 };
	struct exchange *ex = arg;
	int rc;

	if (owned)
		rc = ex->peer ? answer(ex, owned, &why) : EXCHANGE_DONE;
	else
		rc = refuse(ex, err, &why);
	exchange_finish(ex, rc, &why);
}

int backup_give(struct exchange *ex, struct threads_error *err)
{
	struct threads_error why = { 0 };

	if (backup_source_begin(ex->auth->backup, on_snapshot, ex, &why) < 0)
		return refuse(ex, &why, err);
	return EXCHANGE_WAITS;
}
