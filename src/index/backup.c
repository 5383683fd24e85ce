/* SPDX-License-Identifier: Apache-2.0 */
#include "index/backup.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/json.h"
#include "core/random_id.h"
#include "index/reply.h"
#include "index/verify_thread.h"
#include "store/pack_list.h"

enum { SETTINGS_TEXT_MAX = 32 * 1024 };

/* ---- erasing waits ---- */

bool backup_holds(const struct index_role *ix)
{
	return ix->verify || clock_monotonic_ms() < ix->hold_until_ms;
}

/* Numbers that no earlier index has given, so that a hold that died with it is not taken for ours. */
static void hold_begin(struct index_role *ix)
{
	const bool held = clock_monotonic_ms() < ix->hold_until_ms;

	ix->hold_last = ix->hold_last ? ix->hold_last + 1 : clock_now_ms(NULL);
	if (!held)
		ix->hold_first = ix->hold_last;
	ix->hold_until_ms = clock_monotonic_ms() + BACKUP_HOLD_MS;
}

static int on_hold(struct index_role *ix, struct peer *peer, struct frame *f,
		   struct threads_error *err)
{
	const int64_t hold = frame_get_int(f);
	const bool end = frame_get_int_in(f, 0, 1) == 1;
	const int64_t now_ms = clock_monotonic_ms();
	struct threads_error why;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (hold < ix->hold_first || hold > ix->hold_last || now_ms >= ix->hold_until_ms) {
		rc = threads_error_set(
			&why, THREADS_EINVAL,
			"the part of the hub that stores messages was restarted during the "
			"backup; run it again");
		return reply_error(peer, f->id, rc, &why);
	}
	if (!end)
		ix->hold_until_ms = now_ms + BACKUP_HOLD_MS;
	else if (hold == ix->hold_last) /* another backup may still need the rest of it */
		ix->hold_until_ms = 0;
	reply_ok(peer, f->id);
	return 0;
}

/* ---- the snapshot ---- */

/* What differs from the presets, as the lines of threads.conf. */
static int settings_append(const struct index_role *ix, json_t *details, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(SETTINGS_TEXT_MAX);
	const char *name, *preset, *purpose;

	for (size_t i = 0; config_describe(i, &name, &preset, &purpose); i++)
		if (strcmp(config_text(ix->role->config, name), preset) != 0)
			strbuf_addf(&text, "%s = %s\n", name, config_text(ix->role->config, name));
	if (json_object_set_new(details, "settings", json_string(strbuf_str(&text))) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return strbuf_check(&text, err);
}

/* In the same turn of the loop as the snapshot's last step: hub.db says here what it says there. */
static int details(void *arg, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *object = json_object();
	struct index_role *ix = arg;
	int rc;

	if (!object)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = pack_list(ix->store, object, err);
	if (rc == 0)
		rc = settings_append(ix, object, err);
	if (rc < 0)
		return rc;
	hold_begin(ix);
	json_object_set_new(object, "hold", json_integer(ix->hold_last));
	return json_append(out, object, err);
}

int backup_open(struct index_role *ix, struct threads_error *err)
{
	char folder[ROLE_PATH_BYTES];
	const struct backup_source_options options = {
		.loop = ix->role->loop,
		.db = store_db(ix->store),
		.about = "hub.db",
		.folder = folder,
		.details = details,
		.arg = ix,
	};
	int rc = role_path(ix->role, "hub", folder, err);

	return rc < 0 ? rc : backup_source_new(&options, &ix->backup, err);
}

/* ---- verify ---- */

static void on_verify_copy(void *arg, struct db_snapshot *snapshot, const struct threads_error *err)
{
	struct index_role *ix = arg;

	verify_thread_run(ix->verify, snapshot, err);
}

static int on_verify(struct index_role *ix, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	const bool deep = frame_get_int_in(f, 0, 1) == 1;
	struct threads_error why = { 0 };
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (ix->verify)
		rc = threads_error_set(&why, THREADS_EAGAIN,
				       "a check runs already; try again when it has ended");
	if (rc == 0)
		rc = verify_thread_new(ix, peer, f->id, deep, &why);
	if (rc < 0)
		return reply_error(peer, f->id, rc, &why);
	rc = backup_source_begin(ix->backup, on_verify_copy, ix, &why);
	if (rc == 0)
		return 0;
	ix->verify = verify_thread_free(ix->verify);
	return reply_error(peer, f->id, rc, &why);
}

/* ---- frames ---- */

int backup_command(struct index_role *ix, struct peer *peer, struct frame *f,
		   struct threads_error *err)
{
	if (f->type == INDEX_VERIFY)
		return on_verify(ix, peer, f, err);
	if (f->type == BACKUP_HOLD)
		return on_hold(ix, peer, f, err);
	return backup_source_frame(ix->backup, peer, f, err);
}

void backup_peer_gone(struct index_role *ix, const struct peer *peer)
{
	backup_source_peer_gone(ix->backup, peer);
	verify_thread_peer_gone(ix->verify, peer);
}
