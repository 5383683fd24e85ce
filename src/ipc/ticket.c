/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/ticket.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { TICKET_VERSION = 1, MAC_LEN = 32, SIGNED_LEN = TICKET_LEN - MAC_LEN };

static int ticket_mac(const unsigned char key[TICKET_KEY_LEN], const unsigned char *data,
		      unsigned char mac[MAC_LEN], struct threads_error *err)
{
	unsigned int len = 0;

	if (!HMAC(EVP_sha256(), key, TICKET_KEY_LEN, data, SIGNED_LEN, mac, &len) || len != MAC_LEN)
		return threads_error_set(err, THREADS_ENOMEM, "HMAC failed");
	return 0;
}

static unsigned char *put_number(unsigned char *p, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*p++ = (unsigned char)(value >> (8 * i));
	return p;
}

static const unsigned char *get_number(const unsigned char *p, int bytes, uint64_t *ret_value)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *p++;
	*ret_value = value;
	return p;
}

static const unsigned char *get_id(const unsigned char *p, char id[PUBLIC_ID_SIZE])
{
	memcpy(id, p, PUBLIC_ID_LEN);
	id[PUBLIC_ID_LEN] = '\0';
	return p + PUBLIC_ID_LEN;
}

int ticket_make(const unsigned char key[TICKET_KEY_LEN], const struct ticket *ticket,
		unsigned char out[TICKET_LEN], struct threads_error *err)
{
	unsigned char *p = out;

	if (!public_id_valid(ticket->subject) || !public_id_valid(ticket->session))
		return threads_error_set(err, THREADS_EBUG, "ticket for a malformed id");
	p = put_number(p, TICKET_VERSION, 1);
	p = put_number(p, (uint64_t)ticket->kind, 1);
	memcpy(p, ticket->subject, PUBLIC_ID_LEN);
	p += PUBLIC_ID_LEN;
	memcpy(p, ticket->session, PUBLIC_ID_LEN);
	p += PUBLIC_ID_LEN;
	p = put_number(p, ticket->scope, 4);
	p = put_number(p, (uint64_t)ticket->strong_ms, 8);
	p = put_number(p, (uint64_t)ticket->expires_ms, 8);
	return ticket_mac(key, out, p, err);
}

int ticket_check(const unsigned char key[TICKET_KEY_LEN], const void *data, size_t len,
		 int64_t now_ms, struct ticket *ret_ticket, struct threads_error *err)
{
	unsigned char mac[MAC_LEN];
	const unsigned char *p = data;
	struct ticket ticket = { .kind = 0 };
	uint64_t version, kind, scope, strong, expires;
	int rc;

	if (len != TICKET_LEN)
		return threads_error_set(err, THREADS_EDENIED, "not a ticket");
	rc = ticket_mac(key, data, mac, err);
	if (rc < 0)
		return rc;
	if (CRYPTO_memcmp(mac, p + SIGNED_LEN, MAC_LEN) != 0)
		return threads_error_set(err, THREADS_EDENIED, "a ticket of another key");
	p = get_number(p, 1, &version);
	p = get_number(p, 1, &kind);
	p = get_id(p, ticket.subject);
	p = get_id(p, ticket.session);
	p = get_number(p, 4, &scope);
	p = get_number(p, 8, &strong);
	get_number(p, 8, &expires);
	if (version != TICKET_VERSION || kind < TICKET_USER || kind > TICKET_SETUP)
		return threads_error_set(err, THREADS_EDENIED, "a ticket of another version");
	if ((int64_t)expires <= now_ms)
		return threads_error_set(err, THREADS_EDENIED, "the ticket expired");
	ticket.kind = (enum ticket_kind)kind;
	ticket.scope = (uint32_t)scope;
	ticket.strong_ms = (int64_t)strong;
	ticket.expires_ms = (int64_t)expires;
	*ret_ticket = ticket;
	return 0;
}
