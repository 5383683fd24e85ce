/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key under which an e-mail address is filed: lower(local) "@" the IDNA
 * A-label of lower(domain). Equal keys are one channel. Plus tags and dots
 * are kept: only the receiving provider knows what they mean.
 */
#ifndef THREADS_FILING_EMAIL_KEY_H
#define THREADS_FILING_EMAIL_KEY_H

#include "core/strbuf.h"

enum {
	EMAIL_LOCAL_MAX = 256,  /* bytes; bounce addresses exceed the 64 of RFC 5321 */
	EMAIL_DOMAIN_MAX = 253, /* bytes, as A-labels */
	EMAIL_KEY_MAX = EMAIL_LOCAL_MAX + 1 + EMAIL_DOMAIN_MAX,
};

/*
 * Appends the key of address (len bytes of UTF-8, no display name; white
 * space, "mailto:" and angle brackets around it are forgiven) to out, which
 * takes EMAIL_KEY_MAX bytes more. Appends nothing on failure.
 * Errors: THREADS_EINVAL (not an address), THREADS_ELIMIT (too long, or out is full).
 */
int email_key(const char *address, size_t len, struct strbuf *out,
	      struct threads_error *err) MUST_CHECK;

/* The part of a key behind the "@", borrowed from key; "" if there is none. */
const char *email_key_domain(const char *key);

/*
 * Appends the lower-case A-label form of a host or domain name, without a final
 * dot. An address literal ("[192.0.2.1]") stays as it is, in lower case.
 * Errors: as email_key().
 */
int domain_key(const char *domain, size_t len, struct strbuf *out,
	       struct threads_error *err) MUST_CHECK;

#endif
