/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "filing/phone.h"

static const char *const plan[] = { "71xxxxxx" };
static const struct phone_site gb = { "GB", "london", plan, ARRAY_SIZE(plan) };
static const struct phone_site de = { "DE", "kiel", NULL, 0 };
static const struct phone_site us = { "US", "boston", NULL, 0 };
static const struct phone_site it = { "IT", "genoa", NULL, 0 };
static const struct phone_site ru = { "RU", "office", NULL, 0 };
static const struct phone_site jp = { "JP", "kobe", NULL, 0 };
static const struct phone_site au = { "AU", "perth", NULL, 0 };
static const struct phone_site hu = { "HU", "buda", NULL, 0 };
static const struct phone_site fr = { "FR", "brest", NULL, 0 };
static const struct phone_site nowhere = { NULL, NULL, NULL, 0 };

static const struct {
	const struct phone_site *site;
	const char *text, *key, *extension;
} good[] = {
	{ &gb, "+442083900001", "+442083900001", "" },
	{ &gb, "+44 20 8390 0001", "+442083900001", "" },
	{ &gb, "+44 (0)20 8390 0001", "+442083900001", "" },
	{ &gb, "+44 020 8390 0001", "+442083900001", "" },
	{ &gb, "0044 20 8390 0001", "+442083900001", "" },
	{ &gb, "020 8390 0001", "+442083900001", "" },
	{ &gb, "(020) 8390-0001", "+442083900001", "" },
	{ &gb, "020.8390.0001", "+442083900001", "" },
	{ &gb, "tel:+44-20-8390-0001", "+442083900001", "" },
	{ &gb, "TEL:+442083900001", "+442083900001", "" },
	{ &gb, "sip:+442083900001@pbx.example.org;user=phone", "+442083900001", "" },
	{ &gb, "sips:02083900001@pbx.example.org:5061", "+442083900001", "" },
	{ &gb, "\"Anna Berg\" <sip:+442083900001@pbx.example.org>;tag=1", "+442083900001", "" },
	{ &gb, "Anna <tel:+442083900001>", "+442083900001", "" },
	{ &gb, "02083900001@pbx.example.org", "+442083900001", "" },
	{ &gb, "+44 20 8390 0001 ext. 12", "+442083900001", "12" },
	{ &gb, "+44 20 8390 0001 x12", "+442083900001", "12" },
	{ &gb, "020 8390 0001 Extension: 1 2", "+442083900001", "12" },
	{ &gb, "020 8390 0001#12", "+442083900001", "12" },
	{ &gb, "tel:+44-20-8390-0001;ext=12", "+442083900001", "12" },
	{ &gb, "2001", "london:2001", "" },
	{ &gb, " 2001 ", "london:2001", "" },
	{ &gb, "sip:2001@pbx.example.org", "london:2001", "" },
	{ &gb, "tel:2001;phone-context=pbx.example.org", "london:2001", "" },
	{ &gb, "112", "london:112", "" },
	{ &gb, "71000001", "london:71000001", "" },
	{ &gb, "72000001", "+4472000001", "" },
	{ &gb,
	  "\xc2\xa0+44\xe2\x80\x93"
	  "20\xe2\x80\x91"
	  "8390\xc2\xa0"
	  "0001",
	  "+442083900001", "" },
	{ &gb, "\xe2\x80\xaa+44 20 8390 0001\xe2\x80\xac", "+442083900001", "" },
	{ &de, "030 1234567", "+49301234567", "" },
	{ &de, "030/1234567", "+49301234567", "" },
	{ &de, "(030) 123 45-67", "+49301234567", "" },
	{ &de, "+49 (30) 1234567", "+49301234567", "" },
	{ &de, "+49 (0) 30 1234567", "+49301234567", "" },
	{ &de, "0049-30-1234567", "+49301234567", "" },
	{ &de, "tel:301234567;phone-context=+49", "+49301234567", "" },
	{ &de, "030 1234567 Durchwahl 89", "+49301234567", "89" },
	{ &de, "011 4420 8390", "+491144208390", "" },
	{ &us, "011 44 00 20 8390 0001", "+442083900001", "" },
	{ &us, "(617) 555-0123", "+16175550123", "" },
	{ &us, "1-617-555-0123", "+16175550123", "" },
	{ &us, "+1 617.555.0123", "+16175550123", "" },
	{ &us, "617-555-0123 x 4", "+16175550123", "4" },
	{ &us, "011 44 20 8390 0001", "+442083900001", "" },
	{ &us, "0044 20 8390 0001", "+442083900001", "" },
	{ &us, "00 49 30 1234567", "+49301234567", "" },
	{ &it, "010 1234567", "+390101234567", "" },
	{ &it, "+39 010 1234567", "+390101234567", "" },
	{ &it, "3331234567", "+393331234567", "" },
	{ &ru, "8 (495) 123-45-67", "+74951234567", "" },
	{ &ru, "495 123 45 67", "+74951234567", "" },
	{ &ru, "800 555 01 23", "+78005550123", "" },
	{ &ru, "+7 800 555 01 23", "+78005550123", "" },
	{ &ru, "810 49 30 1234567", "+49301234567", "" },
	{ &ru, "+7 495 123-45-67 \xd0\xb4\xd0\xbe\xd0\xb1. 12", "+74951234567", "12" },
	{ &jp,
	  "\xef\xbc\x90\xef\xbc\x97\xef\xbc\x98\xef\xbc\x8d"
	  "331-4567",
	  "+81783314567", "" },
	{ &jp,
	  "\xef\xbc\x8b"
	  "81 78 331 4567",
	  "+81783314567", "" },
	{ &jp, "010 44 20 8390 0001", "+442083900001", "" },
	{ &jp, "078-331-4567 \xe5\x86\x85\xe7\xb7\x9a 12", "+81783314567", "12" },
	{ &au, "0011 44 20 8390 0001", "+442083900001", "" },
	{ &au, "(08) 9123 4567", "+61891234567", "" },
	{ &hu, "06 1 234 5678", "+3612345678", "" },
	{ &hu, "+36 1 234 5678", "+3612345678", "" },
	{ &fr, "02 98 00 00 01", "+33298000001", "" },
	{ &fr, "+33 (0)2 98 00 00 01 poste 7", "+33298000001", "7" },
	{ &nowhere, "+966 \xd9\xa1\xd9\xa1 123 4567", "+966111234567", "" },
	{ &nowhere, "0033 2 98 00 00 01", "+33298000001", "" },
};

