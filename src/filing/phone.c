/* SPDX-License-Identifier: Apache-2.0 */
#include "filing/phone.h"

#include "filing/filing_internal.h"

enum { E164_MIN = 7, E164_MAX = 15, SHORT_MAX = 6 };

/* Whether digits fits a pattern of the dial plan, x standing for any digit. */
static bool plan_fits(const char *pattern, const char *digits)
{
	while (*pattern && *digits && (*pattern == 'x' || *pattern == *digits)) {
		pattern++;
		digits++;
	}
	return !*pattern && !*digits;
}

static bool is_extension(const struct phone_site *site, const char *digits)
{
	if (strlen(digits) <= SHORT_MAX)
		return true;
	for (size_t i = 0; i < site->plan_count; i++)
		if (plan_fits(site->plan[i], digits))
			return true;
	return false;
}

/* Length of the international prefix that digits begin with, dialled from region; 0: none. */
static size_t idd_len(const struct phone_region *region, const char *digits)
{
	size_t best = 0;

	for (size_t i = 0; region && i < PHONE_IDDS; i++) {
		const size_t n = region->idd[i] ? strlen(region->idd[i]) : 0;

		if (n > best && strncmp(digits, region->idd[i], n) == 0)
			best = n;
	}
	/* People everywhere write "00" for "+", and no national number begins so. */
	return best == 0 && strncmp(digits, "00", 2) == 0 ? 2 : best;
}

/* The national number without what is dialled before it. */
static const char *skip_trunk(const struct phone_region *region, const char *digits)
{
	const size_t n = strlen(region->trunk);
	const char *national = digits;

	/* Russia's numbers may begin with 8 themselves: only the eleventh digit tells. */
	if (n == 0 || (strcmp(region->trunk, "8") == 0 && strlen(digits) != 11))
		return digits;
	/* Where it is a zero, no number begins with it, however often somebody typed it. */
	while (strncmp(national, region->trunk, n) == 0) {
		national += n;
		if (region->trunk[0] != '0')
			break;
	}
	return national;
}

static int append_key(struct strbuf *out, const char *a, const char *b, const char *c,
		      struct threads_error *err)
{
	if (out->max - out->len < strlen(a) + strlen(b) + strlen(c))
		return threads_error_set(err, THREADS_ELIMIT, "no room for the number");
	strbuf_addf(out, "%s%s%s", a, b, c);
	return strbuf_check(out, err) < 0 ? THREADS_ELIMIT : 1;
}

static int append_e164(struct strbuf *out, const char *code, const char *national,
		       struct threads_error *err)
{
	const size_t len = strlen(code) + strlen(national);

	if (len < E164_MIN || len > E164_MAX || (code[0] ? code[0] : national[0]) == '0')
		return threads_error_set(err, THREADS_EINVAL, "not a number of the world's plan");
	return append_key(out, "+", code, national, err);
}

/* digits begin with a calling code; a trunk zero between code and number is dropped. */
static int append_international(struct strbuf *out, const char *digits, struct threads_error *err)
{
	const struct phone_region *region = phone_region_of_number(digits);

	if (region && region->trunk[0] == '0')
		return append_e164(out, region->code,
				   skip_trunk(region, digits + strlen(region->code)), err);
	return append_e164(out, "", digits, err);
}

static int append_national(struct strbuf *out, const struct phone_region *region,
			   const char *digits, struct threads_error *err)
{
	if (!region)
		return threads_error_set(err, THREADS_EINVAL,
					 "a number without + needs the account's region");
	return append_e164(out, region->code, skip_trunk(region, digits), err);
}

/* "tel:301234567;phone-context=+49" */
static int append_in_context(struct strbuf *out, const struct phone_text *number,
			     struct threads_error *err)
{
	char digits[2 * PHONE_DIGITS_MAX + 1];

	snprintf(digits, sizeof(digits), "%s%s", number->context, number->digits);
	return append_international(out, digits, err);
}

static int append_extension(const struct phone_site *site, const char *digits, struct strbuf *out,
			    struct threads_error *err)
{
	if (!site->name || strlen(site->name) > PHONE_SITE_MAX)
		return threads_error_set(err, THREADS_EINVAL, "an extension needs a site");
	return append_key(out, site->name, ":", digits, err);
}

int phone_key(const struct phone_site *site, const char *text, size_t len, struct strbuf *out,
	      char ret_extension[PHONE_EXTENSION_MAX + 1], struct threads_error *err)
{
	const struct phone_region *region = site->region ? phone_region_find(site->region) : NULL;
	struct phone_text number;
	int rc = phone_text_read(text, len, &number, err);
	size_t idd;

	if (rc != 1)
		return rc;
	idd = idd_len(region, number.digits);
	if (number.plus)
		rc = append_international(out, number.digits, err);
	else if (number.context[0])
		rc = append_in_context(out, &number, err);
	else if (is_extension(site, number.digits))
		rc = append_extension(site, number.digits, out, err);
	else if (idd > 0)
		rc = append_international(out, number.digits + idd, err);
	else
		rc = append_national(out, region, number.digits, err);
	if (rc == 1 && ret_extension)
		memcpy(ret_extension, number.extension, sizeof(number.extension));
	return rc;
}
