/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/session.h"

#include "crypto/hmac.h"

static int find(struct auth *auth, const unsigned char hash[AUTH_HASH_LEN],
		struct auth_session *ret_session, struct threads_error *err)
{
	const int64_t now = auth_now(auth);
	const int rc =
		auth_session_find(auth->db, hash, now, auth->session_idle_ms, ret_session, err);

	if (rc != 1)
		return rc;
	if (now - ret_session->seen_ms >= SESSION_SEEN_STEP_MS) {
		const int seen = auth_session_seen(auth->db, ret_session->id, now, err);

		/* A full disk must not keep people from their mail; the next request tries again. */
		if (seen < 0 && seen != THREADS_EFULL)
			return seen;
		ret_session->seen_ms = now;
	}
	return 1;
}

int session_load(struct exchange *ex, struct threads_error *err)
{
	int rc;

	if (!ex->has_session_cookie)
		return 0;
	rc = find(ex->auth, ex->session_hash, &ex->session, err);
	if (rc != 1)
		return rc;
	rc = auth_login_by_id(ex->auth->db, ex->session.login_id, &ex->login, err);
	if (rc < 0)
		return rc;
	ex->signed_in = rc == 1;
	return 0;
}

int session_mint(struct exchange *ex, const struct auth_login *login, bool kept,
		 struct threads_error *err)
{
	struct auth *auth = ex->auth;
	const int64_t now = auth_now(auth);
	struct auth_session session = {
		.login_id = login->id,
		.created_ms = now,
		.seen_ms = now,
		.expires_ms = now + auth->session_max_ms,
		.strong_ms = now,
	};
	unsigned char hash[AUTH_HASH_LEN];
	char token[TOKEN_SIZE];
	int rc;

	if (kept && ex->signed_in) {
		session.created_ms = ex->session.created_ms;
		session.expires_ms = ex->session.expires_ms;
	}
	public_id_make(session.public_id);
	memcpy(session.client, ex->client, sizeof(session.client));
	memcpy(session.address, ex->address, sizeof(session.address));
	rc = token_make(token, hash, err);
	if (rc == 0 && ex->signed_in)
		rc = auth_session_drop(auth->db, ex->session.id, err);
	if (rc == 0)
		rc = auth_session_add(auth->db, hash, &session, err);
	if (rc == 0) {
		reply_cookie(ex, cookie_session, token);
		ex->session = session;
		ex->signed_in = true;
	}
	secret_cleanse(token, sizeof(token));
	return rc;
}

int session_ticket(struct auth *auth, const char *cookie, unsigned char ticket[TICKET_LEN],
		   char user_id[PUBLIC_ID_SIZE], struct threads_error *err)
{
	struct ticket t = { .kind = TICKET_USER };
	unsigned char hash[AUTH_HASH_LEN];
	struct auth_session session;
	struct auth_login login;
	int rc;

	if (!token_hash(cookie, hash))
		return 0;
	rc = find(auth, hash, &session, err);
	if (rc == 1)
		rc = auth_login_by_id(auth->db, session.login_id, &login, err);
	if (rc != 1)
		return rc;
	memcpy(t.subject, login.user_id, sizeof(t.subject));
	memcpy(t.session, session.public_id, sizeof(t.session));
	memcpy(user_id, login.user_id, PUBLIC_ID_SIZE);
	t.strong_ms = session.strong_ms;
	t.expires_ms = auth_now(auth) + TICKET_LIFE_MS;
	rc = ticket_make(auth->ticket_key, &t, ticket, err);
	return rc < 0 ? rc : 1;
}

bool session_is_strong(const struct exchange *ex)
{
	return ex->signed_in && ex->session.strong_ms + TICKET_STRONG_MS > auth_now(ex->auth);
}

int64_t session_ends_ms(const struct auth *auth, const struct auth_session *session)
{
	const int64_t idle = session->seen_ms + auth->session_idle_ms;

	return idle < session->expires_ms ? idle : session->expires_ms;
}

int pending_begin(struct exchange *ex, const struct auth_pending *pending,
		  struct threads_error *err)
{
	unsigned char hash[AUTH_HASH_LEN];
	char token[TOKEN_SIZE];
	int rc = token_make(token, hash, err);

	if (rc == 0)
		rc = auth_pending_add(ex->auth->db, hash, pending, err);
	if (rc == 0)
		reply_cookie(ex, cookie_pending, token);
	secret_cleanse(token, sizeof(token));
	return rc;
}

int pending_load(struct exchange *ex, struct threads_error *err)
{
	if (!ex->has_pending_cookie)
		return 0;
	return auth_pending_find(ex->auth->db, ex->pending_hash, auth_now(ex->auth), &ex->pending,
				 err);
}
