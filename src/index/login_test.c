/* SPDX-License-Identifier: Apache-2.0 */
#include "index/login_test.h"

#include "core/clock.h"
#include "core/log.h"

/* No secret is kept after a test that failed. */
static void drop_secret(struct index_role *ix, int64_t account_id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(account_release) struct account account = { 0 };
	struct threads_error err = { .text = "vault is not there" };

	if (account_get(ix->store, account_id, &account, &err) <= 0)
		return;
	frame_begin(&f, VAULT_DELETE, 0);
	frame_put_text(&f, account.public_id);
	if (!ix->vault || peer_send(ix->vault, &f, &err) < 0)
		log_warning("account %lld: its secret is still there: %s", (long long)account_id,
			    err.text);
}

void login_tested(struct imap_session *session, bool well)
{
	struct index_role *ix = session->ix;
	struct threads_error err;
	int rc;

	session->ended = true;
	if (well)
		rc = account_verified(ix->store, session->account_id, clock_now_ms(NULL), &err);
	else
		rc = account_set_secret(ix->store, session->account_id, "none", &err);
	if (rc == 0)
		rc = account_set_state(ix->store, session->account_id, well ? "active" : "draft",
				       &err);
	if (rc < 0)
		log_error("account %lld: %s", (long long)session->account_id, err.text);
	if (!well)
		drop_secret(ix, session->account_id);
	role_bell(ix->role, BELL_ACCOUNTS, session->account_id);
}
