/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/encode.h"
#include "crypto/hmac.h"
#include "crypto/seal.h"

static const struct seal_binding bound = {
	.account = "acct2345acct2345acct234567",
	.provider = "imap",
	.host = "imap.example.org",
	.port = "993",
	.tls_mode = "implicit",
	.ca = "",
	.user = "mara@example.org",
};

static struct seal_key *key_of(unsigned char first)
{
	unsigned char seed[SEAL_SEED_LEN];
	struct seal_key *key = NULL;
	struct threads_error err;

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (unsigned char)(first + i);
	assert_rc(seal_keypair_from_seed(seed, &key, &err), 0, &err);
	return key;
}

static void test_key_follows_from_the_seed(void **state)
{
	CLEANUP(seal_key_freep) struct seal_key *key = key_of(0);
	CLEANUP(seal_key_freep) struct seal_key *other = key_of(1);
	CLEANUP(strbuf_release) struct strbuf hex = STRBUF_INIT(200);
	char print[SEAL_FINGERPRINT_SIZE];
	struct threads_error err;

	(void)state;
	hex_append(&hex, seal_key_public(key), SEAL_PUBLIC_LEN);
	assert_string_equal(strbuf_str(&hex),
			    "0468e94bb392d92fe8b91ac12d7a08e6719c5b24b66a3dcce6b8d523ec1f4a5d2b"
			    "edbb4027d10012d553a8e8b50af6c2eef75dab23f8257f131cddcb4e1963939d");
	assert_memory_not_equal(seal_key_public(key), seal_key_public(other), SEAL_PUBLIC_LEN);
	assert_rc(seal_fingerprint(seal_key_public(key), print, &err), 0, &err);
	assert_int_equal(strlen(print), SEAL_FINGERPRINT_SIZE - 1);
}

/* Made with WebCrypto for the key of the test above, bound to the fields above. */
static void test_opens_what_webcrypto_sealed(void **state)
{
	static const char box[] =
		"AQRew6vox0pg5djeZSy3Q0K8EvoduI0QCu0r3HE-6WYMDvEelFAUxNUSoXftahm7eywTHbOaXuvZd6ItJ"
		"lvlNG1pBNr3V1-MlLqxgDQ4x7FZy0qLFEvbrD02RPblBivD9xVQe9iz__B5Y-sm";
	CLEANUP(seal_key_freep) struct seal_key *key = key_of(0);
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SEAL_SECRET_MAX);
	struct threads_error err;

	(void)state;
	assert_rc(seal_open(key, &bound, box, strlen(box), &secret, &err), 0, &err);
	assert_string_equal(strbuf_str(&secret), "app pass w\xc3\xb6rd");
}

static void test_round_trip_and_length_limits(void **state)
{
	CLEANUP(seal_key_freep) struct seal_key *key = key_of(7);
	AUTO_FREE char *large = calloc(1, SEAL_SECRET_MAX + 1);
	struct threads_error err;

	(void)state;
	for (size_t len = 0; len <= SEAL_SECRET_MAX; len = len * 4 + 1) {
		CLEANUP(secret_release) struct strbuf out = STRBUF_INIT(SEAL_SECRET_MAX);
		CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);

		assert_rc(seal_make(seal_key_public(key), &bound, large, len, &box, &err), 0, &err);
		assert_rc(seal_open(key, &bound, box.data, box.len, &out, &err), 0, &err);
		assert_int_equal(out.len, len);
	}
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);

	assert_rc(seal_make(seal_key_public(key), &bound, large, SEAL_SECRET_MAX, &box, &err), 0,
		  &err);
	strbuf_reset(&box);
	assert_rc(seal_make(seal_key_public(key), &bound, large, SEAL_SECRET_MAX + 1, &box, &err),
		  THREADS_ELIMIT, &err);
}

static void test_each_bound_field_counts(void **state)
{
	CLEANUP(seal_key_freep) struct seal_key *key = key_of(7);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	CLEANUP(secret_release) struct strbuf out = STRBUF_INIT(SEAL_SECRET_MAX);
	struct threads_error err;
	/* The last one moves a character over a field's border: lengths are bound too. */
	struct seal_binding changed[9];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		changed[i] = bound;
	changed[0].account = "acct2345acct2345acct234568";
	changed[1].provider = "graph";
	changed[2].host = "evil.example.com";
	changed[3].port = "143";
	changed[4].tls_mode = "none";
	changed[5].ca = "x";
	changed[6].user = "mara@example.com";
	changed[7].provider = "imapi";
	changed[7].host = "map.example.org";
	assert_rc(seal_make(seal_key_public(key), &bound, "secret", 6, &box, &err), 0, &err);
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++) {
		strbuf_reset(&out);
		assert_rc(seal_open(key, &changed[i], box.data, box.len, &out, &err),
			  i < 8 ? THREADS_EINVAL : 0, &err);
		assert_int_equal(out.len, i < 8 ? 0 : 6);
	}
}

static void test_refuses_what_is_no_box(void **state)
{
	CLEANUP(seal_key_freep) struct seal_key *key = key_of(7);
	CLEANUP(seal_key_freep) struct seal_key *other = key_of(8);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	CLEANUP(secret_release) struct strbuf out = STRBUF_INIT(SEAL_SECRET_MAX);
	unsigned char nowhere[SEAL_PUBLIC_LEN] = { 4, 1 };
	struct threads_error err;

	(void)state;
	assert_rc(seal_make(seal_key_public(key), &bound, "secret", 6, &box, &err), 0, &err);
	assert_rc(seal_open(other, &bound, box.data, box.len, &out, &err), THREADS_EINVAL, &err);
	for (size_t i = 0; i < box.len; i++) {
		const char was = box.data[i];

		box.data[i] = was == 'A' ? 'B' : 'A';
		assert_rc(seal_open(key, &bound, box.data, box.len, &out, &err), THREADS_EINVAL,
			  &err);
		box.data[i] = was;
		assert_rc(seal_open(key, &bound, box.data, i, &out, &err), THREADS_EINVAL, &err);
	}
	assert_int_equal(out.len, 0);
	assert_rc(seal_open(key, &bound, box.data, box.len, &out, &err), 0, &err);
	assert_rc(seal_make(nowhere, &bound, "secret", 6, &box, &err), THREADS_EINVAL, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_follows_from_the_seed),
		cmocka_unit_test(test_opens_what_webcrypto_sealed),
		cmocka_unit_test(test_round_trip_and_length_limits),
		cmocka_unit_test(test_each_bound_field_counts),
		cmocka_unit_test(test_refuses_what_is_no_box),
	};

	return cmocka_run_group_tests_name("crypto/seal", tests, NULL, NULL);
}
