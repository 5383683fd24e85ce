/* SPDX-License-Identifier: Apache-2.0 */
/* Field data of a frame as a hostile process could send it. */
#include "ipc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte of each step says which getter reads next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f = FRAME_INIT;
	unsigned char *copy = malloc(size ? size : 1);
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	frame_begin(&f, 1, 1);
	f.data = copy;
	f.len = f.cap = size < FRAME_BYTES_MAX ? size : FRAME_BYTES_MAX;
	for (size_t i = 0; i < size && !frame_at_end(&f) && !f.failed; i++) {
		switch (f.data[f.pos] % 4 == data[i] % 4 ? f.data[f.pos] : data[i] % 4) {
		case 'i':
			(void)frame_get_int(&f);
			break;
		case 't':
			if (strlen(frame_get_text(&f)) > size)
				abort();
			break;
		case 'b':
			(void)frame_get_bytes(&f, &len);
			if (len > size)
				abort();
			break;
		default:
			if (frame_get_fd(&f) != -1)
				abort(); /* none came with it */
		}
	}
	if (f.pos > f.len)
		abort();
	frame_release(&f);
	return 0;
}
