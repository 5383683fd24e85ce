/* SPDX-License-Identifier: Apache-2.0 */
/* What changes about an account: settings, state, trouble, deletion. */
#include "core/clock.h"
#include "filing/email_key.h"
#include "store/account_internal.h"
#include "store/job.h"
#include "store/people.h"
#include "store/store_internal.h"

enum {
	CHANNEL_EMAIL = 1,
	CHANNEL_IS_PRIVATE = 1,
	CHANNEL_NOTICE_MS = 24 * 60 * 60 * 1000,
};

static const char sql_set_name[] = "UPDATE account SET name = :name WHERE id = :id";
static const char sql_set_policy[] = "UPDATE account SET policy = :policy WHERE id = :id";
static const char sql_set_folders[] = "UPDATE account SET folders = :folders WHERE id = :id";
static const char sql_same_bound[] =
	"SELECT 1 FROM account WHERE id = :id AND provider = :provider AND host = :host"
	" AND port = :port AND tls = :tls AND login = :login AND ca = :ca";
static const char sql_set_bound[] =
	"UPDATE account SET provider = :provider, host = :host, port = :port, tls = :tls,"
	" login = :login, ca = :ca, config_version = config_version + 1, secret_state = 'void',"
	" state = 'draft', verified_ms = 0, error_kind = '', error_text = '', error_next = '',"
	" error_detail = '', error_ms = 0, activity = 'idle' WHERE id = :id";
/* Whoever waits for this change is tried again at once. */
static const char sql_set_private[] =
	"UPDATE account SET private_network = :private_network, next_try_ms = 0 WHERE id = :id";
/* What comes late from a process of an account that is being deleted does not bring it back. */
static const char sql_set_state[] =
	"UPDATE account SET state = :state WHERE id = :id AND state <> 'deleting'";
static const char sql_clear_error[] =
	"UPDATE account SET error_kind = '', error_text = '', error_next = '', error_detail = '',"
	" error_ms = 0, next_try_ms = 0, failures = 0 WHERE id = :id";
static const char sql_set_secret[] = "UPDATE account SET secret_state = :state WHERE id = :id";
static const char sql_set_activity[] =
	"UPDATE account SET activity = :activity, next_try_ms = :next_try_ms,"
	" failures = CASE WHEN :kind = '' THEN failures ELSE failures + 1 END,"
	" error_ms = CASE WHEN :kind = '' THEN 0 WHEN error_kind = :kind THEN error_ms ELSE :now_ms END,"
	" error_kind = :kind, error_text = :text, error_next = :next, error_detail = :detail"
	" WHERE id = :id";
static const char sql_verified[] = "UPDATE account SET verified_ms = :now_ms WHERE id = :id";
static const char sql_crashed[] = "UPDATE account SET activity = 'idle', failures = failures + 1,"
				  " next_try_ms = :next_try_ms WHERE id = :id";
static const char sql_set_address[] = "UPDATE account SET address = :address WHERE id = :id";
static const char sql_own_channel[] =
	"INSERT INTO channel (kind, key, privacy, user_id, user_from_ms, created_ms)"
	" VALUES (:kind, :key, :privacy, :user_id, :from_ms, :now_ms)"
	" ON CONFLICT (kind, key) DO UPDATE SET user_id = :user_id, user_from_ms = :from_ms"
	" WHERE channel.user_id IS NULL"
	" RETURNING id";
static const char sql_archive[] =
	"UPDATE account SET type = 'import', state = 'active', name = :name, provider = '',"
	" host = '', port = 0, tls = '', login = '', ca = '', private_network = 0, folders = '',"
	" secret_state = 'none',"
	" activity = 'idle', error_kind = '', error_text = '', error_next = '', error_detail = '',"
	" error_ms = 0, keep_messages = 1 WHERE id = :id";
static const char sql_deleting[] =
	"UPDATE account SET state = 'deleting', keep_messages = 0, secret_state = 'none',"
	" activity = 'idle' WHERE id = :id";

static int run_text(struct store *store, const char *sql, const char *name, const char *value,
		    int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":id", id);
	if (name)
		query_bind_text(&q, name, value);
	return query_run(&q, err);
}

