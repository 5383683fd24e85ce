/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/answer.h"

#include "imap/mutf7.h"

enum { RAW_LABEL_MAX = 4 * IMAP_LABEL_BYTES_MAX };

void answer_release(struct answer *answer)
{
	strbuf_release(&answer->labels);
}

static int64_t date_of(const struct mailimap_date_time *date)
{
	struct tm tm = { 0 };
	int64_t zone_s;

	if (!date || date->dt_year < 1970 || date->dt_year > 9999)
		return 0;
	tm.tm_year = date->dt_year - 1900;
	tm.tm_mon = date->dt_month - 1;
	tm.tm_mday = date->dt_day;
	tm.tm_hour = date->dt_hour;
	tm.tm_min = date->dt_min;
	tm.tm_sec = date->dt_sec;
	zone_s = (date->dt_zone / 100) * 3600 + (date->dt_zone % 100) * 60;
	return ((int64_t)timegm(&tm) - zone_s) * 1000;
}

/* Keywords and labels may be modified UTF-7, as names of folders are. */
static void add_label(struct answer *answer, const char *raw)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(RAW_LABEL_MAX);

	if (strlen(raw) <= RAW_LABEL_MAX)
		mutf7_show(&name, raw);
	if (name.failed || name.len == 0 || name.len > IMAP_LABEL_BYTES_MAX ||
	    answer->label_count == IMAP_LABELS_MAX ||
	    answer->labels.len + name.len + 1 > IMAP_LABELS_BYTES_MAX) {
		answer->labels_dropped++;
		return;
	}
	strbuf_add(&answer->labels, name.data, name.len);
	strbuf_add_char(&answer->labels, '\n');
	answer->label_count++;
}

static void read_flag(struct answer *answer, const struct mailimap_flag_fetch *item)
{
	const struct mailimap_flag *flag = item->fl_flag;

	if (item->fl_type != MAILIMAP_FLAG_FETCH_OTHER || !flag)
		return;
	switch (flag->fl_type) {
	case MAILIMAP_FLAG_SEEN:
		answer->flags |= IMAP_FLAG_SEEN;
		break;
	case MAILIMAP_FLAG_ANSWERED:
		answer->flags |= IMAP_FLAG_ANSWERED;
		break;
	case MAILIMAP_FLAG_FLAGGED:
		answer->flags |= IMAP_FLAG_FLAGGED;
		break;
	case MAILIMAP_FLAG_DRAFT:
		answer->flags |= IMAP_FLAG_DRAFT;
		break;
	case MAILIMAP_FLAG_KEYWORD:
		if (flag->fl_data.fl_keyword)
			add_label(answer, flag->fl_data.fl_keyword);
		break;
	default: /* \Deleted, and backslash words that nobody defined */
		break;
	}
}

static void read_flags(struct answer *answer, const struct mailimap_msg_att_dynamic *flags)
{
	answer->has_flags = true;
	if (!flags || !flags->att_list)
		return;
	for (clistiter *i = clist_begin(flags->att_list); i; i = clist_next(i))
		read_flag(answer, clist_content(i));
}

/* Labels of Gmail's own begin with a backslash: \Inbox, \Sent, and a star that is a flag. */
static void read_gmail_label(struct answer *answer, const char *raw)
{
	if (strcasecmp(raw, "\\Starred") == 0)
		answer->flags |= IMAP_FLAG_FLAGGED;
	else
		add_label(answer, raw[0] == '\\' ? raw + 1 : raw);
}

static void read_extension(struct answer *answer, const struct mailimap_extension_data *data)
{
	const struct mailimap_msg_att_xgmlabels *gmail;

	if (!data || data->ext_extension != &mailimap_extension_xgmlabels || !data->ext_data)
		return;
	gmail = data->ext_data;
	answer->has_labels = true;
	for (clistiter *i = gmail->att_labels ? clist_begin(gmail->att_labels) : NULL; i;
	     i = clist_next(i))
		if (clist_content(i))
			read_gmail_label(answer, clist_content(i));
}

static void read_static(struct answer *answer, const struct mailimap_msg_att_static *att)
{
	switch (att->att_type) {
	case MAILIMAP_MSG_ATT_UID:
		answer->uid = att->att_data.att_uid;
		break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE:
		answer->size = att->att_data.att_rfc822_size;
		break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		answer->date_ms = date_of(att->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		answer->has_body = true;
		break;
	default:
		break;
	}
}

void answer_read(struct answer *answer, const struct mailimap_msg_att *att)
{
	for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
		const struct mailimap_msg_att_item *item = clist_content(i);

		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC && item->att_data.att_static)
			read_static(answer, item->att_data.att_static);
		else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC)
			read_flags(answer, item->att_data.att_dyn);
		else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_EXTENSION)
			read_extension(answer, item->att_data.att_extension_data);
	}
}
