/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threadsctl, the operator's command line. It talks to the hub through the
 * control socket in the data folder; it opens no database and holds no key.
 * Passwords that pass through it are sealed to the vault before they leave.
 */
#include <stdio.h>

#include "ctl/print.h"
#include "ctl/verbs.h"

static int usage(const struct ctl_args *args, const char *words)
{
	print_failure(words);
	if (args->verb)
		fprintf(stderr, "usage: threadsctl %s %s\n", args->verb->words,
			args->verb->options);
	return CTL_USAGE;
}

int main(int argc, char **argv)
{
	struct ctl_args args = { 0 };
	struct threads_error err;
	int status;

	if (ctl_args_parse(argc, argv, ctl_verbs, &args, &err) < 0)
		return usage(&args, err.text);
	if (!args.verb)
		return ctl_has(&args, OPT_VERSION) ? verb_version(&args) : verb_help(&args);
	if (ctl_has(&args, OPT_HELP)) {
		help_print(args.verb);
		return CTL_DONE;
	}
	status = args.verb->run(&args);
	if (fflush(stdout) != 0 && status == CTL_DONE)
		return print_failure("standard output cannot be written");
	return status;
}
