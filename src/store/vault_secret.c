/* SPDX-License-Identifier: Apache-2.0 */
#include "store/vault_secret.h"

#include "store/query.h"

#include "migrations_vault.inc"

enum { PATH_MAX_BYTES = 8192 };

static const char sql_secret_put[] =
	"INSERT INTO secret (account, box, provider, host, port, tls_mode, ca, user, created_ms)"
	" VALUES (:account, :box, :provider, :host, :port, :tls_mode, :ca, :user, :created_ms)"
	" ON CONFLICT (account) DO UPDATE SET box = excluded.box, provider = excluded.provider,"
	"  host = excluded.host, port = excluded.port, tls_mode = excluded.tls_mode,"
	"  ca = excluded.ca, user = excluded.user, created_ms = excluded.created_ms";

static const char sql_secret_get[] =
	"SELECT box, provider = :provider AND host = :host AND port = :port"
	"  AND tls_mode = :tls_mode AND ca = :ca AND user = :user"
	" FROM secret WHERE account = :account";

static const char sql_secrets[] =
	"SELECT account, provider, host, port, tls_mode, ca, user, box FROM secret";

static const char sql_secret_delete[] = "DELETE FROM secret WHERE account = :account";

static const char sql_secret_after[] =
	"SELECT account FROM secret WHERE account > :account ORDER BY account LIMIT 1";

int vault_db_open(const char *folder, struct db **ret_db, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
	const struct db_options options = { .migrations = migrations_vault, .write_through = true };

	strbuf_addf(&path, "%s/vault.db", folder);
	return db_open(strbuf_str(&path), &options, ret_db, err);
}

static void bind_fields(struct query *q, const struct vault_fields *fields)
{
	query_bind_text(q, ":account", fields->account);
	query_bind_text(q, ":provider", fields->provider);
	query_bind_text(q, ":host", fields->host);
	query_bind_text(q, ":port", fields->port);
	query_bind_text(q, ":tls_mode", fields->tls_mode);
	query_bind_text(q, ":ca", fields->ca);
	query_bind_text(q, ":user", fields->user);
}

int vault_secret_put(struct db *db, const struct vault_fields *fields, const char *box,
		     int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_secret_put);

	bind_fields(&q, fields);
	query_bind_text(&q, ":box", box);
	query_bind_int(&q, ":created_ms", now_ms);
	return query_run(&q, err);
}

int vault_secret_get(struct db *db, const struct vault_fields *fields, struct strbuf *out,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_secret_get);
	int rc;

	bind_fields(&q, fields);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	if (query_int(&q, 1) != 1)
		return threads_error_set(err, THREADS_EDENIED,
					 "the settings changed since the password was entered");
	strbuf_add_str(out, query_text(&q, 0));
	rc = strbuf_check(out, err);
	return rc < 0 ? rc : 1;
}

int vault_secret_each(struct db *db, vault_secret_fn *fn, void *arg, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_secrets);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		const struct vault_fields fields = {
			query_text(&q, 0), query_text(&q, 1), query_text(&q, 2), query_text(&q, 3),
			query_text(&q, 4), query_text(&q, 5), query_text(&q, 6),
		};

		rc = fn(&fields, query_text(&q, 7), arg, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int vault_secret_delete(struct db *db, const char *account, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_secret_delete);

	query_bind_text(&q, ":account", account);
	return query_run(&q, err);
}

static bool is_kept(const char *account, const char *const *accounts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(account, accounts[i]) == 0)
			return true;
	return false;
}

/* Copies the next account behind *account into it. Returns 1, or 0 at the end. */
static int next_account(struct db *db, struct strbuf *account, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_secret_after);
	CLEANUP(strbuf_release) struct strbuf next = STRBUF_INIT(PATH_MAX_BYTES);
	int rc;

	query_bind_text(&q, ":account", strbuf_str(account));
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	strbuf_add_str(&next, query_text(&q, 0));
	strbuf_reset(account);
	strbuf_add(account, strbuf_str(&next), next.len);
	rc = strbuf_check(account, err);
	return rc < 0 ? rc : 1;
}

int vault_secret_keep(struct db *db, const char *const *accounts, size_t count,
		      int64_t *ret_removed, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf account = STRBUF_INIT(PATH_MAX_BYTES);
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int64_t removed = 0;
	int rc = db_scope_begin(db, &scope, err);

	if (rc < 0)
		return rc;
	while ((rc = next_account(db, &account, err)) == 1) {
		if (is_kept(strbuf_str(&account), accounts, count))
			continue;
		rc = vault_secret_delete(db, strbuf_str(&account), err);
		if (rc < 0)
			return rc;
		removed++;
	}
	if (rc < 0)
		return rc;
	rc = db_scope_commit(&scope, err);
	if (rc == 0 && ret_removed)
		*ret_removed = removed;
	return rc;
}
