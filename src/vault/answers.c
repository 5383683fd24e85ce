/* SPDX-License-Identifier: Apache-2.0 */
/* What api, imap and index may ask, and the answers. */
#include "vault/vault_internal.h"

#include <stdio.h>

#include "core/log.h"
#include "crypto/hmac.h"
#include "store/db_check.h"
#include "store/vault_secret.h"

typedef int vault_verb(struct vault_link *link, struct frame *f, struct threads_error *err);

static int reply(struct vault_link *link, const struct frame *answer, struct threads_error *err)
{
	return peer_send(link->peer, answer, err);
}

static int reply_ok(struct vault_link *link, uint32_t id, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&answer, IPC_OK, id);
	return reply(link, &answer, err);
}

/* What is wrong with vault.db must not end with whoever asked. */
static int reply_error(struct vault_link *link, uint32_t id, int code, const char *words,
		       struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	if (code == THREADS_EIO || code == THREADS_EFULL)
		log_error("request failed: %s", words);
	frame_begin_error(&answer, id, code, words);
	return reply(link, &answer, err);
}

static struct seal_binding binding_of(const struct vault_fields *fields)
{
	return (struct seal_binding){
		.account = fields->account,
		.provider = fields->provider,
		.host = fields->host,
		.port = fields->port,
		.tls_mode = fields->tls_mode,
		.ca = fields->ca,
		.user = fields->user,
	};
}

/* Reads the fields after the account. */
static void read_fields(struct frame *f, struct vault_fields *fields)
{
	fields->provider = frame_get_text(f);
	fields->host = frame_get_text(f);
	fields->port = frame_get_text(f);
	fields->tls_mode = frame_get_text(f);
	fields->ca = frame_get_text(f);
	fields->user = frame_get_text(f);
}

/* Opens a box into secret, which the caller wipes. */
static int open_box(const struct vault *vault, const struct vault_fields *fields, const char *box,
		    size_t len, struct strbuf *secret, struct threads_error *err)
{
	const struct seal_binding binding = binding_of(fields);

	return seal_open(vault->key, &binding, box, len, secret, err);
}

/* ---- api ---- */

static int on_public_key(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const unsigned char *public_key = seal_key_public(link->vault->key);
	char fingerprint[SEAL_FINGERPRINT_SIZE];
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = seal_fingerprint(public_key, fingerprint, err);
	if (rc < 0)
		return rc;
	frame_begin(&answer, VAULT_PUBLIC_KEY_IS, f->id);
	frame_put_bytes(&answer, public_key, SEAL_PUBLIC_LEN);
	frame_put_text(&answer, fingerprint);
	return reply(link, &answer, err);
}

static int on_put(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SEAL_SECRET_MAX);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	struct vault *vault = link->vault;
	struct vault_fields fields = { .account = frame_get_text(f) };
	struct threads_error why = { 0 };
	const char *bytes;
	size_t len;
	int rc;

	bytes = frame_get_bytes(f, &len);
	read_fields(f, &fields);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	strbuf_add(&box, bytes, len);
	if (!fields.account[0] || strlen(fields.account) >= VAULT_ACCOUNT_ID_SIZE || len == 0 ||
	    strbuf_check(&box, &why) < 0)
		return reply_error(link, f->id, THREADS_EINVAL, "not a sealed password", err);
	rc = open_box(vault, &fields, box.data, box.len, &secret, &why);
	if (rc == 0 && secret.len == 0)
		rc = threads_error_set(&why, THREADS_EINVAL, "the password is empty");
	if (rc == 0)
		rc = vault_secret_put(vault->db, &fields, strbuf_str(&box),
				      clock_now_ms(vault->clock), &why);
	if (rc < 0)
		return reply_error(link, f->id, rc, why.text, err);
	return reply_ok(link, f->id, err);
}

static int on_delete(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	const char *account = frame_get_text(f);
	struct threads_error why = { 0 };
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = vault_secret_delete(link->vault->db, account, &why);
	if (rc < 0)
		return reply_error(link, f->id, rc, why.text, err);
	return reply_ok(link, f->id, err);
}

/* ---- imap ---- */

/* A taken-over imap process gets its own account's password and no other. */
static bool may_open(struct vault_link *link, const char *account)
{
	if (!account[0] || strlen(account) >= sizeof(link->account))
		return false;
	if (!link->account[0])
		memcpy(link->account, account, strlen(account) + 1);
	return strcmp(link->account, account) == 0;
}

