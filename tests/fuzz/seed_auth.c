/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For auth: an owner who is signed in with the cookie "QQQ..." (43 of them), and
 * on the way with "EEE...", an invited person, and a link "MMM..." for her.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "auth/token.h"
#include "core/clock.h"
#include "seed.h"
#include "store/auth_db.h"
#include "store/auth_link.h"
#include "store/auth_login.h"
#include "store/auth_session.h"

enum { HOUR_MS = 3600 * 1000 };

static void token_of(char letter, unsigned char hash[DIGEST_LEN])
{
	char token[TOKEN_SIZE] = "";

	memset(token, letter, TOKEN_LEN);
	if (!token_hash(token, hash))
		abort();
}

static int add_people(struct db *db, int64_t now_ms, int64_t ids[2], struct threads_error *err)
{
	const struct auth_login owner = { .user_id = SEED_USER,
					  .name = "ann",
					  .display_name = "Ann",
					  .role = "owner",
					  .state = "active" };
	const struct auth_login guest = { .user_id = "bbbbbbbbbbbbbbbbbbbbbbbbbb",
					  .name = "ben",
					  .display_name = "Ben",
					  .role = "user",
					  .state = "invited" };
	const unsigned char box[AUTH_BOX_LEN] = "not a seed";
	int rc = auth_login_add(db, &owner, now_ms, &ids[0], err);

	if (rc == 0)
		rc = auth_login_add(db, &guest, now_ms, &ids[1], err);
	return rc < 0 ? rc : auth_login_set_totp(db, ids[0], box, 0, now_ms, err);
}

static int add_tokens(struct db *db, int64_t now_ms, const int64_t ids[2],
		      struct threads_error *err)
{
	const struct auth_session session = { .public_id = SEED_USER,
					      .login_id = ids[0],
					      .created_ms = now_ms,
					      .seen_ms = now_ms,
					      .expires_ms = now_ms + HOUR_MS,
					      .strong_ms = now_ms };
	const struct auth_pending pending = { .kind = "totp",
					      .user_id = SEED_USER,
					      .name = "ann",
					      .login_id = ids[0],
					      .created_ms = now_ms,
					      .expires_ms = now_ms + HOUR_MS };
	const struct auth_link link = { .kind = "invite",
					.login_id = ids[1],
					.expires_ms = now_ms + HOUR_MS };
	unsigned char hash[DIGEST_LEN];
	int rc;

	token_of('Q', hash);
	rc = auth_session_add(db, hash, &session, err);
	token_of('E', hash);
	if (rc == 0)
		rc = auth_pending_add(db, hash, &pending, err);
	token_of('M', hash);
	return rc < 0 ? rc : auth_link_add(db, hash, &link, now_ms, err);
}

void seed_folder(enum role role, const char *path)
{
	const int64_t now_ms = clock_now_ms(NULL);
	struct threads_error err = { 0 };
	struct db *db = NULL;
	int64_t ids[2];
	char name[300];
	int rc;

	(void)role;
	snprintf(name, sizeof(name), "%s/auth", path);
	if (mkdir(name, 0700) < 0)
		abort();
	snprintf(name, sizeof(name), "%s/auth/auth.db", path);
	rc = auth_db_open(name, &db, &err);
	if (rc == 0)
		rc = add_people(db, now_ms, ids, &err);
	if (rc == 0)
		rc = add_tokens(db, now_ms, ids, &err);
	if (rc < 0) {
		fprintf(stderr, "seed: %s\n", err.text);
		abort();
	}
	db_close(db);
}
