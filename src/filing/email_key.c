/* SPDX-License-Identifier: Apache-2.0 */
#include "filing/email_key.h"

#include <ctype.h>
#include <strings.h>

#include <idn2.h>

#include "core/utf8.h"

enum { IDNA_TEXT_MAX = 4 * EMAIL_DOMAIN_MAX }; /* bytes of UTF-8 before conversion */

struct slice {
	const char *at;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Takes off what people and headers put around an address. */
static struct slice slice_unwrap(struct slice s)
{
	static const char scheme[] = "mailto:";

	s = slice_trim(s);
	if (s.len >= 2 && s.at[0] == '<' && s.at[s.len - 1] == '>')
		s = slice_trim((struct slice){ s.at + 1, s.len - 2 });
	if (s.len >= sizeof(scheme) - 1 && strncasecmp(s.at, scheme, sizeof(scheme) - 1) == 0)
		s = slice_trim(
			(struct slice){ s.at + sizeof(scheme) - 1, s.len - (sizeof(scheme) - 1) });
	return s;
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/*
 * Lower case of the bicameral alphabets that occur in internationalised local
 * parts: Latin with accents, Greek, Cyrillic, Armenian. The C library's own
 * table needs a locale, which a confined process cannot load.
 */
static uint32_t code_point_lower(uint32_t c)
{
	static const struct {
		uint32_t first, last, add;
	} shifts[] = {
		{ 'A', 'Z', 32 },     { 0xC0, 0xD6, 32 },   { 0xD8, 0xDE, 32 },
		{ 0x391, 0x3A1, 32 }, { 0x3A3, 0x3AB, 32 }, { 0x400, 0x40F, 80 },
		{ 0x410, 0x42F, 32 }, { 0x531, 0x556, 48 },
	};
	/* In these ranges capital and small letters take turns; odd says which parity is capital. */
	static const struct {
		uint32_t first, last, odd;
	} pairs[] = {
		{ 0x100, 0x12F, 0 },   { 0x132, 0x137, 0 },   { 0x139, 0x148, 1 },
		{ 0x14A, 0x177, 0 },   { 0x179, 0x17E, 1 },   { 0x218, 0x21B, 0 },
		{ 0x460, 0x481, 0 },   { 0x48A, 0x4BF, 0 },   { 0x4D0, 0x52F, 0 },
		{ 0x1E00, 0x1E95, 0 }, { 0x1EA0, 0x1EFF, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++)
		if (c >= shifts[i].first && c <= shifts[i].last)
			return c + shifts[i].add;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (c >= pairs[i].first && c <= pairs[i].last)
			return (c & 1) == pairs[i].odd ? c + 1 : c;
	return c;
}

static bool is_atom_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c)) ||
	       (unsigned char)c >= 0x80;
}

/* "john.doe" in quotes is john.doe; what really needs its quotes keeps them. */
static struct slice local_unquote(struct slice local)
{
	if (local.len < 3 || local.at[0] != '"' || local.at[local.len - 1] != '"')
		return local;
	for (size_t i = 1; i < local.len - 1; i++)
		if (!is_atom_char(local.at[i]))
			return local;
	return (struct slice){ local.at + 1, local.len - 2 };
}

static bool quoted_valid(struct slice local)
{
	bool escaped = false;

	if (local.len < 2 || local.at[local.len - 1] != '"')
		return false;
	for (size_t i = 1; i < local.len - 1; i++) {
		if ((local.at[i] == '"' && !escaped) || iscntrl((unsigned char)local.at[i]))
			return false;
		escaped = local.at[i] == '\\' && !escaped;
	}
	return !escaped;
}

static bool local_valid(struct slice local)
{
	if (local.len == 0)
		return false;
	if (local.at[0] == '"')
		return quoted_valid(local);
	for (size_t i = 0; i < local.len; i++)
		if (!is_atom_char(local.at[i]))
			return false;
	return true;
}

static int local_append(struct slice local, struct strbuf *out, struct threads_error *err)
{
	const char *p = local.at, *end = local.at + local.len;

	if (!local_valid(local))
		return threads_error_set(err, THREADS_EINVAL,
					 "the part before the @ is not a mailbox name");
	while (p < end) {
		uint32_t c;
		const size_t n = utf8_decode(p, end, &c);

		if (n == 0)
			return threads_error_set(err, THREADS_EINVAL, "the address is not UTF-8");
		utf8_append(out, code_point_lower(c));
		p += n;
	}
	return 0;
}

