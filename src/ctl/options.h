/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of threadsctl: one table of verbs, one of options. */
#ifndef THREADS_CTL_OPTIONS_H
#define THREADS_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "threads/error.h"

/* In the order of option_table in options.c. */
enum ctl_option {
	OPT_DATA,
	OPT_CONFIG,
	OPT_JSON,
	OPT_HELP,
	OPT_VERSION,
	OPT_USER,
	OPT_NAME,
	OPT_DISPLAY_NAME,
	OPT_PASSWORD_STDIN,
	OPT_PRINT_TOTP,
	OPT_ROLE,
	OPT_ACCOUNT,
	OPT_OWNER,
	OPT_POLICY,
	OPT_IMAP,
	OPT_TLS,
	OPT_PRIVATE_NETWORK,
	OPT_CA_FILE,
	OPT_FOLDER,
	OPT_WAIT,
	OPT_KEEP_MESSAGES,
	OPT_LIMIT,
	OPT_SORT,
	OPT_TIME,
	OPT_RAW,
	OPT_DEEP,
	OPT_KEY_FILE,
	OPT_BACKUP,
	OPT_COUNT,
};

enum { CTL_FOLDERS_MAX = 200, CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl_args;

struct ctl_verb {
	const char *words;          /* "account add" */
	const char *options;        /* for the usage line: "--name NAME [--owner USER]" */
	const char *purpose;        /* one line */
	int min_rest, max_rest;     /* words after the verb; max_rest < 0: any number */
	unsigned required, allowed; /* bits of enum ctl_option */
	int (*run)(const struct ctl_args *args); /* gives the exit status */
};

/* Everything is borrowed from argv. */
struct ctl_args {
	const struct ctl_verb *verb;
	const char *value[OPT_COUNT]; /* "" for a given option without a value; NULL: absent */
	const char *folders[CTL_FOLDERS_MAX];
	size_t folder_count;
	char **rest;
	int rest_count;
};

#define OPT_BIT(option) (1U << (option))

/*
 * Reads argv (its words are moved). verbs ends with words == NULL. Options
 * ("--name VALUE", "--name=VALUE") may stand before or after the verb; "--"
 * ends them. What begins with one "-" is a word: queries do.
 * Errors: THREADS_EINVAL with words for the user (exit CTL_USAGE).
 */
int ctl_args_parse(int argc, char **argv, const struct ctl_verb *verbs, struct ctl_args *ret_args,
		   struct threads_error *err) MUST_CHECK;

bool ctl_has(const struct ctl_args *args, enum ctl_option option);
/* For help: option i, its name NULL when it is not among bits. False behind the last one. */
bool ctl_describe(unsigned bits, size_t i, const char **ret_name, bool *ret_has_value,
		  const char **ret_purpose);
/* The option's value, or "". */
const char *ctl_value(const struct ctl_args *args, enum ctl_option option);

#endif
