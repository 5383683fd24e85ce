/* SPDX-License-Identifier: Apache-2.0 */
/* All commands. Tests, the help text and the manual page are made from this table. */
#include <stdio.h>

#include "ctl/print.h"
#include "ctl/verbs.h"

#define B(name) OPT_BIT(OPT_##name)

/* clang-format off */
const struct ctl_verb ctl_verbs[] = {
	{ "setup-link", "[--user NAME]", "a fresh set-up link, or a sign-in reset for NAME",
	  0, 0, 0, B(USER), verb_setup_link },
	{ "owner create", "--name NAME --password-stdin --print-totp", "the first owner, without a browser",
	  0, 0, B(NAME) | B(PASSWORD_STDIN) | B(PRINT_TOTP), B(DISPLAY_NAME), verb_owner_create },
	{ "user invite", "NAME [--role user|admin|auditor]", "a link by which NAME signs up",
	  1, 1, 0, B(ROLE) | B(DISPLAY_NAME), verb_user_invite },
	{ "user list", "", "who may sign in", 0, 0, 0, 0, verb_user_list },
	{ "user disable", "NAME", "NAME may not sign in any more", 1, 1, 0, 0, verb_user_state },
	{ "user enable", "NAME", "NAME may sign in again", 1, 1, 0, 0, verb_user_state },
	{ "user reset-factors", "NAME", "a link by which NAME sets password and authenticator anew",
	  1, 1, 0, 0, verb_user_reset_factors },
	{ "import", "--account NAME [--owner USER] (mbox|maildir|eml) PATH...", "brings mail from files",
	  2, -1, B(ACCOUNT), B(OWNER), verb_import },
	{ "account add", "--name NAME [--owner USER] [--policy open|closed] --imap HOST:PORT "
	  "--tls (implicit|starttls|none) --user U --password-stdin [--ca-file PEM] [--private-network yes|no] [--folder F]...",
	  "connects a mailbox, after a live test",
	  0, 0, B(NAME) | B(IMAP) | B(TLS) | B(USER) | B(PASSWORD_STDIN),
	  B(OWNER) | B(POLICY) | B(CA_FILE) | B(PRIVATE_NETWORK) | B(FOLDER), verb_account_add },
	{ "account list", "", "all accounts and their state", 0, 0, 0, 0, verb_account_list },
	{ "account sync", "NAME [--wait]", "looks for new mail now", 1, 1, 0, B(WAIT), verb_account_sync },
	{ "account pause", "NAME", "stops collecting", 1, 1, 0, 0, verb_account_state },
	{ "account resume", "NAME", "goes on collecting", 1, 1, 0, 0, verb_account_state },
	{ "account delete", "NAME [--keep-messages]", "removes an account and its messages",
	  1, 1, 0, B(KEEP_MESSAGES), verb_account_state },
	{ "account set-password", "NAME --password-stdin", "gives a mailbox's new password",
	  1, 1, B(PASSWORD_STDIN), 0, verb_account_set_password },
	{ "search", "--user NAME QUERY [--limit N] [--sort newest|relevance] [--time]",
	  "what NAME would find", 0, 1, B(USER), B(LIMIT) | B(SORT) | B(TIME), verb_search },
	{ "show", "ID [--user NAME] [--raw]", "one message", 1, 1, 0, B(USER) | B(RAW), verb_show },
	{ "ledger", "[--account NAME]", "what was not stored, and why", 0, 0, 0, B(ACCOUNT), verb_ledger },
	{ "status", "", "processes, queue, disk, last errors", 0, 0, 0, 0, verb_status },
	{ "metrics", "", "figures in the text format of Prometheus", 0, 0, 0, 0, verb_metrics },
	{ "verify", "[--deep | --backup DIR]", "checks databases, packs and index, or a backup",
	  0, 0, 0, B(DEEP) | B(BACKUP), verb_verify },
	{ "parse", "FILE", "what the parser makes of one mail; needs no hub", 1, 1, 0, 0, verb_parse },
	{ "vault fingerprint", "", "of the key to which passwords are sealed", 0, 0, 0, 0, verb_fingerprint },
	{ "backup", "DIR", "copies everything but the key to a new folder, while the hub runs",
	  1, 1, 0, 0, verb_backup },
	{ "restore", "DIR --key-file FILE", "makes an empty data folder of a backup; no hub runs there",
	  1, 1, B(KEY_FILE), 0, verb_restore },
	{ "speech test", "FILE", "comes with a later version", 0, -1, 0, 0, verb_later },
	{ "help", "[COMMAND]", "this list", 0, -1, 0, 0, verb_help },
	{ "version", "", "of this program", 0, 0, 0, 0, verb_version },
	{ .words = NULL },
};
/* clang-format on */