static int on_open(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SEAL_SECRET_MAX);
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct vault_fields fields = { .account = frame_get_text(f) };
	struct threads_error why = { 0 };
	int rc;

	read_fields(f, &fields);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	if (!may_open(link, fields.account))
		return threads_error_set(err, THREADS_EDENIED, "asked for another account");
	/* Which account it is for is its own word, which server is the supervisor's. */
	if (strcmp(fields.host, link->host) != 0 || strcmp(fields.port, link->port) != 0)
		return reply_error(link, f->id, THREADS_EDENIED, "not this process's server", err);
	rc = vault_secret_get(link->vault->db, &fields, &box, &why);
	if (rc == 0)
		return reply_error(link, f->id, THREADS_ENOENT, "no password is kept", err);
	if (rc == 1)
		rc = open_box(link->vault, &fields, box.data, box.len, &secret, &why);
	if (rc == THREADS_EINVAL) /* sealed for another key: the vault was made anew */
		rc = THREADS_EDENIED;
	if (rc < 0)
		return reply_error(link, f->id, rc, why.text, err);
	frame_begin(&answer, VAULT_SECRET, f->id);
	frame_put_bytes(&answer, secret.data, secret.len);
	return reply(link, &answer, err);
}

/* ---- index ---- */

void vault_roll_clear(struct vault_roll *roll)
{
	for (size_t i = 0; i < roll->count; i++)
		free(roll->accounts[i]);
	free(roll->accounts);
	*roll = (struct vault_roll){ 0 };
}

static int roll_add(struct vault_roll *roll, struct frame *f, struct threads_error *err)
{
	const size_t count = (size_t)frame_get_int_in(f, 0, VAULT_ACCOUNTS_MAX);
	char **accounts;

	if (roll->count + count > VAULT_ACCOUNTS_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too many accounts");
	accounts = reallocarray(roll->accounts, roll->count + count + 1, sizeof(*accounts));
	if (!accounts)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	roll->accounts = accounts;
	for (size_t i = 0; i < count; i++) {
		char *account = strdup(frame_get_text(f));

		if (!account)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		accounts[roll->count++] = account;
	}
	return frame_get_end(f, err);
}

static int on_accounts(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	struct vault_roll *roll = &link->vault->roll;
	const bool last = frame_get_int_in(f, 0, 1) == 1;
	int64_t removed = 0;
	struct threads_error why = { 0 };
	int rc = roll_add(roll, f, err);

	if (rc < 0) {
		vault_roll_clear(roll); /* never act on half a list */
		return rc;
	}
	if (last) {
		rc = vault_secret_keep(link->vault->db, (const char *const *)roll->accounts,
				       roll->count, &removed, &why);
		vault_roll_clear(roll);
	}
	if (removed > 0)
		log_notice("removed=%lld passwords of deleted accounts", (long long)removed);
	if (rc < 0)
		log_warning("accounts: %s", why.text);
	if (f->id == 0)
		return 0;
	return rc < 0 ? reply_error(link, f->id, rc, why.text, err) : reply_ok(link, f->id, err);
}

/* ---- backup ---- */

static int on_backup(struct vault_link *link, struct frame *f, struct threads_error *err)
{
	return backup_source_frame(link->vault->backup, link->peer, f, err);
}

struct box_check {
	struct vault *vault;
	json_t *faults;
};

/* A box opens only with every byte of it and of its seven fields. */
static int check_box(const struct vault_fields *fields, const char *box, void *arg,
		     struct threads_error *err)
{
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SEAL_SECRET_MAX);
	const struct box_check *check = arg;
	char words[128];
	int rc = open_box(check->vault, fields, box, strlen(box), &secret, err);

	if (rc == 0 || rc == THREADS_ENOMEM)
		return rc;
	snprintf(words, sizeof(words), "the password of account %.64s cannot be opened",
		 fields->account);
	db_fault_add(check->faults, "vault.db", words);
	return 0;
}

int vault_check_boxes(void *arg, json_t *faults, struct threads_error *err)
{
	struct box_check check = { arg, faults };

	return vault_secret_each(check.vault->db, check_box, &check, err);
}

/* ---- who may ask what ---- */

static const struct {
	enum role role;
	uint16_t type;
	vault_verb *verb;
} verbs[] = {
	{ ROLE_API, VAULT_PUBLIC_KEY, on_public_key }, { ROLE_API, VAULT_PUT, on_put },
	{ ROLE_API, VAULT_DELETE, on_delete },         { ROLE_API, BACKUP_SNAPSHOT, on_backup },
	{ ROLE_API, DATABASE_CHECK, on_backup },       { ROLE_IMAP, VAULT_OPEN, on_open },
	{ ROLE_INDEX, VAULT_ACCOUNTS, on_accounts },   { ROLE_INDEX, VAULT_DELETE, on_delete },
};

int vault_answer(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct vault_link *link = arg;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].role == peer_role(peer) && verbs[i].type == f->type)
			return verbs[i].verb(link, f, err);
	return threads_error_set(err, THREADS_EDENIED, "frame %u is not for this link", f->type);
}