static const struct {
	const struct phone_site *site;
	const char *text;
	int want;
} others[] = {
	{ &gb, "anonymous", 0 },
	{ &gb, "sip:anonymous@anonymous.invalid", 0 },
	{ &gb, "\"Anonymous\" <sip:Anonymous@anonymous.invalid>", 0 },
	{ &gb, "Withheld", 0 },
	{ &gb, "", 0 },
	{ &gb, "   ", 0 },
	{ &de,
	  "unterdr\xc3\xbc"
	  "ckt",
	  0 },
	{ &nowhere, "020 8390 0001", THREADS_EINVAL },
	{ &nowhere, "2001", THREADS_EINVAL },
	{ &gb, "hello", THREADS_EINVAL },
	{ &gb, "020 8390 0001 or so", THREADS_EINVAL },
	{ &gb, "020 +44 8390", THREADS_EINVAL },
	{ &gb, "++442083900001", THREADS_EINVAL },
	{ &gb, "+", THREADS_EINVAL },
	{ &gb, "+0123456789", THREADS_EINVAL },
	{ &gb, "+4420", THREADS_EINVAL },
	{ &gb, "+442083900001234567", THREADS_EINVAL },
	{ &gb, "1234567890123456789012345", THREADS_ELIMIT },
	{ &gb, "+442083900001 ext 12345678901", THREADS_ELIMIT },
	{ &gb, "sip:anna@pbx.example.org", THREADS_EINVAL },
	{ &gb,
	  "+44\xff"
	  "2083900001",
	  THREADS_EINVAL },
	{ &gb, "<", THREADS_EINVAL },
	{ &gb, "<>", 0 },
	{ &gb, ">", THREADS_EINVAL },
	{ &gb, "tel:", 0 },
	{ &gb, ";", 0 },
	{ &gb, "()", THREADS_EINVAL },
};

static void test_spellings_have_one_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(PHONE_KEY_MAX);
		struct threads_error err = { .text = "" };
		char extension[PHONE_EXTENSION_MAX + 1] = "?";

		if (phone_key(good[i].site, good[i].text, strlen(good[i].text), &key, extension,
			      &err) != 1)
			fail_msg("'%s': %s", good[i].text, err.text);
		if (strcmp(strbuf_str(&key), good[i].key) != 0)
			fail_msg("'%s' became %s", good[i].text, strbuf_str(&key));
		assert_string_equal(extension, good[i].extension);
	}
}

static void test_withheld_and_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(PHONE_KEY_MAX);
		struct threads_error err = { .text = "" };

		if (phone_key(others[i].site, others[i].text, strlen(others[i].text), &key, NULL,
			      &err) != others[i].want)
			fail_msg("'%s' became '%s' (%s)", others[i].text, strbuf_str(&key),
				 err.text);
		assert_int_equal(key.len, 0);
	}
}

static void test_bounds(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(10000);
	CLEANUP(strbuf_release) struct strbuf tight = STRBUF_INIT(8);
	struct threads_error err;

	(void)state;
	while (text.len <= PHONE_TEXT_MAX)
		strbuf_add_str(&text, " -");
	assert_int_equal(phone_key(&gb, strbuf_str(&text), text.len, &tight, NULL, &err),
			 THREADS_ELIMIT);
	assert_int_equal(phone_key(&gb, "+442083900001", 13, &tight, NULL, &err), THREADS_ELIMIT);
	assert_int_equal(tight.len, 0);
	assert_int_equal(phone_key(&gb,
				   "2\0"
				   "001",
				   5, &tight, NULL, &err),
			 THREADS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings_have_one_key),
		cmocka_unit_test(test_withheld_and_refused),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("filing/phone", tests, NULL, NULL);
}
