/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

static const struct {
	const char *name;
	bool has_value;
	const char *purpose;
} option_table[] = {
	[OPT_DATA] = { "data", true, "the hub's data folder" },
	[OPT_CONFIG] = { "config", true,
			 "configuration that names it (default: /etc/threads/threads.conf)" },
	[OPT_JSON] = { "json", false, "JSON instead of text" },
	[OPT_HELP] = { "help", false, "this text" },
	[OPT_VERSION] = { "version", false, "of this program" },
	[OPT_USER] = { "user", true, "in whose name" },
	[OPT_NAME] = { "name", true, "of the account or the person" },
	[OPT_DISPLAY_NAME] = { "display-name", true, "as others read it" },
	[OPT_PASSWORD_STDIN] = { "password-stdin", false,
				 "reads the password from standard input" },
	[OPT_PRINT_TOTP] = { "print-totp", false, "prints the authenticator's secret" },
	[OPT_ROLE] = { "role", true, "user, admin or auditor (default: user)" },
	[OPT_ACCOUNT] = { "account", true, "of this account" },
	[OPT_OWNER] = { "owner", true, "whose account it is (default: the first owner)" },
	[OPT_POLICY] = { "policy", true,
			 "open: colleagues may see it by the rules; closed: its owner alone" },
	[OPT_IMAP] = { "imap", true, "HOST:PORT of the mail server" },
	[OPT_TLS] = { "tls", true,
		      "implicit (usually port 993), starttls (143), or none (this machine only)" },
	[OPT_PRIVATE_NETWORK] = { "private-network", true,
				  "yes: the server may stand in our own network; no (default: yes "
				  "if HOST is such an address or localhost)" },
	[OPT_CA_FILE] = { "ca-file", true,
			  "certificate of an issuer that only this server uses, PEM" },
	[OPT_FOLDER] = { "folder", true, "this folder only; may be given more than once" },
	[OPT_WAIT] = { "wait", false, "until it is done" },
	[OPT_KEEP_MESSAGES] = { "keep-messages", false,
				"only stop collecting; what is stored stays" },
	[OPT_LIMIT] = { "limit", true, "at most so many lines (default: 50)" },
	[OPT_SORT] = { "sort", true, "newest or relevance (default: newest)" },
	[OPT_TIME] = { "time", false, "milliseconds of the query, on standard error" },
	[OPT_RAW] = { "raw", false, "the bytes as they came" },
	[OPT_DEEP] = { "deep", false, "reads and hashes every blob, too" },
	[OPT_BACKUP] = { "backup", true,
			 "checks this backup instead of the hub, which need not run" },
	[OPT_KEY_FILE] = { "key-file", true, "the master key that belongs to the copy" },
};

/* Options that every verb takes. */
static const unsigned common_options =
	OPT_BIT(OPT_DATA) | OPT_BIT(OPT_CONFIG) | OPT_BIT(OPT_JSON) | OPT_BIT(OPT_HELP);

bool ctl_describe(unsigned bits, size_t i, const char **ret_name, bool *ret_has_value,
		  const char **ret_purpose)
{
	if (i >= OPT_COUNT)
		return false;
	*ret_name = bits & OPT_BIT(i) ? option_table[i].name : NULL;
	*ret_has_value = option_table[i].has_value;
	*ret_purpose = option_table[i].purpose;
	return true;
}

bool ctl_has(const struct ctl_args *args, enum ctl_option option)
{
	return args->value[option] != NULL;
}

const char *ctl_value(const struct ctl_args *args, enum ctl_option option)
{
	return args->value[option] ? args->value[option] : "";
}

static int take_option(struct ctl_args *args, int which, const char *value,
		       struct threads_error *err)
{
	if (which == OPT_FOLDER) {
		if (args->folder_count == CTL_FOLDERS_MAX)
			return threads_error_set(err, THREADS_EINVAL,
						 "--folder is given more than %d times",
						 CTL_FOLDERS_MAX);
		args->folders[args->folder_count++] = value;
	} else if (args->value[which] && option_table[which].has_value) {
		return threads_error_set(err, THREADS_EINVAL, "--%s is given twice",
					 option_table[which].name);
	}
	args->value[which] = value ? value : "";
	return 0;
}

/* The option that arg ("--name" or "--name=value") means; OPT_COUNT if there is none. */
static enum ctl_option find_option(const char *arg)
{
	const size_t len = strcspn(arg + 2, "=");

	for (int i = 0; i < OPT_COUNT; i++)
		if (strlen(option_table[i].name) == len &&
		    memcmp(option_table[i].name, arg + 2, len) == 0)
			return (enum ctl_option)i;
	return OPT_COUNT;
}