static int change_name(struct store *store, int64_t id, const char *name, struct threads_error *err)
{
	int rc = account_name_check(name, err);

	if (rc < 0)
		return rc;
	rc = run_text(store, sql_set_name, ":name", name, id, err);
	if (rc == THREADS_EINVAL)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is an account of that name already");
	return rc;
}

/* Closing is effective at once by the deny rows, opening when the job has passed. */
static int change_policy(struct store *store, int64_t id, const char *policy, const char *present,
			 int64_t now_ms, struct threads_error *err)
{
	const bool close = strcmp(policy, "closed") == 0;
	int64_t job_id = 0;
	int rc;

	if (!close && strcmp(policy, "open") != 0)
		return threads_error_set(err, THREADS_EINVAL, "the policy is open or closed");
	if (strcmp(policy, present) == 0)
		return 0;
	rc = run_text(store, sql_set_policy, ":policy", policy, id, err);
	if (rc == 0)
		rc = job_add(store, JOB_AUDIENCE_ACCOUNT, id, now_ms, &job_id, err);
	if (rc == 0 && close)
		rc = job_deny_groups(store, job_id, id, err);
	return rc;
}

static int run_bound(struct store *store, const char *sql, int64_t id,
		     const struct account_bound *bound, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":provider", bound->provider);
	query_bind_text(&q, ":host", bound->host);
	query_bind_int(&q, ":port", bound->port);
	query_bind_text(&q, ":tls", bound->tls);
	query_bind_text(&q, ":login", bound->login);
	query_bind_text(&q, ":ca", bound->ca);
	return query_step(&q, err);
}

static int set_private(struct store *store, int64_t id, bool private_network,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_set_private);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":private_network", private_network);
	return query_run(&q, err);
}

/* Changing what a secret is bound to voids it. Sets *voided. */
static int change_bound(struct store *store, int64_t id, const struct account_bound *bound,
			bool *voided, struct threads_error *err)
{
	int rc = account_bound_check(bound, err);

	if (rc == 0)
		rc = set_private(store, id, bound->private_network, err);
	if (rc == 0)
		rc = run_bound(store, sql_same_bound, id, bound, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	*voided = true;
	return run_bound(store, sql_set_bound, id, bound, err);
}

int account_change(struct store *store, int64_t id, const struct account_change *change,
		   int64_t now_ms, bool *ret_voided, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(account_release) struct account account = { 0 };
	bool voided = false;
	int rc = store_join(store, &scope, err);

	if (rc < 0)
		return rc;
	rc = account_get(store, id, &account, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no such account");
	if (rc < 0)
		return rc;
	if (strcmp(account.state, "deleting") == 0)
		return threads_error_set(err, THREADS_EINVAL, "the account is being deleted");
	if (change->bound && strcmp(account.type, "imap") != 0)
		return threads_error_set(err, THREADS_EINVAL, "only IMAP accounts have a server");
	rc = change->name ? change_name(store, id, change->name, err) : 0;
	if (rc == 0 && change->policy)
		rc = change_policy(store, id, change->policy, account.policy, now_ms, err);
	if (rc == 0 && change->folders)
		rc = run_text(store, sql_set_folders, ":folders", change->folders, id, err);
	if (rc == 0 && change->bound)
		rc = change_bound(store, id, change->bound, &voided, err);
	if (rc == 0)
		rc = store_commit(&scope, err);
	if (rc == 0)
		*ret_voided = voided;
	return rc;
}

int account_set_state(struct store *store, int64_t id, const char *state, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = store_join(store, &scope, err);

	if (rc == 0)
		rc = run_text(store, sql_set_state, ":state", state, id, err);
	if (rc == 0 && strcmp(state, "active") == 0)
		rc = run_text(store, sql_clear_error, NULL, NULL, id, err);
	return rc < 0 ? rc : store_commit(&scope, err);
}

int account_set_secret(struct store *store, int64_t id, const char *secret_state,
		       struct threads_error *err)
{
	return run_text(store, sql_set_secret, ":state", secret_state, id, err);
}

int account_crashed(struct store *store, int64_t id, int64_t next_try_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_crashed);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":next_try_ms", next_try_ms);
	return query_run(&q, err);
}