int verb_later(const struct ctl_args *args)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(200);

	strbuf_addf(&words, "'%s' comes with a later version", args->verb->words);
	return print_failure(strbuf_str(&words));
}

int verb_version(const struct ctl_args *args)
{
	if (ctl_has(args, OPT_JSON))
		printf("{\"version\":\"%s\"}\n", THREADS_VERSION);
	else
		printf("threadsctl %s\n", THREADS_VERSION);
	return CTL_DONE;
}

/* "account" names all that begin with this word, "account add" one. */
static bool is_about(const struct ctl_verb *verb, const char *about)
{
	const size_t len = strlen(about);

	return strncmp(verb->words, about, len) == 0 &&
	       (len == 0 || verb->words[len] == '\0' || verb->words[len] == ' ');
}

static void print_verb(const struct ctl_verb *verb)
{
	printf("  %s%s%s\n      %s\n", verb->words, *verb->options ? " " : "", verb->options,
	       verb->purpose);
}

static void print_options(unsigned bits)
{
	const char *name, *purpose;
	bool has_value;

	for (size_t i = 0; ctl_describe(bits, i, &name, &has_value, &purpose); i++)
		if (name)
			printf("      --%-16s %s\n", name, purpose);
}

/* Indented by four: the manual page has its own words about it. */
static const char search_language[] =
	"    QUERY: words  \"a phrase\"  begin*  -not  a OR b  (a b)\n"
	"    from: to: cc: bcc: with: subject: filename: account: folder: label:\n"
	"    has:attachment  type:pdf  is:unread is:read is:flagged is:answered is:bulk\n"
	"    before: after: on: 2026-11-21, 2026-11, today  older: newer: 7d  larger: smaller: 5M\n"
	"    All of it: docs/search.md. What was not understood is said on standard error.";

void help_print(const struct ctl_verb *verb)
{
	print_verb(verb);
	if (verb->run == verb_search)
		puts(search_language);
	print_options((verb->required | verb->allowed) &
		      ~(OPT_BIT(OPT_DATA) | OPT_BIT(OPT_CONFIG) | OPT_BIT(OPT_JSON)));
}

int verb_help(const struct ctl_args *args)
{
	CLEANUP(strbuf_release) struct strbuf about = STRBUF_INIT(200);
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(400);
	size_t found = 0;

	for (int i = 0; i < args->rest_count; i++)
		strbuf_addf(&about, "%s%s", i ? " " : "", args->rest[i]);
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++)
		found += is_about(verb, strbuf_str(&about));
	if (!found) {
		strbuf_addf(&words, "unknown command '%s'; 'threadsctl help' lists them",
			    strbuf_str(&about));
		print_failure(strbuf_str(&words));
		return CTL_USAGE;
	}
	puts("Usage: threadsctl [--data DIR] [--config FILE] [--json] COMMAND ...\n");
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++)
		if (is_about(verb, strbuf_str(&about))) {
			if (args->rest_count)
				help_print(verb);
			else
				print_verb(verb);
		}
	puts("\nEvery command takes:");
	print_options(OPT_BIT(OPT_DATA) | OPT_BIT(OPT_CONFIG) | OPT_BIT(OPT_JSON));
	puts("\nIt ends with 0 when it was done, 1 when it failed, 2 when it was written wrongly.");
	return CTL_DONE;
}
