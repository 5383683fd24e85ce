/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/batch.h"

#include "ipc/memfd.h"

void batch_init(struct batch *batch)
{
	batch->fd = -1;
	batch->kept = 0;
	batch->spool = 0;
	batch->count = 0;
	batch->labels = (struct strbuf)STRBUF_INIT(BATCH_LABEL_BYTES + IMAP_LABELS_BYTES_MAX +
						   BATCH_MESSAGES_MAX);
}

void batch_release(struct batch *batch)
{
	if (batch->fd >= 0)
		close(batch->fd);
	strbuf_release(&batch->labels);
	batch_init(batch);
}

int batch_write(struct batch *batch, const void *data, size_t len, struct threads_error *err)
{
	const char *p = data;

	if (batch->fd < 0) {
		const int rc = memfd_new("mail", &batch->fd, err);

		if (rc < 0)
			return rc;
	}
	while (len > 0) {
		const ssize_t n = pwrite(batch->fd, p, len, (off_t)(batch->kept + batch->spool));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return threads_error_set(err, THREADS_EIO, "write: %m");
		p += n;
		len -= (size_t)n;
		batch->spool += (size_t)n;
	}
	return 0;
}

void batch_keep(struct batch *batch, const struct answer *answer)
{
	batch->entries[batch->count++] = (struct batch_entry){
		.uid = answer->uid,
		.flags = answer->flags,
		.date_ms = answer->date_ms,
		.offset = batch->kept,
		.len = batch->spool,
		.labels = batch->labels.len,
	};
	strbuf_add(&batch->labels, strbuf_str(&answer->labels), answer->labels.len + 1);
	batch->kept += batch->spool;
	batch->spool = 0;
}

/* Without memory for them there are none: the next look at the flags brings them. */
const char *batch_labels(const struct batch *batch, const struct batch_entry *entry)
{
	return entry->labels < batch->labels.len ? strbuf_str(&batch->labels) + entry->labels : "";
}

void batch_drop(struct batch *batch)
{
	batch->spool = 0;
}

bool batch_full(const struct batch *batch)
{
	return batch->count == BATCH_MESSAGES_MAX || batch->kept >= BATCH_BYTES ||
	       batch->labels.len >= BATCH_LABEL_BYTES;
}
