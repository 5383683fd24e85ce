/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdint.h>

#include "core/encode.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

enum {
	SEAL_VERSION = 1,
	SCALAR_WIDE_LEN = 48, /* 128 bits more than the order: the remainder is uniform */
	SHARED_LEN = 32,
	HEAD_LEN = 1 + SEAL_PUBLIC_LEN,
	BOX_MAX = HEAD_LEN + AEAD_OVERHEAD + SEAL_SECRET_MAX,
};

static const char seal_info[] = "threads-seal-v1";
static const char scalar_info[] = "threads-vault-p256-v1";

struct seal_key {
	EVP_PKEY *pkey;
	unsigned char public_key[SEAL_PUBLIC_LEN];
};

static void pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void context_freep(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
}

static void group_freep(EC_GROUP **p)
{
	EC_GROUP_free(*p);
}

static void point_freep(EC_POINT **p)
{
	EC_POINT_free(*p);
}

static void bn_freep(BIGNUM **p)
{
	BN_clear_free(*p);
}

static void bn_context_freep(BN_CTX **p)
{
	BN_CTX_free(*p);
}

static void builder_freep(OSSL_PARAM_BLD **p)
{
	OSSL_PARAM_BLD_free(*p);
}

static void params_freep(OSSL_PARAM **p)
{
	OSSL_PARAM_free(*p);
}

