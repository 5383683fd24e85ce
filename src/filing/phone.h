/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key under which a telephone number is filed: E.164 ("+442083900001"), or
 * "site:2001" for an extension of one of the organisation's own sites. Filing
 * needs equality, not validity: a number that nobody assigned still gets a key.
 */
#ifndef THREADS_FILING_PHONE_H
#define THREADS_FILING_PHONE_H

#include "core/strbuf.h"

enum {
	PHONE_TEXT_MAX = 512, /* bytes read */
	PHONE_SITE_MAX = 64,
	PHONE_KEY_MAX = PHONE_SITE_MAX + 1 + 15,
	PHONE_EXTENSION_MAX = 10, /* digits */
};

/* How an account's numbers are to be read. */
struct phone_site {
	const char *region; /* ISO 3166, "DE": where national numbers belong; NULL: nowhere */
	const char *name;   /* of extensions, at most PHONE_SITE_MAX bytes; NULL: there are none */
	const char *const *plan; /* extensions longer than six digits, x for any: "71xxxxxx" */
	size_t plan_count;
};

/*
 * Appends the key of text (len bytes of UTF-8; a number as typed, a tel: or sip:
 * address, or "Name <sip:...>") to out. An extension behind a full number ("ext. 12",
 * ";ext=12") goes to ret_extension, as digits, "" if there is none; ret_extension
 * may be NULL. Returns 1, or 0 and appends nothing if the number is withheld.
 * Errors: THREADS_EINVAL (not a number; national without a region; an extension
 * without a site), THREADS_ELIMIT (text too long, or out is full).
 */
int phone_key(const struct phone_site *site, const char *text, size_t len, struct strbuf *out,
	      char ret_extension[PHONE_EXTENSION_MAX + 1], struct threads_error *err) MUST_CHECK;

#endif
