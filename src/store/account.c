/* SPDX-License-Identifier: Apache-2.0 */
#include "store/account.h"

#include "core/random_id.h"
#include "core/utf8.h"
#include "store/account_internal.h"
#include "store/store_internal.h"

enum { ACCOUNT_NAME_MAX = 200, PORT_MAX = 65535 };

#define ACCOUNT_COLUMNS                                                                            \
	"id, owner_id, public_id, name, type, state, policy, provider, host, tls, login, ca,"      \
	" folders, port, since_ms, next_try_ms, last_ok_ms, failures, pass_ended_ms,"              \
	" secret_state = 'set', keep_messages, private_network"

static const char sql_by_key[] = "SELECT public_id FROM idempotency WHERE key = :key";
static const char sql_key_add[] = "INSERT INTO idempotency (key, public_id, created_ms)"
				  " VALUES (:key, :public_id, :now_ms)";
static const char sql_owner[] =
	"SELECT id FROM user WHERE public_id = :owner AND state <> 'disabled'";
static const char sql_first_owner[] =
	"SELECT id FROM user WHERE role = 'owner' ORDER BY state = 'active' DESC, id LIMIT 1";
static const char sql_policy_default[] =
	"SELECT value FROM setting WHERE name = 'account_policy_default'";
static const char sql_name_taken[] = "SELECT 1 FROM account WHERE name = :name";
static const char sql_add[] =
	"INSERT INTO account (public_id, name, type, owner_id, policy, state, provider, host, port,"
	" tls, login, ca, private_network, folders, created_ms)"
	" VALUES (:public_id, :name, :type, :owner_id, :policy, :state, :provider, :host, :port,"
	" :tls, :login, :ca, :private_network, :folders, :now_ms)";
static const char sql_find[] = "SELECT " ACCOUNT_COLUMNS " FROM account"
			       " WHERE public_id = :key OR name = :key"
			       " ORDER BY public_id = :key DESC LIMIT 1";
static const char sql_get[] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = :id";

static bool one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

int account_name_check(const char *name, struct threads_error *err)
{
	const size_t len = strlen(name);

	if (len == 0 || len > ACCOUNT_NAME_MAX || !utf8_valid(name, len) || strpbrk(name, "\r\n\t"))
		return threads_error_set(err, THREADS_EINVAL,
					 "an account needs a name of at most %d bytes in one line",
					 ACCOUNT_NAME_MAX);
	/* Accounts are found by id or name: a name that is another's id would be taken for it. */
	if (public_id_valid(name))
		return threads_error_set(err, THREADS_EINVAL,
					 "an account cannot be named like an id");
	return 0;
}

int account_bound_check(const struct account_bound *bound, struct threads_error *err)
{
	static const char *const modes[] = { "implicit", "starttls", "none", NULL };

	if (!one_of(bound->tls, modes))
		return threads_error_set(err, THREADS_EINVAL,
					 "TLS must be implicit, starttls or none");
	if (!*bound->host || !*bound->login)
		return threads_error_set(err, THREADS_EINVAL,
					 "an IMAP account needs a host and a user");
	if (bound->port < 1 || bound->port > PORT_MAX)
		return threads_error_set(err, THREADS_EINVAL, "%d is not a port", bound->port);
	return 0;
}

static int policy_default(struct store *store, char out[8], struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_policy_default);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	snprintf(out, 8, "%s",
		 rc == 1 && strcmp(query_text(&q, 0), "\"open\"") == 0 ? "open" : "closed");
	return 0;
}

static int owner_find(struct store *store, const char *owner, int64_t *ret_id,
		      struct threads_error *err)
{
	CLEANUP(query_end)
	struct query q = query_begin(store->db, *owner ? sql_owner : sql_first_owner);
	int rc;

	if (*owner)
		query_bind_text(&q, ":owner", owner);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(
			err, THREADS_EINVAL,
			*owner ? "there is no such user"
			       : "the hub has no owner yet: finish the set-up first");
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc < 0 ? rc : 0;
}

