/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Invariant: what the decoder accepts, the encoder writes byte for byte again; a frame
 * never reaches outside the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT(RECORD_META_MAX);
	struct record record = { 0 };
	struct record_frame frame;
	const uint8_t *blobs;
	size_t offset = 0;

	if (record_decode(data, size, UINT64_MAX, &record, NULL) == 0) {
		if (record_encode(&record, &again, NULL) < 0 || again.len != size ||
		    memcmp(again.data, data, size) != 0)
			abort();
		record_release(&record);
	}
	while (record_next(data, size, &offset, &frame, &blobs, &record, NULL) == 1) {
		if (offset > size || blobs < data || frame.blobs_length > size)
			abort();
		record_release(&record);
	}
	return 0;
}
