/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which company a domain belongs to: its registrable domain by the public
 * suffix list. Domains of free-mail providers belong to nobody in particular.
 */
#ifndef THREADS_FILING_COMPANY_H
#define THREADS_FILING_COMPANY_H

#include "core/strbuf.h"

struct filing;

/* Loads the public suffix list (the newer of the system's file and the one built
 * into libpsl). Call it before the process confines itself: nothing is read
 * later. Errors: THREADS_ENOENT (no list), THREADS_ENOMEM. */
int filing_open(struct filing **ret_filing, struct threads_error *err) MUST_CHECK;
struct filing *filing_close(struct filing *filing);
void filing_closep(struct filing **filing);

/*
 * Appends the registrable domain of domain, which is a key of domain_key() or
 * email_key_domain(). Returns 1, or 0 and appends nothing if it stands for no
 * company: free mail, a public suffix, a single label, an address literal.
 * Errors: THREADS_ELIMIT (out is full).
 */
int company_domain(const struct filing *filing, const char *domain, struct strbuf *out,
		   struct threads_error *err) MUST_CHECK;

/* Whether domain (a registrable domain, lower case) is a mail provider for everybody. */
bool free_mail_domain(const char *domain);

#endif
