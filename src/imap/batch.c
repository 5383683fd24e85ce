/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/batch.h"

#include "ipc/memfd.h"

void batch_init(struct batch *batch)
{
	batch->fd = -1;
	batch->kept = 0;
	batch->spool = 0;
	batch->count = 0;
}

void batch_release(struct batch *batch)
{
	if (batch->fd >= 0)
		close(batch->fd);
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

void batch_keep(struct batch *batch, uint32_t uid, unsigned flags, int64_t date_ms)
{
	batch->entries[batch->count++] = (struct batch_entry){
		.uid = uid,
		.flags = flags,
		.date_ms = date_ms,
		.offset = batch->kept,
		.len = batch->spool,
	};
	batch->kept += batch->spool;
	batch->spool = 0;
}

void batch_drop(struct batch *batch)
{
	batch->spool = 0;
}

bool batch_full(const struct batch *batch)
{
	return batch->count == BATCH_MESSAGES_MAX || batch->kept >= BATCH_BYTES;
}
