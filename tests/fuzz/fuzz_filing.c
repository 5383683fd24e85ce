/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of addresses and numbers: a key is its own key, and nothing is half written. */
#include <stddef.h>
#include <stdint.h>

#include "filing/email_key.h"
#include "filing/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void try_email(const char *text, size_t len)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX);
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT(EMAIL_KEY_MAX);

	if (email_key(text, len, &key, NULL) < 0) {
		check(key.len == 0);
		return;
	}
	check(email_key(strbuf_str(&key), key.len, &again, NULL) == 0);
	check(key.len == again.len && memcmp(key.data, again.data, key.len) == 0);
}

static void try_phone(const struct phone_site *site, const char *text, size_t len)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(PHONE_KEY_MAX);
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT(PHONE_KEY_MAX);

	if (phone_key(site, text, len, &key, NULL, NULL) != 1) {
		check(key.len == 0);
		return;
	}
	if (key.data[0] != '+')
		return;
	check(phone_key(site, strbuf_str(&key), key.len, &again, NULL, NULL) == 1);
	check(key.len == again.len && memcmp(key.data, again.data, key.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const regions[] = { "DE", "US", "RU", "HU" };
	const char *text = (const char *)data;

	if (size > 4096)
		return 0;
	try_email(text, size);
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++)
		try_phone(&(struct phone_site){ .region = regions[i], .name = "site" }, text, size);
	return 0;
}
