/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: what is read is an object, and says the same when it is written and read again. */
#include "core/json.h"

#include <stdint.h>

#include "core/utf8.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JSON_MAX = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_freep) json_t *json = NULL, *again = NULL;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(JSON_MAX);
	static const char *const names[] = { "q", "limit", NULL };
	struct threads_error err = { 0 };
	const char *words = "";
	int64_t number = 0;

	if (json_parse_object((const char *)data, size, &json, &err) < 0) {
		REQUIRE(err.code == THREADS_EINVAL && err.text[0]);
		return 0;
	}
	REQUIRE(json_is_object(json));
	if (json_get_text_or(json, "q", 100, "", &words, &err) == 0)
		REQUIRE(strlen(words) <= 100);
	if (json_get_int_or(json, "limit", 1, 200, 50, &number, &err) == 0)
		REQUIRE(number >= 1 && number <= 200);
	if (json_check_fields(json, names, &err) < 0)
		REQUIRE(utf8_valid(err.text, strlen(err.text)));
	REQUIRE(json_append(&text, json, &err) == 0);
	REQUIRE(json_parse_object(text.data, text.len, &again, &err) == 0);
	REQUIRE(json_equal(json, again));
	return 0;
}
