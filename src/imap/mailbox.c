/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/mailbox.h"

enum {
	SEARCH_WINDOW = 50000, /* messages of one SEARCH: its answer is one line */
	SMALL_ANSWER = 1024 * 1024,
};

/* It has 63 bits (RFC 7162). What has more is no number of changes. */
static uint64_t modseq_of(uint64_t said)
{
	return said <= INT64_MAX ? said : 0;
}

int mailbox_examine(struct session *session, const char *name, struct mailbox *ret_box,
		    struct failure *why)
{
	const struct mailimap_selection_info *info;
	uint64_t modseq = 0;
	int r;

	session_expect(session, SMALL_ANSWER);
	r = session->has_condstore ? mailimap_examine_condstore(session->imap, name, &modseq)
				   : mailimap_examine(session->imap, name);
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	info = session->imap->imap_selection_info;
	if (!info)
		return failure_set(why, FAILURE_GARBAGE, "the server opened no folder");
	*ret_box = (struct mailbox){ info->sel_uidvalidity,
				     info->sel_has_exists ? info->sel_exists : 0, info->sel_uidnext,
				     modseq_of(modseq) };
	return 0;
}

static struct mailimap_search_key *since_key(int64_t since_ms)
{
	const time_t t = (time_t)(since_ms / 1000);
	struct mailimap_date *date;
	struct tm tm;

	gmtime_r(&t, &tm);
	date = mailimap_date_new(tm.tm_mday, tm.tm_mon + 1, tm.tm_year + 1900);
	return date ? mailimap_search_key_new_since(date) : NULL;
}

/* By sequence numbers: however sparse the UIDs are, the answer is bounded. */
static struct mailimap_search_key *window_key(uint32_t first, uint32_t last, int64_t since_ms)
{
	struct mailimap_set *set = mailimap_set_new_interval(first, last);
	struct mailimap_search_key *key = set ? mailimap_search_key_new_set(set) : NULL;
	struct mailimap_search_key *both;

	if (!key || since_ms <= 0)
		return key;
	both = mailimap_search_key_new_multiple_empty();
	if (both) {
		mailimap_search_key_multiple_add(both, key);
		mailimap_search_key_multiple_add(both, since_key(since_ms));
	}
	return both;
}

static int search(struct session *session, struct mailimap_search_key *key, struct uid_list *uids,
		  struct failure *why)
{
	struct threads_error err = { 0 };
	clist *found = NULL;
	int r, rc = 0;

	if (!key)
		return failure_set(why, FAILURE_HUB, "out of memory");
	session_expect(session, SMALL_ANSWER);
	r = mailimap_uid_search(session->imap, NULL, key, &found);
	mailimap_search_key_free(key);
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	for (clistiter *i = found ? clist_begin(found) : NULL; i && rc == 0; i = clist_next(i)) {
		const uint32_t *uid = clist_content(i);

		rc = uid_list_add(uids, *uid, &err);
	}
	if (found)
		mailimap_search_result_free(found);
	return rc < 0 ? failure_set(why, FAILURE_HUB, "%s", err.text) : 0;
}

int mailbox_search(struct session *session, uint32_t messages, int64_t since_ms,
		   struct uid_list *uids, struct failure *why)
{
	for (uint32_t first = 1; first <= messages; first += SEARCH_WINDOW) {
		const uint32_t left = messages - first;
		const uint32_t last = first + (left < SEARCH_WINDOW ? left : SEARCH_WINDOW - 1);

		if (search(session, window_key(first, last, since_ms), uids, why) < 0)
			return -1;
		if (last == messages)
			break;
	}
	uid_list_sort(uids);
	return 0;
}

static uint64_t status_modseq(const struct mailimap_extension_data *data)
{
	const struct mailimap_condstore_status_info *info;

	if (!data || data->ext_extension != &mailimap_extension_condstore ||
	    data->ext_type != MAILIMAP_CONDSTORE_TYPE_STATUS_INFO || !data->ext_data)
		return 0;
	info = data->ext_data;
	return modseq_of(info->cs_highestmodseq_value);
}

int mailbox_status(struct session *session, const char *name, struct mailbox *ret_box,
		   struct failure *why)
{
	struct mailimap_status_att_list *atts = mailimap_status_att_list_new_empty();
	struct mailimap_mailbox_data_status *status = NULL;
	struct mailbox box = { 0 };
	int r = MAILIMAP_ERROR_MEMORY;

	session_expect(session, SMALL_ANSWER);
	if (atts) {
		mailimap_status_att_list_add(atts, MAILIMAP_STATUS_ATT_MESSAGES);
		mailimap_status_att_list_add(atts, MAILIMAP_STATUS_ATT_UIDNEXT);
		mailimap_status_att_list_add(atts, MAILIMAP_STATUS_ATT_UIDVALIDITY);
		if (session->has_condstore)
			mailimap_status_att_list_add(atts, MAILIMAP_STATUS_ATT_HIGHESTMODSEQ);
		r = mailimap_status(session->imap, name, atts, &status);
		mailimap_status_att_list_free(atts);
	}
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	if (!status) /* "OK" and nothing else */
		return failure_set(why, FAILURE_GARBAGE, "the server gives no numbers of a folder");
	for (clistiter *i = status->st_info_list ? clist_begin(status->st_info_list) : NULL; i;
	     i = clist_next(i)) {
		const struct mailimap_status_info *info = clist_content(i);

		if (info->st_att == MAILIMAP_STATUS_ATT_MESSAGES)
			box.messages = info->st_value;
		else if (info->st_att == MAILIMAP_STATUS_ATT_UIDNEXT)
			box.uidnext = info->st_value;
		else if (info->st_att == MAILIMAP_STATUS_ATT_UIDVALIDITY)
			box.uidvalidity = info->st_value;
		else if (info->st_att == MAILIMAP_STATUS_ATT_EXTENSION)
			box.modseq = status_modseq(info->st_ext_data);
	}
	mailimap_mailbox_data_status_free(status);
	*ret_box = box;
	return 0;
}

int mailbox_search_set(struct session *session, struct mailimap_set *set, struct uid_list *uids,
		       struct failure *why)
{
	if (search(session, set ? mailimap_search_key_new_uid(set) : NULL, uids, why) < 0)
		return -1;
	uid_list_sort(uids);
	return 0;
}
