/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mbox.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Invariants: ranges ascend, lie in the file, and are the same whether they are
 * asked for one by one or all at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MOST = 100 };
	AUTO_FD int fd = memfd_create("fuzz", 0);
	const struct mbox_limits all = { MOST, UINT64_MAX }, one = { 1, 0 };
	struct mbox_range ranges[MOST], range;
	struct mbox_result result, step = { 0 };
	uint64_t behind = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (mbox_split(fd, 0, &all, ranges, &result, NULL) < 0)
		return 0;
	for (size_t i = 0; i < result.count; i++) {
		if (ranges[i].offset < behind || ranges[i].offset > size ||
		    ranges[i].length > size - ranges[i].offset)
			abort();
		behind = ranges[i].offset + ranges[i].length;
		if (mbox_split(fd, step.next, &one, &range, &step, NULL) < 0 || step.count != 1 ||
		    range.offset != ranges[i].offset || range.length != ranges[i].length)
			abort();
	}
	if (result.count < MOST && (!result.end || result.next != size))
		abort();
	return 0;
}
