/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/source.h"

#include <stdio.h>

#include "core/json.h"
#include "core/log.h"
#include "store/db_check.h"

enum { DETAILS_MAX = 100 * 1024, PATH_BYTES = 4096, STEP_PAUSE_MS = 1, FAULTS_BYTES = 100 * 1024 };

struct backup_source {
	struct backup_source_options options;
	char path[PATH_BYTES]; /* of the copy; one is made at a time */
	struct loop_timer *timer;
	/* the snapshot in hand */
	struct db_snapshot *snapshot;
	backup_done_fn *fn;
	void *fn_arg;
	struct peer *peer; /* who gets it; NULL: gone */
	uint32_t id;
};

static void finish(struct backup_source *source, const struct threads_error *err)
{
	struct db_snapshot *snapshot = TAKE_PTR(source->snapshot);

	if (err)
		snapshot = db_snapshot_free(snapshot);
	source->fn(source->fn_arg, snapshot, err);
}

static void on_step(void *arg)
{
	struct backup_source *source = arg;
	struct threads_error err = { 0 };
	const int rc = db_snapshot_step(source->snapshot, &err);

	if (rc > 0)
		loop_timer_set(source->timer, STEP_PAUSE_MS);
	else
		finish(source, rc < 0 ? &err : NULL);
}

int backup_source_new(const struct backup_source_options *options,
		      struct backup_source **ret_source, struct threads_error *err)
{
	struct backup_source *source = calloc(1, sizeof(*source));
	int rc;

	if (!source)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = loop_timer_add(options->loop, on_step, source, &source->timer, err);
	if (rc < 0) {
		backup_source_free(source);
		return rc;
	}
	source->options = *options;
	snprintf(source->path, sizeof(source->path), "%s/copy.db", options->folder);
	db_snapshot_sweep(source->path);
	*ret_source = source;
	return 0;
}

struct backup_source *backup_source_free(struct backup_source *source)
{
	if (!source)
		return NULL;
	source->snapshot = db_snapshot_free(source->snapshot);
	source->timer = loop_timer_remove(source->timer);
	free(source);
	return NULL;
}

int backup_source_begin(struct backup_source *source, backup_done_fn *fn, void *arg,
			struct threads_error *err)
{
	int rc;

	if (source->snapshot)
		return threads_error_set(err, THREADS_EAGAIN,
					 "another backup or check copies the database now; "
					 "try again when it has ended");
	rc = db_snapshot_begin(source->options.db, source->path, &source->snapshot, err);
	if (rc < 0)
		return rc;
	source->fn = fn;
	source->fn_arg = arg;
	loop_timer_set(source->timer, 0);
	return 0;
}

/* ---- for threadsctl, by way of api ---- */

static int answer_error(struct peer *peer, uint32_t id, const struct threads_error *why,
			struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin_error(&f, id, why->code, why->text);
	return peer_send(peer, &f, err);
}

static int answer_snapshot(struct backup_source *source, const struct db_snapshot *snapshot,
			   struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf details = STRBUF_INIT(DETAILS_MAX);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int fd = -1;
	int64_t schema = 0, bytes = 0;
	int rc = db_schema(source->options.db, &schema, err);

	if (rc == 0 && source->options.details)
		rc = source->options.details(source->options.arg, &details, err);
	else if (rc == 0)
		strbuf_add_str(&details, "{}");
	if (rc == 0)
		rc = strbuf_check(&details, err);
	if (rc == 0)
		rc = db_snapshot_open(snapshot, &fd, &bytes, err);
	if (rc < 0)
		return rc;
	frame_begin(&f, BACKUP_SNAPSHOT_IS, source->id);
	frame_put_int(&f, bytes);
	frame_put_int(&f, schema);
	frame_put_text(&f, strbuf_str(&details));
	frame_put_fd(&f, fd);
	return peer_send(source->peer, &f, err);
}

static void on_snapshot(void *arg, struct db_snapshot *snapshot, const struct threads_error *err)
{
	CLEANUP(db_snapshot_freep) struct db_snapshot *owned = snapshot;
	struct backup_source *source = arg;
	struct threads_error why = err ? *err : (struct threads_error){ 0 }, ignored;
	int rc = owned ? 0 : (int)why.code;

	if (!source->peer)
		return;
	if (rc == 0)
		rc = answer_snapshot(source, owned, &why);
	if (rc < 0) {
		log_warning("backup: %s", why.text);
		if (answer_error(source->peer, source->id, &why, &ignored) < 0)
			log_debug("backup: %s", ignored.text);
	}
	source->peer = NULL;
}

static int on_snapshot_wanted(struct backup_source *source, struct peer *peer, struct frame *f,
			      struct threads_error *err)
{
	struct threads_error why = { 0 };
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (backup_source_begin(source, on_snapshot, source, &why) < 0)
		return answer_error(peer, f->id, &why, err);
	source->peer = peer;
	source->id = f->id;
	return 0;
}

static int on_check(struct backup_source *source, struct peer *peer, struct frame *f,
		    struct threads_error *err)
{
	CLEANUP(json_freep) json_t *faults = json_array();
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(FAULTS_BYTES);
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	struct threads_error why = { 0 };
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = faults ? db_check(source->options.db, source->options.about, faults, &why)
		    : threads_error_set(&why, THREADS_ENOMEM, "out of memory");
	if (rc == 0 && source->options.check)
		rc = source->options.check(source->options.arg, faults, &why);
	if (rc == THREADS_EIO ||
	    rc == THREADS_EINVAL) { /* such rows cannot be read: a fault as well */
		db_fault_add(faults, source->options.about, why.text);
		rc = 0;
	}
	if (rc == 0)
		rc = json_append(&text, faults, &why);
	if (rc < 0)
		return answer_error(peer, f->id, &why, err);
	frame_begin(&out, DATABASE_CHECK_IS, f->id);
	frame_put_text(&out, strbuf_str(&text));
	return peer_send(peer, &out, err);
}

int backup_source_frame(struct backup_source *source, struct peer *peer, struct frame *f,
			struct threads_error *err)
{
	if (f->type == BACKUP_SNAPSHOT)
		return on_snapshot_wanted(source, peer, f, err);
	if (f->type == DATABASE_CHECK)
		return on_check(source, peer, f, err);
	return threads_error_set(err, THREADS_EINVAL, "frame %u is not about backup", f->type);
}

void backup_source_peer_gone(struct backup_source *source, const struct peer *peer)
{
	if (source && source->peer == peer)
		source->peer = NULL;
}
