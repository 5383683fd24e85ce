/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about accounts, for the web and for threadsctl. */
#ifndef THREADS_API_ACCOUNT_SERVICE_H
#define THREADS_API_ACCOUNT_SERVICE_H

#include "api/question.h"

enum { ACCOUNT_FOLDERS_MAX = 500, ACCOUNT_TEXT_MAX = 1000, ACCOUNT_CA_MAX = 64 * 1024 };

/* Fields of POST /accounts and "account add", checked. Texts are borrowed from the JSON. */
struct account_form {
	const char *name, *policy, *owner;
	const char *provider, *host, *tls, *user, *ca;
	int64_t port;
	bool private_network;
	const json_t *folders; /* array of texts, or NULL */
};

/* The imap fields from one object. preset: what absent ones keep (may be NULL: then
 * host, tls and user are required). Errors: THREADS_EINVAL with words. */
int account_form_imap(const json_t *imap, const struct reader_bound *preset,
		      struct account_form *form, struct threads_error *err) MUST_CHECK;
/*
 * Whether this viewer may have the hub connect as the form says. An account that reaches
 * into a private network is an administrator's to make: with it one could look around
 * there. What he allowed stays allowed while the server stays the same; if somebody
 * else names another server, the permission ends. Errors: THREADS_EDENIED.
 */
int account_form_network(const json_t *imap, const struct viewer *viewer,
			 const struct reader_bound *preset, struct account_form *form,
			 struct threads_error *err) MUST_CHECK;
int account_form_folders(const json_t *folders, struct account_form *form,
			 struct threads_error *err) MUST_CHECK;

void account_create_question(struct frame *f, const char *by, const char *idempotency_key,
			     const struct account_form *form);

/* VAULT_PUT. */
void account_put_question(struct frame *f, const struct reader_bound *bound, const void *box,
			  size_t box_len);

#endif
