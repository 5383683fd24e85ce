/* SPDX-License-Identifier: Apache-2.0 */
#include "filing/company.h"

#include <ctype.h>

#include <libpsl.h>

struct filing {
	psl_ctx_t *psl; /* psl_free() leaves the built-in list alone */
};

static void psl_freep(psl_ctx_t **psl)
{
	psl_free(*psl);
}

int filing_open(struct filing **ret_filing, struct threads_error *err)
{
	CLEANUP(psl_freep) psl_ctx_t *psl = psl_latest(NULL);
	struct filing *filing;

	if (!psl || psl_suffix_count(psl) == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no public suffix list");
	filing = calloc(1, sizeof(*filing));
	if (!filing)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	filing->psl = TAKE_PTR(psl);
	*ret_filing = filing;
	return 0;
}

struct filing *filing_close(struct filing *filing)
{
	if (!filing)
		return NULL;
	psl_free(filing->psl);
	free(filing);
	return NULL;
}

void filing_closep(struct filing **filing)
{
	*filing = filing_close(*filing);
}

static bool is_ipv4(const char *domain)
{
	for (const char *p = domain; *p; p++)
		if (!isdigit((unsigned char)*p) && *p != '.')
			return false;
	return true;
}

int company_domain(const struct filing *filing, const char *domain, struct strbuf *out,
		   struct threads_error *err)
{
	const char *registrable;
	size_t len;

	if (domain[0] == '[' || is_ipv4(domain))
		return 0;
	registrable = psl_registrable_domain(filing->psl, domain);
	if (!registrable || free_mail_domain(registrable))
		return 0;
	len = strlen(registrable);
	if (out->max - out->len < len)
		return threads_error_set(err, THREADS_ELIMIT, "the domain name is too long");
	strbuf_add(out, registrable, len);
	return strbuf_check(out, err) < 0 ? THREADS_ELIMIT : 1;
}