/* A key object from its encoded point and, unless NULL, its private scalar. */
static EVP_PKEY *pkey_from(const unsigned char public_key[SEAL_PUBLIC_LEN], const BIGNUM *scalar)
{
	CLEANUP(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	CLEANUP(context_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	CLEANUP(params_freep) OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (!builder || !ctx ||
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
		    1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public_key,
					     SEAL_PUBLIC_LEN) != 1 ||
	    (scalar && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1))
		return NULL;
	params = OSSL_PARAM_BLD_to_param(builder);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		return NULL;
	return pkey;
}

/* scalar = 1 + HKDF(seed) mod (order - 1): every value of 1 .. order - 1, none twice as likely. */
static BIGNUM *scalar_from_seed(const unsigned char seed[SEAL_SEED_LEN], const EC_GROUP *group,
				BN_CTX *bn_ctx)
{
	CLEANUP(bn_freep) BIGNUM *scalar = NULL;
	CLEANUP(bn_freep) BIGNUM *limit = BN_dup(EC_GROUP_get0_order(group));
	unsigned char wide[SCALAR_WIDE_LEN];

	if (!limit || hkdf_derive(seed, SEAL_SEED_LEN, scalar_info, wide, sizeof(wide), NULL) < 0)
		return NULL;
	scalar = BN_bin2bn(wide, sizeof(wide), NULL);
	secret_cleanse(wide, sizeof(wide));
	if (!scalar || BN_sub_word(limit, 1) != 1)
		return NULL;
	BN_set_flags(scalar, BN_FLG_CONSTTIME);
	if (BN_nnmod(scalar, scalar, limit, bn_ctx) != 1 || BN_add_word(scalar, 1) != 1)
		return NULL;
	return TAKE_PTR(scalar);
}

static int fill_key(struct seal_key *key, const unsigned char seed[SEAL_SEED_LEN])
{
	CLEANUP(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	CLEANUP(bn_context_freep) BN_CTX *bn_ctx = BN_CTX_secure_new();
	CLEANUP(point_freep) EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	CLEANUP(bn_freep)
	BIGNUM *scalar = group && bn_ctx ? scalar_from_seed(seed, group, bn_ctx) : NULL;

	if (!point || !scalar || EC_POINT_mul(group, point, scalar, NULL, NULL, bn_ctx) != 1 ||
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, key->public_key,
			       SEAL_PUBLIC_LEN, bn_ctx) != SEAL_PUBLIC_LEN)
		return -1;
	key->pkey = pkey_from(key->public_key, scalar);
	return key->pkey ? 0 : -1;
}

int seal_keypair_from_seed(const unsigned char seed[SEAL_SEED_LEN], struct seal_key **ret_key,
			   struct threads_error *err)
{
	struct seal_key *key = calloc(1, sizeof(*key));

	if (!key || fill_key(key, seed) < 0) {
		seal_key_free(key);
		return threads_error_set(err, THREADS_ENOMEM, "making the vault's key failed");
	}
	*ret_key = key;
	return 0;
}

struct seal_key *seal_key_free(struct seal_key *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	free(key);
	return NULL;
}

void seal_key_freep(struct seal_key **key)
{
	seal_key_free(*key);
}

const unsigned char *seal_key_public(const struct seal_key *key)
{
	return key->public_key;
}

int seal_fingerprint(const unsigned char public_key[SEAL_PUBLIC_LEN],
		     char out[SEAL_FINGERPRINT_SIZE], struct threads_error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[DIGEST_LEN];
	const int rc = digest_sha256(public_key, SEAL_PUBLIC_LEN, hash, err);
	char *p = out;

	if (rc < 0)
		return rc;
	for (int i = 0; i < 16; i++) {
		if (i > 0 && i % 2 == 0)
			*p++ = '-';
		*p++ = digits[hash[i] >> 4];
		*p++ = digits[hash[i] & 15];
	}
	*p = '\0';
	return 0;
}

int seal_binding_append(struct strbuf *out, const struct seal_binding *binding,
			struct threads_error *err)
{
	const char *const fields[] = {
		binding->account,  binding->provider, binding->host, binding->port,
		binding->tls_mode, binding->ca,       binding->user,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const size_t len = strlen(fields[i]);
		const unsigned char head[] = { (unsigned char)(len >> 24),
					       (unsigned char)(len >> 16),
					       (unsigned char)(len >> 8), (unsigned char)len };

		if (len > SEAL_BINDING_MAX)
			return threads_error_set(err, THREADS_ELIMIT, "a field is too long");
		strbuf_add(out, head, sizeof(head));
		strbuf_add(out, fields[i], len);
	}
	return strbuf_check(out, err);
}

/* The AEAD key that own (private) and peer (public) share; salt is the ephemeral one of the two. */
static int shared_key(EVP_PKEY *own, EVP_PKEY *peer, const unsigned char salt[SEAL_PUBLIC_LEN],
		      unsigned char out[AEAD_KEY_LEN], struct threads_error *err)
{
	CLEANUP(context_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	unsigned char shared[SHARED_LEN];
	size_t len = sizeof(shared);

	if (!ctx || EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
	    EVP_PKEY_derive(ctx, shared, &len) != 1 || len != sizeof(shared))
		return threads_error_set(err, THREADS_EINVAL, "not a key of P-256");

	const struct hkdf_input in = {
		.secret = shared,
		.secret_len = sizeof(shared),
		.salt = salt,
		.salt_len = SEAL_PUBLIC_LEN,
		.info = seal_info,
		.info_len = sizeof(seal_info) - 1,
	};
	const int rc = hkdf_sha256(&in, out, AEAD_KEY_LEN, err);

	secret_cleanse(shared, sizeof(shared));
	return rc;
}

/* Writes version and ephemeral public key to head, and the box's key. */
static int ephemeral_begin(const unsigned char public_key[SEAL_PUBLIC_LEN],
			   unsigned char head[HEAD_LEN], unsigned char key[AEAD_KEY_LEN],
			   struct threads_error *err)
{
	CLEANUP(pkey_freep) EVP_PKEY *peer = pkey_from(public_key, NULL);
	CLEANUP(pkey_freep) EVP_PKEY *own = EVP_EC_gen("P-256");
	size_t len = 0;

	if (!peer)
		return threads_error_set(err, THREADS_EINVAL, "the vault's key is not of P-256");
	head[0] = SEAL_VERSION;
	if (!own ||
	    EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, head + 1, SEAL_PUBLIC_LEN,
					    &len) != 1 ||
	    len != SEAL_PUBLIC_LEN || head[1] != POINT_CONVERSION_UNCOMPRESSED)
		return threads_error_set(err, THREADS_ENOMEM, "making a key failed");
	return shared_key(own, peer, head + 1, key, err);
}

/* Fills box, which holds HEAD_LEN + AEAD_OVERHEAD + secret_len bytes. */
static int make_box(const unsigned char public_key[SEAL_PUBLIC_LEN],
		    const struct seal_binding *binding, const void *secret, size_t secret_len,
		    unsigned char *box, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf aad = STRBUF_INIT(SEAL_BINDING_MAX);
	unsigned char key[AEAD_KEY_LEN];
	int rc = seal_binding_append(&aad, binding, err);

	if (rc == 0)
		rc = ephemeral_begin(public_key, box, key, err);
	if (rc < 0)
		return rc;
	rc = aead_seal(key, aad.data, aad.len, secret, secret_len, box + HEAD_LEN, err);
	secret_cleanse(key, sizeof(key));
	return rc;
}

int seal_make(const unsigned char public_key[SEAL_PUBLIC_LEN], const struct seal_binding *binding,
	      const void *secret, size_t secret_len, struct strbuf *out, struct threads_error *err)
{
	unsigned char *box;
	int rc;

	if (secret_len > SEAL_SECRET_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the secret is too long");
	box = malloc(HEAD_LEN + AEAD_OVERHEAD + secret_len);
	if (!box)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = make_box(public_key, binding, secret, secret_len, box, err);
	if (rc == 0)
		base64url_append(out, box, HEAD_LEN + AEAD_OVERHEAD + secret_len);
	free(box);
	return rc < 0 ? rc : strbuf_check(out, err);
}

/* Opens box (checked: version and least length) into plain. */
static int open_box(const struct seal_key *key, const struct strbuf *aad, const struct strbuf *box,
		    unsigned char *plain, struct threads_error *err)
{
	const unsigned char *head = (const unsigned char *)box->data;
	CLEANUP(pkey_freep) EVP_PKEY *peer = pkey_from(head + 1, NULL);
	unsigned char shared[AEAD_KEY_LEN];
	int rc;

	if (!peer)
		return threads_error_set(err, THREADS_EINVAL, "not a key of P-256");
	rc = shared_key(key->pkey, peer, head + 1, shared, err);
	if (rc < 0)
		return rc;
	rc = aead_open(shared, aad->data, aad->len, head + HEAD_LEN, box->len - HEAD_LEN, plain,
		       err);
	secret_cleanse(shared, sizeof(shared));
	return rc;
}

static int open_into(const struct seal_key *key, const struct strbuf *aad, const struct strbuf *box,
		     struct strbuf *out, struct threads_error *err)
{
	const size_t len = box->len - HEAD_LEN - AEAD_OVERHEAD;
	unsigned char *plain = malloc(len + 1);
	int rc;

	if (!plain)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = open_box(key, aad, box, plain, err);
	if (rc == 0)
		rc = strbuf_room(out, len, err);
	if (rc == 0)
		strbuf_add(out, plain, len);
	secret_cleanse(plain, len);
	free(plain);
	return rc < 0 ? rc : strbuf_check(out, err);
}

int seal_open(const struct seal_key *key, const struct seal_binding *binding, const char *text,
	      size_t text_len, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf aad = STRBUF_INIT(SEAL_BINDING_MAX);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(BOX_MAX);
	int rc;

	if (text_len > SEAL_TEXT_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the sealed secret is too long");
	rc = base64url_decode(&box, text, text_len, err);
	if (rc < 0)
		return rc;
	if (box.len < HEAD_LEN + AEAD_OVERHEAD || box.data[0] != SEAL_VERSION ||
	    box.data[1] != POINT_CONVERSION_UNCOMPRESSED)
		return threads_error_set(err, THREADS_EINVAL, "not a sealed secret of version 1");
	rc = seal_binding_append(&aad, binding, err);
	if (rc < 0)
		return rc;
	rc = open_into(key, &aad, &box, out, err);
	return rc < 0 ? threads_error_wrap(err, rc, "sealed secret") : 0;
}
