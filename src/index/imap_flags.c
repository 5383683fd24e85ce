/* SPDX-License-Identifier: Apache-2.0 */
#include "index/imap_flags.h"

#include <ctype.h>

#include "core/clock.h"
#include "core/disk_full.h"
#include "core/log.h"
#include "index/reply.h"
#include "store/folder.h"
#include "store/folder_flags.h"

bool imap_labels_fit(const char *text)
{
	const size_t len = strlen(text);

	if (len == 0)
		return true;
	if (len > IMAP_LABELS_BYTES_MAX || text[len - 1] != '\n')
		return false;
	for (const char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p) && *p != '\n')
			return false;
	return true;
}

void imap_labels_dropped(struct imap_session *session, int64_t count)
{
	if (count == 0 || session->labels_said)
		return;
	session->labels_said = true;
	log_notice("account %lld: labels are left out: too many, or too long",
		   (long long)session->account_id);
}

static int read_entries(struct frame *f, struct flags_entry *entries, size_t count,
			struct threads_error *err)
{
	for (size_t i = 0; i < count; i++) {
		entries[i].uid = frame_get_int_in(f, 1, UINT32_MAX);
		entries[i].flags = (uint32_t)frame_get_int_in(f, 0, 15);
		entries[i].labels = frame_get_text(f);
		if (!imap_labels_fit(entries[i].labels))
			return threads_error_set(err, THREADS_EINVAL, "labels that are none");
	}
	return frame_get_end(f, err);
}

/* Asked and answered: what fails here may be said again. */
static int store_flags(struct imap_session *session, const struct flags_change *change,
		       struct threads_error *err)
{
	struct index_role *ix = session->ix;
	struct flags_done done = { 0 };
	int rc;

	if (ix->disk_full)
		return threads_error_set(err, THREADS_EFULL, DISK_FULL_WORDS);
	rc = folder_flags_set(ix->store, change, &done, err);
	if (rc < 0)
		return rc;
	imap_labels_dropped(session, done.labels_dropped);
	if (done.changed > 0)
		log_debug("account %lld: %lld copies changed on the server",
			  (long long)session->account_id, (long long)done.changed);
	return 0;
}

int imap_flags_take(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	const int64_t folder_id = frame_get_int(f);
	const bool last = frame_get_int_in(f, 0, 1) == 1;
	const struct folder_mark mark = { frame_get_int_in(f, 0, INT64_MAX), clock_now_ms(NULL) };
	const size_t count = (size_t)frame_get_int_in(f, 0, IMAP_FLAGS_MAX);
	AUTO_FREE struct flags_entry *entries = calloc(count + 1, sizeof(*entries));
	const struct flags_change change = { .account_id = session->account_id,
					     .folder_id = folder_id,
					     .entries = entries,
					     .count = count,
					     .mark = last ? &mark : NULL };
	int rc;

	if (!entries)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = read_entries(f, entries, count, err);
	if (rc < 0)
		return rc;
	rc = folder_belongs(session->ix->store, folder_id, session->account_id, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "a folder of another account");
	if (rc > 0)
		rc = store_flags(session, &change, err);
	return reply(session->peer, f->id, rc, err);
}
