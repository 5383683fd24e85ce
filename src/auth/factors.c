/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/factors.h"

#include "auth/qr.h"
#include "core/encode.h"
#include "crypto/hmac.h"

enum { URI_MAX = 590, SECRET_TEXT_MAX = 64 };

static void append_percent(struct strbuf *out, const char *text)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";

	for (; *text; text++) {
		if (strchr(safe, *text))
			strbuf_add_char(out, *text);
		else
			strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

/* {"secret", "uri", "qr_svg"} */
static int totp_json(const char *secret, const char *name, json_t **ret_json,
		     struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf uri = STRBUF_INIT(URI_MAX);
	CLEANUP(secret_release) struct strbuf svg = STRBUF_INIT(QR_SVG_MAX);
	int rc = strbuf_room(&uri, URI_MAX, err);

	if (rc == 0)
		rc = strbuf_room(&svg, QR_SVG_MAX, err);
	if (rc < 0)
		return rc;
	strbuf_add_str(&uri, "otpauth://totp/Threads:");
	append_percent(&uri, name);
	strbuf_addf(&uri, "?secret=%s&issuer=Threads&algorithm=SHA1&digits=6&period=30", secret);
	rc = strbuf_check(&uri, err);
	if (rc == 0)
		rc = qr_append_svg(&svg, strbuf_str(&uri), err);
	if (rc < 0)
		return rc;
	*ret_json = json_pack("{s:s, s:s, s:s}", "secret", secret, "uri", strbuf_str(&uri),
			      "qr_svg", strbuf_str(&svg));
	return *ret_json ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

int totp_new(struct auth *auth, const char *user_id, const char *name, bool plain,
	     unsigned char box[AUTH_BOX_LEN], json_t **ret_json, struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SECRET_TEXT_MAX);
	unsigned char seed[TOTP_SEED_LEN];
	int rc;

	random_bytes(seed, sizeof(seed));
	base32_append(&secret, seed, sizeof(seed));
	rc = aead_seal(auth->seed_key, user_id, strlen(user_id), seed, sizeof(seed), box, err);
	secret_cleanse(seed, sizeof(seed));
	if (rc < 0)
		return rc;
	if (!plain)
		return totp_json(strbuf_str(&secret), name, ret_json, err);
	*ret_json = json_pack("{s:s}", "secret", strbuf_str(&secret));
	return *ret_json ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

bool totp_readable(struct auth *auth, const char *user_id, const unsigned char box[AUTH_BOX_LEN])
{
	unsigned char seed[TOTP_SEED_LEN];
	const int rc =
		aead_open(auth->seed_key, user_id, strlen(user_id), box, AUTH_BOX_LEN, seed, NULL);

	secret_cleanse(seed, sizeof(seed));
	return rc == 0;
}

int totp_check(struct auth *auth, const char *user_id, const unsigned char box[AUTH_BOX_LEN],
	       const char *code, int64_t *ret_step, struct threads_error *err)
{
	unsigned char seed[TOTP_SEED_LEN];
	int rc = aead_open(auth->seed_key, user_id, strlen(user_id), box, AUTH_BOX_LEN, seed, err);

	if (rc < 0) {
		rc = threads_error_set(err, THREADS_EIO,
				       "a second factor in auth.db cannot be read: "
				       "is this the right key file?");
		return rc;
	}
	rc = totp_verify(seed, auth_now(auth), code, ret_step, err);
	secret_cleanse(seed, sizeof(seed));
	return rc;
}

static void recovery_text(const unsigned char bytes[RECOVERY_BYTES], char out[RECOVERY_TEXT_SIZE])
{
	CLEANUP(secret_release) struct strbuf plain = STRBUF_INIT(24);
	size_t n = 0;

	base32_append(&plain, bytes, RECOVERY_BYTES);
	for (size_t i = 0; i < plain.len; i++) {
		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = plain.data[i];
	}
	out[n] = '\0';
}

int recovery_make(struct auth *auth, int64_t login_id, json_t **ret_json, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *array = json_array();
	unsigned char hashes[RECOVERY_CODES][AUTH_HASH_LEN], bytes[RECOVERY_BYTES];
	char text[RECOVERY_TEXT_SIZE];
	int rc = array ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");

	for (int i = 0; rc == 0 && i < RECOVERY_CODES; i++) {
		random_bytes(bytes, sizeof(bytes));
		recovery_text(bytes, text);
		rc = digest_sha256(bytes, sizeof(bytes), hashes[i], err);
		if (rc == 0 && json_array_append_new(array, json_string(text)) < 0)
			rc = threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	secret_cleanse(bytes, sizeof(bytes));
	secret_cleanse(text, sizeof(text));
	if (rc == 0)
		rc = auth_recovery_replace(auth->db, login_id,
					   (const unsigned char(*)[AUTH_HASH_LEN])hashes,
					   RECOVERY_CODES, err);
	if (rc == 0)
		*ret_json = TAKE_PTR(array);
	return rc;
}

int factor_use_totp(struct auth *auth, const struct auth_login *login, const char *code,
		    struct threads_error *err)
{
	int64_t step = 0;
	int rc;

	if (!login->has_totp)
		return FACTOR_WRONG;
	rc = totp_check(auth, login->user_id, login->totp_box, code, &step, err);
	if (rc != 1)
		return rc;
	rc = auth_login_use_step(auth->db, login->id, step, err);
	return rc == 0 ? FACTOR_USED : rc;
}

/* Letters and digits of code, upper case; false if too many. */
static bool recovery_plain(const char *code, struct strbuf *out)
{
	for (; *code; code++) {
		if (*code == ' ' || *code == '-')
			continue;
		strbuf_add_char(out, *code);
	}
	return strbuf_check(out, NULL) == 0;
}

int factor_use_recovery(struct auth *auth, const struct auth_login *login, const char *code,
			struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf plain = STRBUF_INIT(24);
	CLEANUP(secret_release) struct strbuf bytes = STRBUF_INIT(RECOVERY_BYTES);
	unsigned char hash[AUTH_HASH_LEN];
	int rc;

	if (!recovery_plain(code, &plain) ||
	    base32_decode(&bytes, strbuf_str(&plain), plain.len, NULL) < 0 ||
	    bytes.len != RECOVERY_BYTES)
		return FACTOR_WRONG;
	rc = digest_sha256(bytes.data, bytes.len, hash, err);
	if (rc < 0)
		return rc;
	return auth_recovery_use(auth->db, login->id, hash, auth_now(auth), err);
}

int reply_factor(struct exchange *ex, int result, struct threads_error *err)
{
	if (result == FACTOR_USED)
		return reply_problem(
			ex, 401, "code-used",
			"This code was already used. Wait for the next one, at most 30 seconds.",
			NULL, err);
	return reply_problem(ex, 401, "code-wrong",
			     "This code does not match. Is the clock of your telephone right?",
			     NULL, err);
}
