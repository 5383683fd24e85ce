/* SPDX-License-Identifier: Apache-2.0 */
#include "http/policy.h"

#include <strings.h>

#include "threads/compiler.h"

const char policy_csp_app[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	"media-src 'self'; connect-src 'self'; font-src 'self'; frame-src 'self'; "
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

#define CSP_MAIL(images)                                                                           \
	"default-src 'none'; style-src 'unsafe-inline'; img-src " images "; form-action 'none'; "  \
	"base-uri 'none'; frame-ancestors 'self'; "                                                \
	"sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"

const char policy_csp_mail[] = CSP_MAIL("'self' data:");
const char policy_csp_mail_images[] = CSP_MAIL("'self' data: https: http:");
const char policy_csp_data[] = "default-src 'none'; frame-ancestors 'none'; sandbox";
const char policy_hsts[] = "max-age=31536000";

static const struct policy_header fixed[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
};

const struct policy_header *policy_fixed_headers(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(fixed);
	return fixed;
}

/* "https://host:port/x" -> length of "https://host:port". */
static size_t origin_length(const char *url)
{
	const char *authority = strstr(url, "://");

	return authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/") : 0;
}

static bool origin_is_host(const char *origin, const char *host)
{
	const char *authority = strstr(origin, "://");

	return authority && host[0] && strcasecmp(authority + 3, host) == 0;
}

bool policy_same_origin(const struct policy_source *source)
{
	const size_t len = origin_length(source->public_url);

	/* Only browsers send it, scripts cannot set it, and it knows the truth. */
	if (source->sec_fetch_site[0])
		return strcmp(source->sec_fetch_site, "same-origin") == 0;
	if (!source->origin[0])
		return false;
	if (len > 0 && strlen(source->origin) == len &&
	    strncasecmp(source->origin, source->public_url, len) == 0)
		return true;
	return origin_is_host(source->origin, source->host);
}
