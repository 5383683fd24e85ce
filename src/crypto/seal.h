/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sealed box for the vault. Whoever knows the vault's public key makes it
 * (a browser with WebCrypto, threadsctl); only the vault opens it.
 *
 * Wire format, base64url without padding, of these bytes:
 *
 *	 1	version, 1
 *	65	ephemeral public key, P-256, uncompressed: 04 | X | Y
 *	12	nonce
 *	 n	AES-256-GCM ciphertext, then the 16-byte tag
 *
 *	secret	= ECDH(ephemeral, vault)		X coordinate, 32 bytes
 *	key	= HKDF-SHA-256(secret, salt = the 65 bytes, info = "threads-seal-v1"), 32 bytes
 *	AAD	= for each of the seven fields below, in this order:
 *		  length in bytes, u32 big endian | the bytes, UTF-8
 *
 * In WebCrypto: importKey("raw", vault, ECDH P-256), generateKey, exportKey("raw"),
 * deriveBits(256), importKey("raw", bits, "HKDF"), deriveKey({salt, info, SHA-256},
 * AES-GCM 256), encrypt({iv, additionalData, tagLength: 128}).
 *
 * Change any of the seven and the secret is void: no administrator can point it
 * at a server of his own.
 */
#ifndef THREADS_CRYPTO_SEAL_H
#define THREADS_CRYPTO_SEAL_H

#include "core/strbuf.h"
#include "threads/error.h"

enum {
	SEAL_SEED_LEN = 32,
	SEAL_PUBLIC_LEN = 65,
	SEAL_SECRET_MAX = 16 * 1024,   /* bytes of a secret */
	SEAL_BINDING_MAX = 256 * 1024, /* bytes of all seven fields */
	SEAL_TEXT_MAX = 22 * 1024,     /* characters of a sealed box */
	SEAL_FINGERPRINT_SIZE = 32 + 7 + 1,
};

/* What a secret is bound to. All UTF-8 text, never NULL; "" where there is none. */
struct seal_binding {
	const char *account;  /* public id */
	const char *provider; /* "imap" for a password account */
	const char *host;     /* as typed and stored */
	const char *port;     /* decimal */
	const char *tls_mode; /* implicit, starttls, none */
	const char *ca;       /* PEM text, or "" */
	const char *user;     /* name at the provider */
};

struct seal_key;

/* The P-256 key that belongs to seed: the same seed gives the same key, always.
 * The caller cleanses seed. Errors: THREADS_ENOMEM. */
int seal_keypair_from_seed(const unsigned char seed[SEAL_SEED_LEN], struct seal_key **ret_key,
			   struct threads_error *err) MUST_CHECK;
struct seal_key *seal_key_free(struct seal_key *key); /* accepts NULL, returns NULL */
void seal_key_freep(struct seal_key **key);

/* 65 bytes, borrowed from key. */
const unsigned char *seal_key_public(const struct seal_key *key);

/* For people to compare: SHA-256 of the public key, first 16 bytes, "0123-4567-..." in hex. */
int seal_fingerprint(const unsigned char public_key[SEAL_PUBLIC_LEN],
		     char out[SEAL_FINGERPRINT_SIZE], struct threads_error *err) MUST_CHECK;

/* Appends the associated data of binding to out. Errors: THREADS_ELIMIT. */
int seal_binding_append(struct strbuf *out, const struct seal_binding *binding,
			struct threads_error *err) MUST_CHECK;

/* Appends the sealed box of secret as text to out. Errors: THREADS_EINVAL
 * (public_key is not a point of P-256), THREADS_ELIMIT, THREADS_ENOMEM. */
int seal_make(const unsigned char public_key[SEAL_PUBLIC_LEN], const struct seal_binding *binding,
	      const void *secret, size_t secret_len, struct strbuf *out,
	      struct threads_error *err) MUST_CHECK;

/* Writes the secret to out (empty so far), in memory reserved at once: release it with
 * secret_release() (crypto/hmac.h). Errors: THREADS_EINVAL (malformed, or made
 * for another key or binding), THREADS_ELIMIT, THREADS_ENOMEM. */
int seal_open(const struct seal_key *key, const struct seal_binding *binding, const char *text,
	      size_t text_len, struct strbuf *out, struct threads_error *err) MUST_CHECK;

#endif
