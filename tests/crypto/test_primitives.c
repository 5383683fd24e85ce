/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM, SHA-256, HMAC and HKDF against published vectors. */
#include "test.h"

#include "core/encode.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

static struct strbuf from_hex(const char *hex)
{
	struct strbuf out = STRBUF_INIT(4096);

	assert_int_equal(hex_decode(&out, hex, strlen(hex), NULL), 0);
	return out;
}

static void assert_hex(const void *data, size_t len, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf hex = STRBUF_INIT(4096);

	hex_append(&hex, data, len);
	assert_string_equal(strbuf_str(&hex), want);
}

static void test_gcm_opens_published_case_16(void **state)
{
	CLEANUP(strbuf_release)
	struct strbuf key = from_hex("feffe9928665731c6d6a8f9467308308"
				     "feffe9928665731c6d6a8f9467308308");
	CLEANUP(strbuf_release)
	struct strbuf aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
	CLEANUP(strbuf_release)
	struct strbuf box = from_hex("cafebabefacedbaddecaf888"
				     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555"
				     "d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
				     "76fc6ece0f4e1768cddf8853bb2d551b");
	unsigned char plain[60];
	struct threads_error err;

	(void)state;
	assert_rc(aead_open((const unsigned char *)key.data, aad.data, aad.len, box.data, box.len,
			    plain, &err),
		  0, &err);
	assert_hex(plain, sizeof(plain),
		   "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a31"
		   "8a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

static void test_seal_opens_again_and_never_repeats(void **state)
{
	unsigned char key[AEAD_KEY_LEN] = { 1 }, a[5 + AEAD_OVERHEAD], b[5 + AEAD_OVERHEAD];
	unsigned char plain[5], empty[AEAD_OVERHEAD];
	struct threads_error err;

	(void)state;
	assert_rc(aead_seal(key, "x", 1, "hello", 5, a, &err), 0, &err);
	assert_rc(aead_seal(key, "x", 1, "hello", 5, b, &err), 0, &err);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_rc(aead_open(key, "x", 1, a, sizeof(a), plain, &err), 0, &err);
	assert_memory_equal(plain, "hello", 5);
	assert_rc(aead_seal(key, NULL, 0, NULL, 0, empty, &err), 0, &err);
	assert_rc(aead_open(key, NULL, 0, empty, sizeof(empty), plain, &err), 0, &err);
}

static void test_every_flipped_bit_is_refused(void **state)
{
	unsigned char key[AEAD_KEY_LEN] = { 1 }, box[5 + AEAD_OVERHEAD], plain[5];
	static const unsigned char zeros[5];
	struct threads_error err;

	(void)state;
	assert_rc(aead_seal(key, "x", 1, "hello", 5, box, &err), 0, &err);
	for (size_t bit = 0; bit < sizeof(box) * 8; bit++) {
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_rc(aead_open(key, "x", 1, box, sizeof(box), plain, &err), THREADS_EINVAL,
			  &err);
		assert_memory_equal(plain, zeros, 5);
		box[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_rc(aead_open(key, "y", 1, box, sizeof(box), plain, &err), THREADS_EINVAL, &err);
	assert_rc(aead_open(key, "x", 1, box, AEAD_OVERHEAD - 1, plain, &err), THREADS_EINVAL,
		  &err);
	assert_rc(aead_open(key, "x", 1, box, sizeof(box), plain, &err), 0, &err);
}

static void test_sha256(void **state)
{
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	CLEANUP(digest_release) struct digest d = { 0 };
	unsigned char out[DIGEST_LEN];
	struct threads_error err;

	(void)state;
	assert_rc(digest_sha256("abc", 3, out, &err), 0, &err);
	assert_hex(out, sizeof(out), abc);
	for (int round = 0; round < 2; round++) { /* a digest may be used again */
		digest_begin(&d);
		digest_add(&d, "a", 1);
		digest_add(&d, NULL, 0);
		digest_add(&d, "bc", 2);
		assert_rc(digest_end(&d, out, &err), 0, &err);
		assert_hex(out, sizeof(out), abc);
	}
}

/* RFC 4231, test cases 1, 2 and 6. */
static void test_hmac(void **state)
{
	unsigned char key[131], out[HMAC_LEN];
	struct threads_error err;

	(void)state;
	memset(key, 0x0b, 20);
	assert_rc(hmac_sha256(key, 20, "Hi There", 8, out, &err), 0, &err);
	assert_hex(out, HMAC_LEN,
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_rc(hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out, &err), 0, &err);
	assert_hex(out, HMAC_LEN,
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_rc(hmac_sha256(key, sizeof(key),
			      "Test Using Larger Than Block-Size Key - Hash Key First", 54, out,
			      &err),
		  0, &err);
	assert_hex(out, HMAC_LEN,
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, appendix A.1 to A.3. */
static void test_hkdf(void **state)
{
	static const struct {
		unsigned char secret_from, salt_from, info_from;
		size_t secret_len, salt_len, info_len, len;
		const char *want;
	} cases[] = {
		{ 0x0b, 0x00, 0xf0, 22, 13, 10, 42,
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		  "34007208d5b887185865" },
		{ 0x00, 0x60, 0xb0, 80, 80, 80, 82,
		  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		  "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		  "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
		{ 0x0b, 0, 0, 22, 0, 0, 42,
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		  "9d201395faa4b61a96c8" },
	};
	unsigned char secret[80], salt[80], info[80], out[82];
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned char n = 0; n < 80; n++) {
			secret[n] = (unsigned char)(cases[i].secret_from + (i == 1 ? n : 0));
			salt[n] = (unsigned char)(cases[i].salt_from + n);
			info[n] = (unsigned char)(cases[i].info_from + n);
		}
		const struct hkdf_input in = { secret, cases[i].secret_len, salt, cases[i].salt_len,
					       info,   cases[i].info_len };

		assert_rc(hkdf_sha256(&in, out, cases[i].len, &err), 0, &err);
		assert_hex(out, cases[i].len, cases[i].want);
	}
	const struct hkdf_input in = { secret, 22, NULL, 0, NULL, 0 };

	assert_rc(hkdf_sha256(&in, out, 255 * 32 + 1, &err), THREADS_ELIMIT, &err);
}

static void test_secret_memory(void **state)
{
	struct strbuf sb = STRBUF_INIT(1000);

	(void)state;
	strbuf_add_str(&sb, "secret");
	secret_release(&sb);
	assert_null(sb.data);
	secret_release(&sb);
	assert_true(secret_equal("abc", "abd", 2));
	assert_false(secret_equal("abc", "abd", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcm_opens_published_case_16),
		cmocka_unit_test(test_seal_opens_again_and_never_repeats),
		cmocka_unit_test(test_every_flipped_bit_is_refused),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_secret_memory),
	};

	return cmocka_run_group_tests_name("crypto/primitives", tests, NULL, NULL);
}