int account_set_activity(struct store *store, int64_t id, const char *activity,
			 const struct account_trouble *trouble, int64_t next_try_ms, int64_t now_ms,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_set_activity);

	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":activity", activity);
	query_bind_text(&q, ":kind", trouble->kind);
	query_bind_text(&q, ":text", trouble->text);
	query_bind_text(&q, ":next", trouble->next);
	query_bind_text(&q, ":detail", trouble->detail);
	query_bind_int(&q, ":next_try_ms", next_try_ms);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

/*
 * The address of a mailbox that its owner can open is the owner's own channel,
 * after a notice period: a log-in proves little when the claimant may name the
 * server. What is in the mailbox itself he sees at once, as its holder.
 */
static int own_channel(struct store *store, const struct account *account, const char *key,
		       int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_own_channel);
	int64_t channel_id, job_id = 0;
	int rc;

	query_bind_int(&q, ":kind", CHANNEL_EMAIL);
	query_bind_text(&q, ":key", key);
	query_bind_int(&q, ":privacy", CHANNEL_IS_PRIVATE);
	query_bind_int(&q, ":user_id", account->owner_id);
	query_bind_int(&q, ":from_ms", now_ms + CHANNEL_NOTICE_MS);
	query_bind_int(&q, ":now_ms", now_ms);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc; /* 0: it is somebody's already */
	channel_id = query_int(&q, 0);
	rc = query_run(&q, err);
	if (rc == 0)
		rc = job_add(store, JOB_AUDIENCE_CHANNEL, channel_id, now_ms, &job_id, err);
	if (rc == 0)
		rc = audit_add(store, "", "channel.claimed", account->public_id, key, now_ms, err);
	store->people_version++;
	return rc;
}

int account_verified(struct store *store, int64_t id, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(account_release) struct account account = { 0 };
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(EMAIL_KEY_MAX + 1);
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_verified);
	int rc = store_join(store, &scope, err);

	if (rc < 0)
		return rc;
	rc = account_get(store, id, &account, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no such account");
	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":now_ms", now_ms);
	if (rc == 1)
		rc = query_run(&q, err);
	query_end(&q);
	if (rc == 0 && strchr(account.login, '@') &&
	    email_key(account.login, strlen(account.login), &key, NULL) == 0) {
		rc = run_text(store, sql_set_address, ":address", strbuf_str(&key), id, err);
		if (rc == 0)
			rc = own_channel(store, &account, strbuf_str(&key), now_ms, err);
	}
	return rc < 0 ? rc : store_commit(&scope, err);
}

/* What is kept belongs to an account that collects nothing any more; the name becomes free. */
static int account_archive(struct store *store, const struct account *account, int64_t now_ms,
			   struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(1024);
	char when[CLOCK_RFC3339_SIZE];

	strbuf_addf(&name, "%s (kept %.10s %.4s)", account->name,
		    clock_format_rfc3339(now_ms, when, sizeof(when)), account->public_id);
	return run_text(store, sql_archive, ":name", strbuf_str(&name), account->id, err);
}

int account_delete(struct store *store, int64_t id, bool keep_messages, int64_t now_ms,
		   struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(account_release) struct account account = { 0 };
	int64_t job_id = 0;
	int rc = store_join(store, &scope, err);

	if (rc < 0)
		return rc;
	rc = account_get(store, id, &account, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "there is no such account");
	if (rc == 1 && keep_messages) {
		rc = account_archive(store, &account, now_ms, err);
	} else if (rc == 1) {
		rc = run_text(store, sql_deleting, NULL, NULL, id, err);
		if (rc == 0)
			rc = job_add(store, JOB_ACCOUNT_DELETE, id, now_ms, &job_id, err);
		if (rc == 0)
			rc = job_deny_groups(store, job_id, id, err);
	}
	return rc < 0 ? rc : store_commit(&scope, err);
}