static int name_check_free(struct store *store, const char *name, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_name_taken);
	int rc;

	query_bind_text(&q, ":name", name);
	rc = query_step(&q, err);
	if (rc == 1)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is an account of that name already");
	return rc;
}

static int account_insert(struct store *store, const struct account_new *account, int64_t owner_id,
			  const char *policy, int64_t now_ms, char public_id[PUBLIC_ID_SIZE],
			  struct threads_error *err)
{
	const bool imap = strcmp(account->type, "imap") == 0;
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);

	public_id_make(public_id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_text(&q, ":name", account->name);
	query_bind_text(&q, ":type", account->type);
	query_bind_int(&q, ":owner_id", owner_id);
	query_bind_text(&q, ":policy", policy);
	query_bind_text(&q, ":state", imap ? "draft" : "active");
	query_bind_text(&q, ":provider", imap ? account->bound.provider : "");
	query_bind_text(&q, ":host", imap ? account->bound.host : "");
	query_bind_int(&q, ":port", imap ? account->bound.port : 0);
	query_bind_text(&q, ":tls", imap ? account->bound.tls : "");
	query_bind_text(&q, ":login", imap ? account->bound.login : "");
	query_bind_text(&q, ":ca", imap ? account->bound.ca : "");
	query_bind_int(&q, ":private_network", imap && account->bound.private_network);
	query_bind_text(&q, ":folders", account->folders ? account->folders : "");
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

/* What a repeated request was answered with. Returns 1 if there is an answer. */
static int answer_find(struct store *store, const char *key, struct strbuf *ret_public_id,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_by_key);
	int rc;

	query_bind_text(&q, ":key", key);
	rc = query_step(&q, err);
	if (rc == 1)
		strbuf_add_str(ret_public_id, query_text(&q, 0));
	return rc;
}

static int answer_keep(struct store *store, const char *key, const char *public_id, int64_t now_ms,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_key_add);

	query_bind_text(&q, ":key", key);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

static int account_check(const struct account_new *account, struct threads_error *err)
{
	static const char *const types[] = { "imap", "import", "sample", NULL };
	static const char *const policies[] = { "open", "closed", "", NULL };
	int rc = account_name_check(account->name, err);

	if (rc < 0)
		return rc;
	if (!one_of(account->type, types) || !one_of(account->policy, policies))
		return threads_error_set(err, THREADS_EINVAL, "an unknown type or policy");
	return strcmp(account->type, "imap") == 0 ? account_bound_check(&account->bound, err) : 0;
}

int account_create(struct store *store, const struct account_new *account, int64_t now_ms,
		   struct strbuf *ret_public_id, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const char *key = account->idempotency_key ? account->idempotency_key : "";
	char policy[8], public_id[PUBLIC_ID_SIZE] = "";
	int64_t owner_id = 0;
	int rc = account_check(account, err);

	if (rc == 0)
		rc = store_join(store, &scope, err);
	if (rc == 0 && *key)
		rc = answer_find(store, key, ret_public_id, err);
	if (rc == 1)
		return store_commit(&scope, err);
	if (rc == 0)
		rc = owner_find(store, account->owner, &owner_id, err);
	if (rc == 0)
		rc = name_check_free(store, account->name, err);
	if (rc == 0)
		rc = policy_default(store, policy, err);
	if (rc == 0)
		rc = account_insert(store, account, owner_id,
				    *account->policy ? account->policy : policy, now_ms, public_id,
				    err);
	if (rc == 0 && *key)
		rc = answer_keep(store, key, public_id, now_ms, err);
	if (rc < 0)
		return rc;
	strbuf_add_str(ret_public_id, public_id);
	return store_commit(&scope, err);
}

/* ---- reading one ---- */

void account_release(struct account *account)
{
	free(account->name);
	free(account->type);
	free(account->state);
	free(account->policy);
	free(account->provider);
	free(account->host);
	free(account->tls);
	free(account->login);
	free(account->ca);
	free(account->folders);
	*account = (struct account){ 0 };
}