/* One option at argv[i]. Returns how many words it takes. */
static int read_option(int argc, char **argv, int i, struct ctl_args *args,
		       struct threads_error *err)
{
	const enum ctl_option which = find_option(argv[i]);
	const char *value = strchr(argv[i], '=');
	int rc, words = 1;

	if (which == OPT_COUNT)
		return threads_error_set(err, THREADS_EINVAL, "unknown option %.60s", argv[i]);
	if (value)
		value++;
	if (value && !option_table[which].has_value)
		return threads_error_set(err, THREADS_EINVAL, "--%s takes no value",
					 option_table[which].name);
	if (!value && option_table[which].has_value) {
		if (i + 1 >= argc)
			return threads_error_set(err, THREADS_EINVAL, "%s needs a value", argv[i]);
		value = argv[i + 1];
		words = 2;
	}
	rc = take_option(args, (int)which, value, err);
	return rc < 0 ? rc : words;
}

/*
 * Not getopt_long(): it would take the query "-invoice" for options, and
 * accept abbreviations that a later option makes ambiguous.
 */
static int read_options(int argc, char **argv, struct ctl_args *args, struct threads_error *err)
{
	int i = 1, kept = 0;

	args->rest = argv;
	while (i < argc && strcmp(argv[i], "--") != 0) {
		int words;

		if (strncmp(argv[i], "--", 2) != 0) {
			argv[kept++] = argv[i++]; /* kept < i: nothing unread is overwritten */
			continue;
		}
		words = read_option(argc, argv, i, args, err);
		if (words < 0)
			return words;
		i += words;
	}
	for (i++; i < argc; i++)
		argv[kept++] = argv[i];
	args->rest_count = kept;
	return 0;
}

/* How many words of rest the verb's name takes; 0 if it is another verb. */
static int verb_matches(const struct ctl_verb *verb, const struct ctl_args *args)
{
	const char *p = verb->words;

	for (int i = 0; i < args->rest_count; i++) {
		const size_t len = strcspn(p, " ");

		if (strlen(args->rest[i]) != len || memcmp(args->rest[i], p, len) != 0)
			return 0;
		p += len;
		if (*p == '\0')
			return i + 1;
		p++;
	}
	return 0;
}

/* Sets args->verb and takes its words from rest; NULL if there is no such verb. */
static const struct ctl_verb *find_verb(const struct ctl_verb *verbs, struct ctl_args *args)
{
	for (const struct ctl_verb *verb = verbs; verb->words; verb++) {
		const int words = verb_matches(verb, args);

		if (words == 0)
			continue;
		args->verb = verb;
		args->rest += words;
		args->rest_count -= words;
		return verb;
	}
	return NULL;
}

static int check_options(const struct ctl_verb *verb, const struct ctl_args *args,
			 struct threads_error *err)
{
	const unsigned allowed = verb->required | verb->allowed | common_options;

	for (int i = 0; i < OPT_COUNT; i++) {
		if (args->value[i] && !(allowed & OPT_BIT(i)))
			return threads_error_set(err, THREADS_EINVAL, "'%s' knows no --%s",
						 verb->words, option_table[i].name);
		if (!args->value[i] && (verb->required & OPT_BIT(i)))
			return threads_error_set(err, THREADS_EINVAL, "'%s' needs --%s",
						 verb->words, option_table[i].name);
	}
	return 0;
}

int ctl_args_parse(int argc, char **argv, const struct ctl_verb *verbs, struct ctl_args *ret_args,
		   struct threads_error *err)
{
	struct ctl_args args = { 0 };
	const struct ctl_verb *verb;
	int rc = read_options(argc, argv, &args, err);

	if (rc < 0)
		return rc;
	if (args.rest_count == 0 && (args.value[OPT_HELP] || args.value[OPT_VERSION])) {
		*ret_args = args; /* verb stays NULL */
		return 0;
	}
	if (args.rest_count == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "no command given; 'threadsctl help' lists them");
	verb = find_verb(verbs, &args);
	if (!verb)
		return threads_error_set(err, THREADS_EINVAL,
					 "unknown command '%.60s'; 'threadsctl help' lists them",
					 args.rest[0]);
	*ret_args = args;
	if (args.value[OPT_HELP])
		return 0;
	rc = check_options(verb, &args, err);
	if (rc < 0)
		return rc;
	if (args.rest_count < verb->min_rest)
		return threads_error_set(err, THREADS_EINVAL, "'%s' needs more words", verb->words);
	if (verb->max_rest >= 0 && args.rest_count > verb->max_rest)
		return threads_error_set(err, THREADS_EINVAL, "'%s' takes no '%.60s'", verb->words,
					 args.rest[verb->max_rest]);
	return 0;
}
