/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules of filing share among themselves. */
#ifndef THREADS_FILING_INTERNAL_H
#define THREADS_FILING_INTERNAL_H

#include "filing/phone.h"

enum { PHONE_DIGITS_MAX = 24, PHONE_IDDS = 3 };

/* How one region dials. "" means there is none. */
struct phone_region {
	char iso[3];
	const char *code;            /* calling code */
	const char *trunk;           /* before national numbers, not part of them */
	const char *idd[PHONE_IDDS]; /* before international numbers, beside "+" and "00" */
};

/* The region called iso (two capitals), or NULL. */
const struct phone_region *phone_region_find(const char *iso);

/* The region whose calling code opens digits, or NULL if no such code is known to us. */
const struct phone_region *phone_region_of_number(const char *digits);

/* A number taken out of its text. */
struct phone_text {
	char digits[PHONE_DIGITS_MAX + 1];
	char extension[PHONE_EXTENSION_MAX + 1];
	char context[PHONE_DIGITS_MAX + 1]; /* digits of ";phone-context=+49", or "" */
	bool plus;                          /* written with "+" */
};

/*
 * Reads the digits out of a number as typed, a tel: or a sip: address. Returns
 * 1, or 0 if it says "withheld". Errors: THREADS_EINVAL, THREADS_ELIMIT.
 */
int phone_text_read(const char *text, size_t len, struct phone_text *ret_number,
		    struct threads_error *err) MUST_CHECK;

#endif
