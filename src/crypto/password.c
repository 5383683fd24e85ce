/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include <argon2.h>

#include "core/random_id.h"

enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT_LEN = 16, HASH_LEN = 32 };

static const char phc_prefix[] = "$argon2id$v=19$m=19456,t=2,p=1$";

/* Well-formed and of the same cost as a real one; no password is known for it. */
static const char phc_nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$"
				 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static int argon2_fail(int rc, struct threads_error *err)
{
	return threads_error_set(
		err, rc == ARGON2_MEMORY_ALLOCATION_ERROR ? THREADS_ENOMEM : THREADS_EINVAL,
		"password hash: %s", argon2_error_message(rc));
}

int password_hash(const char *password, size_t len, char phc[PASSWORD_PHC_SIZE],
		  struct threads_error *err)
{
	unsigned char salt[SALT_LEN];

	if (len > PASSWORD_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the password is too long");
	random_bytes(salt, sizeof(salt));

	const int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, len, salt,
					     sizeof(salt), HASH_LEN, phc, PASSWORD_PHC_SIZE);

	return rc == ARGON2_OK ? 0 : argon2_fail(rc, err);
}

int password_verify(const char *phc, const char *password, size_t len, struct threads_error *err)
{
	if (len > PASSWORD_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the password is too long");

	const int rc = argon2id_verify(phc, password, len);

	if (rc == ARGON2_OK)
		return 1;
	return rc == ARGON2_VERIFY_MISMATCH ? 0 : argon2_fail(rc, err);
}

int password_verify_nobody(const char *password, size_t len, struct threads_error *err)
{
	const int rc = password_verify(phc_nobody, password, len, err);

	return rc < 0 ? rc : 0;
}

bool password_needs_rehash(const char *phc)
{
	return strncmp(phc, phc_prefix, sizeof(phc_prefix) - 1) != 0;
}
