/* SPDX-License-Identifier: Apache-2.0 */
/* What each command does; every function gives the exit status. */
#ifndef THREADS_CTL_VERBS_H
#define THREADS_CTL_VERBS_H

#include "core/strbuf.h"
#include "ctl/options.h"

extern const struct ctl_verb ctl_verbs[];

int verb_search(const struct ctl_args *args);
int verb_show(const struct ctl_args *args);
int verb_ledger(const struct ctl_args *args);
int verb_status(const struct ctl_args *args);
int verb_metrics(const struct ctl_args *args);
int verb_verify(const struct ctl_args *args);
int verb_verify_backup(const struct ctl_args *args);
int verb_backup(const struct ctl_args *args);
int verb_restore(const struct ctl_args *args);
int verb_account_list(const struct ctl_args *args);
int verb_user_list(const struct ctl_args *args);
int verb_fingerprint(const struct ctl_args *args);

int verb_account_add(const struct ctl_args *args);
int verb_account_set_password(const struct ctl_args *args);
int verb_account_sync(const struct ctl_args *args);
int verb_account_state(const struct ctl_args *args); /* pause, resume, delete */

int verb_owner_create(const struct ctl_args *args);
int verb_setup_link(const struct ctl_args *args);
int verb_user_invite(const struct ctl_args *args);
int verb_user_state(const struct ctl_args *args);
int verb_user_reset_factors(const struct ctl_args *args);

int verb_import(const struct ctl_args *args);
int verb_parse(const struct ctl_args *args);

int verb_later(const struct ctl_args *args);
int verb_help(const struct ctl_args *args);
int verb_version(const struct ctl_args *args);

/* Prints one command and what its options mean. */
void help_print(const struct ctl_verb *verb);

/* "HOST:PORT" or "[IPv6]:PORT": appends the host, gives the port. Errors: THREADS_EINVAL. */
int verb_split_host(const char *text, struct strbuf *host, int64_t *ret_port,
		    struct threads_error *err) MUST_CHECK;

#endif