/* Letters, digits, "-" and "_" (seen in real host names) in labels of 1..63 bytes. */
static bool labels_valid(struct slice domain)
{
	size_t label = 0;

	for (size_t i = 0; i < domain.len; i++) {
		const char c = domain.at[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)c) && c != '-' && c != '_')
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0;
}

static bool literal_valid(struct slice domain)
{
	if (domain.len < 4 || domain.at[domain.len - 1] != ']')
		return false;
	for (size_t i = 1; i < domain.len - 1; i++)
		if (!isalnum((unsigned char)domain.at[i]) && !strchr(".:-", domain.at[i]))
			return false;
	return true;
}

static void lower_append(struct slice s, struct strbuf *out)
{
	for (size_t i = 0; i < s.len; i++)
		strbuf_add_char(out, ascii_lower(s.at[i]));
}

static void idn2_freep(char **p)
{
	if (*p)
		idn2_free(*p);
}

static int idna_append(struct slice domain, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(IDNA_TEXT_MAX);
	CLEANUP(idn2_freep) char *ascii = NULL;
	struct slice label;
	int rc;

	strbuf_add(&text, domain.at, domain.len);
	rc = strbuf_check(&text, err);
	if (rc < 0)
		return rc;
	rc = idn2_to_ascii_8z(strbuf_str(&text), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (rc != IDN2_OK)
		return threads_error_set(err, THREADS_EINVAL, "not a domain name: %s",
					 idn2_strerror(rc));
	label = (struct slice){ ascii, strlen(ascii) };
	if (label.len > 0 && label.at[label.len - 1] == '.')
		label.len--;
	if (label.len > EMAIL_DOMAIN_MAX || !labels_valid(label))
		return threads_error_set(err, THREADS_EINVAL, "not a domain name");
	lower_append(label, out);
	return 0;
}

static int domain_append(struct slice domain, struct strbuf *out, struct threads_error *err)
{
	bool ascii = true;

	if (domain.len > 1 && domain.at[domain.len - 1] == '.')
		domain.len--;
	if (memchr(domain.at, '\0', domain.len))
		return threads_error_set(err, THREADS_EINVAL, "not a domain name");
	for (size_t i = 0; i < domain.len; i++)
		ascii = ascii && (unsigned char)domain.at[i] < 0x80;
	if (!ascii)
		return idna_append(domain, out, err);
	if (domain.len > EMAIL_DOMAIN_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the domain name is too long");
	if (domain.len == 0 ||
	    (domain.at[0] == '[' ? !literal_valid(domain) : !labels_valid(domain)))
		return threads_error_set(err, THREADS_EINVAL, "not a domain name");
	lower_append(domain, out);
	return 0;
}

/* Success: the whole of part is in out. Failure: out is what it was. */
static int part_hand_over(struct strbuf *out, const struct strbuf *part, struct threads_error *err)
{
	const int rc = strbuf_check(part, err);

	if (rc < 0)
		return rc;
	if (out->max - out->len < part->len)
		return threads_error_set(err, THREADS_ELIMIT, "the address is too long");
	strbuf_add(out, part->data, part->len);
	return strbuf_check(out, err);
}

int domain_key(const char *domain, size_t len, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf part = STRBUF_INIT(EMAIL_DOMAIN_MAX);
	const int rc = domain_append(slice_trim((struct slice){ domain, len }), &part, err);

	return rc < 0 ? rc : part_hand_over(out, &part, err);
}

int email_key(const char *address, size_t len, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf part = STRBUF_INIT(EMAIL_KEY_MAX);
	const struct slice all = slice_unwrap((struct slice){ address, len });
	const char *at = all.len > 0 ? memrchr(all.at, '@', all.len) : NULL;
	struct slice local;
	int rc;

	if (!at)
		return threads_error_set(err, THREADS_EINVAL, "an address needs an @");
	local = local_unquote((struct slice){ all.at, (size_t)(at - all.at) });
	if (local.len > EMAIL_LOCAL_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the address is too long");
	rc = local_append(local, &part, err);
	if (rc < 0)
		return rc;
	strbuf_add_char(&part, '@');
	rc = domain_append((struct slice){ at + 1, (size_t)(all.at + all.len - (at + 1)) }, &part,
			   err);
	return rc < 0 ? rc : part_hand_over(out, &part, err);
}

const char *email_key_domain(const char *key)
{
	const char *at = strrchr(key, '@');

	return at ? at + 1 : "";
}
