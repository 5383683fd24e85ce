/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/token.h"

#include "core/encode.h"
#include "core/random_id.h"
#include "crypto/hmac.h"

enum { TOKEN_BYTES = 32 };

int token_make(char text[TOKEN_SIZE], unsigned char hash[DIGEST_LEN], struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf encoded = STRBUF_INIT(TOKEN_LEN);
	unsigned char bytes[TOKEN_BYTES];
	int rc;

	random_bytes(bytes, sizeof(bytes));
	base64url_append(&encoded, bytes, sizeof(bytes));
	rc = strbuf_check(&encoded, err);
	if (rc == 0)
		rc = digest_sha256(bytes, sizeof(bytes), hash, err);
	secret_cleanse(bytes, sizeof(bytes));
	if (rc == 0)
		memcpy(text, strbuf_str(&encoded), TOKEN_SIZE);
	return rc;
}

bool token_hash(const char *text, unsigned char hash[DIGEST_LEN])
{
	CLEANUP(secret_release) struct strbuf bytes = STRBUF_INIT(TOKEN_BYTES);

	if (strlen(text) != TOKEN_LEN || base64url_decode(&bytes, text, TOKEN_LEN, NULL) < 0 ||
	    bytes.len != TOKEN_BYTES)
		return false;
	return digest_sha256(bytes.data, bytes.len, hash, NULL) == 0;
}
