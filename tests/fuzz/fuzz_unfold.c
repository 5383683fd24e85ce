/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fold.h"
#include "store/unfold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_BYTES = 2, TEXT_MAX = 1 << 17 };

/* The size the text should have, then the folded text. Invariant: what is accepted has
 * that size, what is not leaves nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(TEXT_MAX);
	size_t want;
	int rc;

	if (size < SIZE_BYTES)
		return 0;
	want = (size_t)data[0] << 8 | data[1];
	rc = unfold_text((const char *)data + SIZE_BYTES, size - SIZE_BYTES, want, &out, NULL);
	if (out.len != (rc == 0 ? want : 0))
		abort();
	return 0;
}
