/* SPDX-License-Identifier: Apache-2.0 */
/* State and labels of a copy: what the server says, or the file of an import. */
#include "store/ingest_internal.h"
#include "store/label.h"

/* An import's file speaks for its copy; what stands in mail from a server may be the sender's. */
static const char *labels_of(const struct ingest *ingest, const struct ingest_item *item)
{
	if (item->labels)
		return item->labels;
	if (ingest->source->import_id && item->draft && item->draft->labels.len)
		return item->draft->labels.text;
	return "";
}

int labels_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
	       int64_t message_id, struct threads_error *err)
{
	const struct label_copy copy = {
		.account_id = ingest->source->account_id,
		.folder_id = item->folder_id,
		.uid = uid,
		.message_id = message_id,
	};

	return labels_give(ingest->db, &copy, labels_of(ingest, item), &ingest->labels_dropped,
			   err);
}

uint32_t sighting_flags_of(const struct ingest *ingest, const struct ingest_item *item)
{
	if (item->sighting_flags & SIGHTING_STATE_UNKNOWN && ingest->source->import_id &&
	    item->draft)
		return item->draft->copy_flags;
	return item->sighting_flags;
}
