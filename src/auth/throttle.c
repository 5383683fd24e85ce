/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/throttle.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "auth/client.h"
#include "ipc/metric.h"
#include "store/auth_throttle.h"

enum { KEY_SIZE = 96, SECOND = 1000, MINUTE = 60000, HOUR = 3600000 }; /* milliseconds */

/* Somebody who keeps guessing delays the owner of the name by a minute at most;
 * the code step, which needs the password first, by five. */
static const struct auth_throttle_rule user_rule = { 4, SECOND, MINUTE, HOUR };
static const struct auth_throttle_rule code_rule = { 5, 2000, 300000, HOUR };
/* An office behind one address makes honest mistakes too. */
static const struct auth_throttle_rule client_rule = { 30, SECOND, 900000, 900000 };

static int charge(struct exchange *ex, const char *key, const struct auth_throttle_rule *rule,
		  struct threads_error *err)
{
	int64_t next_ms = 0;
	int rc = auth_throttle_charge(ex->auth->db, key, rule, auth_now(ex->auth), &next_ms, err);

	if (rc != 0)
		return rc;
	metric_add(METRIC_SIGN_INS, SIGN_IN_THROTTLED, 1);
	rc = reply_throttled(ex, next_ms, err);
	return rc < 0 ? rc : 0;
}

static void client_key(const struct exchange *ex, char key[KEY_SIZE])
{
	char prefix[CLIENT_PREFIX_SIZE];

	client_prefix(ex->address, prefix);
	snprintf(key, KEY_SIZE, "client:%s", prefix);
}

/* What people type as a name may be a password: only a digest of it is kept. */
static int name_key(const char *name, char key[KEY_SIZE], struct threads_error *err)
{
	CLEANUP(digest_release) struct digest d = { 0 };
	unsigned char hash[DIGEST_LEN];
	int n, rc;

	digest_begin(&d);
	for (; *name; name++) {
		const char c = (char)tolower((unsigned char)*name);

		digest_add(&d, &c, 1);
	}
	rc = digest_end(&d, hash, err);
	if (rc < 0)
		return rc;
	n = snprintf(key, KEY_SIZE, "name:");
	for (int i = 0; i < 16; i++)
		n += snprintf(key + n, KEY_SIZE - (size_t)n, "%02x", hash[i]);
	return 0;
}

int throttle_client(struct exchange *ex, struct threads_error *err)
{
	char key[KEY_SIZE];

	client_key(ex, key);
	return charge(ex, key, &client_rule, err);
}

int throttle_password(struct exchange *ex, int64_t login_id, const char *name,
		      struct threads_error *err)
{
	char key[KEY_SIZE];
	int rc = name_key(name, key, err);

	if (rc < 0)
		return rc;
	if (login_id)
		snprintf(key, sizeof(key), "user:%" PRId64, login_id);
	rc = charge(ex, key, &user_rule, err);
	return rc == 1 ? throttle_client(ex, err) : rc;
}

int throttle_code(struct exchange *ex, int64_t login_id, struct threads_error *err)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "code:%" PRId64, login_id);
	return charge(ex, key, &code_rule, err);
}

int throttle_client_right(struct exchange *ex, struct threads_error *err)
{
	char key[KEY_SIZE];

	client_key(ex, key);
	return auth_throttle_refund(ex->auth->db, key, err);
}

int throttle_password_right(struct exchange *ex, int64_t login_id, struct threads_error *err)
{
	char key[KEY_SIZE];
	int rc;

	snprintf(key, sizeof(key), "user:%" PRId64, login_id);
	rc = auth_throttle_clear(ex->auth->db, key, err);
	return rc < 0 ? rc : throttle_client_right(ex, err);
}

int throttle_code_right(struct exchange *ex, int64_t login_id, struct threads_error *err)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "code:%" PRId64, login_id);
	return auth_throttle_clear(ex->auth->db, key, err);
}