static char *text_copy(const struct query *q, int column)
{
	return strdup(query_text(q, column));
}

static int account_take(const struct query *q, struct account *a, struct threads_error *err)
{
	*a = (struct account){
		.id = query_int(q, 0),
		.owner_id = query_int(q, 1),
		.name = text_copy(q, 3),
		.type = text_copy(q, 4),
		.state = text_copy(q, 5),
		.policy = text_copy(q, 6),
		.provider = text_copy(q, 7),
		.host = text_copy(q, 8),
		.tls = text_copy(q, 9),
		.login = text_copy(q, 10),
		.ca = text_copy(q, 11),
		.folders = text_copy(q, 12),
		.port = (int)query_int(q, 13),
		.since_ms = query_int(q, 14),
		.next_try_ms = query_int(q, 15),
		.last_ok_ms = query_int(q, 16),
		.failures = query_int(q, 17),
		.pass_ended_ms = query_int(q, 18),
		.secret_set = query_int(q, 19) != 0,
		.keep_messages = query_int(q, 20) != 0,
		.private_network = query_int(q, 21) != 0,
	};
	snprintf(a->public_id, sizeof(a->public_id), "%s", query_text(q, 2));
	if (a->name && a->type && a->state && a->policy && a->provider && a->host && a->tls &&
	    a->login && a->ca && a->folders)
		return 1;
	account_release(a);
	threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return THREADS_ENOMEM;
}

int account_find(struct store *store, const char *name_or_id, struct account *ret_account,
		 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_find);
	int rc;

	query_bind_text(&q, ":key", name_or_id);
	rc = query_step(&q, err);
	return rc == 1 ? account_take(&q, ret_account, err) : rc;
}

int account_get(struct store *store, int64_t id, struct account *ret_account,
		struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_get);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	return rc == 1 ? account_take(&q, ret_account, err) : rc;
}

/* The account there is must be of this type and, if one was named, of this owner. */
static int import_account_check(struct store *store, const struct account *account,
				const char *owner, const char *type, struct threads_error *err)
{
	int64_t owner_id = account->owner_id;
	int rc = *owner ? owner_find(store, owner, &owner_id, err) : 0;

	if (rc < 0)
		return rc;
	if (strcmp(account->type, type) != 0)
		return threads_error_set(
			err, THREADS_EINVAL,
			"the account '%.80s' collects otherwise: choose another name",
			account->name);
	if (owner_id != account->owner_id)
		return threads_error_set(err, THREADS_EINVAL,
					 "the account '%.80s' belongs to somebody else",
					 account->name);
	if (strcmp(account->state, "deleting") == 0)
		return threads_error_set(err, THREADS_EAGAIN,
					 "the account '%.80s' is being deleted", account->name);
	return 0;
}

int account_for_import(struct store *store, const char *name, const char *owner, const char *type,
		       int64_t now_ms, int64_t *ret_id, struct threads_error *err)
{
	const struct account_new new = {
		.idempotency_key = "",
		.name = name,
		.owner = owner,
		.type = type,
		.policy = "",
		.bound = { .provider = "", .host = "", .tls = "", .login = "", .ca = "" },
		.folders = "",
	};
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(strbuf_release) struct strbuf public_id = STRBUF_INIT(64);
	CLEANUP(account_release) struct account account = { 0 };
	int rc = store_join(store, &scope, err);

	if (rc < 0)
		return rc;
	rc = account_find(store, name, &account, err);
	if (rc == 1) {
		rc = import_account_check(store, &account, owner, type, err);
	} else if (rc == 0) {
		rc = account_create(store, &new, now_ms, &public_id, err);
		if (rc == 0)
			rc = account_find(store, strbuf_str(&public_id), &account, err);
	}
	if (rc < 0)
		return rc;
	*ret_id = account.id;
	return store_commit(&scope, err);
}
