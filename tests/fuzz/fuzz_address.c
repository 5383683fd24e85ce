/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/address.h"

#include <stdint.h>

#include "core/utf8.h"
#include "mime/date.h"
#include "mime/filename.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check_address(void *arg, const char *name, const char *address)
{
	size_t *left = arg;

	/* Invariants: UTF-8 within the limits, never both empty, ends. */
	if (!utf8_valid(name, strlen(name)) || !utf8_valid(address, strlen(address)) ||
	    strlen(name) > ADDRESS_NAME_MAX || strlen(address) > ADDRESS_MAX ||
	    (!*name && !*address) || (*left)-- == 0)
		abort();
	return true;
}

static void check_text(struct charsets *charsets, const char *raw, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(4 << 20);
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(4 << 20);
	int64_t date_ms;

	header_decode(charsets, raw, size, &out);
	if (!utf8_valid(strbuf_str(&out), out.len))
		abort();
	filename_clean(&name, strbuf_str(&out), out.len);
	if (name.len > FILENAME_MAX_BYTES || !utf8_valid(strbuf_str(&name), name.len) ||
	    strpbrk(strbuf_str(&name), "/\\\r\n"))
		abort();
	strbuf_reset(&out);
	if (header_param(charsets, raw, size, "filename", NULL, &out) &&
	    !utf8_valid(strbuf_str(&out), out.len))
		abort();
	if (date_parse(raw, size, &date_ms) && (date_ms < -86400000LL || date_ms > 7258204800000LL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *charsets; /* opened once: a fuzzer's own state */
	size_t left = size + 1;

	if (!charsets && charsets_open(&charsets, NULL) < 0)
		abort();
	address_parse(charsets, (const char *)data, size, check_address, &left);
	check_text(charsets, (const char *)data, size);
	return 0;
}
