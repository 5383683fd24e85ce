/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/html_text.h"

#include <stdint.h>

#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf html = STRBUF_INIT(4 << 20);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(4 << 20);

	/* Invariants: text is never longer than its markup; UTF-8 gives UTF-8. */
	html_text_append(&out, (const char *)data, size);
	if (out.len > size)
		abort();
	utf8_append_repaired(&html, (const char *)data, size);
	strbuf_reset(&out);
	html_text_append(&out, strbuf_str(&html), html.len);
	if (!utf8_valid(strbuf_str(&out), out.len))
		abort();
	return 0;
}
