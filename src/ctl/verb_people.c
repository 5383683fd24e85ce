/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about users: they go to auth, past api. */
#include <stdio.h>

#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

struct told {
	bool as_json;
	const char *field; /* what people want to read: one field, or NULL */
};

static int on_line(json_t *line, void *arg, struct threads_error *err)
{
	const struct told *told = arg;

	(void)err;
	if (told->as_json) {
		print_json(line);
	} else if (told->field) {
		print_text(print_field(line, told->field));
		putchar('\n');
	}
	return 0;
}

static int run(const struct ctl_args *args, json_t *arguments, const char *field)
{
	struct told told = { ctl_has(args, OPT_JSON), field };
	const struct link_handler handler = { .on_line = on_line, .arg = &told };

	return link_run(args, CTL_VERB_AUTH, args->verb->words, arguments, &handler, false);
}

int verb_setup_link(const struct ctl_args *args)
{
	return run(args, json_pack("{s:s}", "user", ctl_value(args, OPT_USER)), "link");
}

int verb_user_invite(const struct ctl_args *args)
{
	const char *role = ctl_has(args, OPT_ROLE) ? ctl_value(args, OPT_ROLE) : "user";

	if (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0 &&
	    strcmp(role, "auditor") != 0) {
		print_failure("--role is user, admin or auditor");
		return CTL_USAGE;
	}
	return run(args,
		   json_pack("{s:s, s:s, s:s}", "name", args->rest[0], "display_name",
			     ctl_value(args, OPT_DISPLAY_NAME), "role", role),
		   "link");
}

int verb_user_state(const struct ctl_args *args)
{
	return run(args, json_pack("{s:s}", "user", args->rest[0]), "state");
}

int verb_user_reset_factors(const struct ctl_args *args)
{
	return run(args, json_pack("{s:s}", "user", args->rest[0]), "link");
}

/* ---- the first owner, without a browser ---- */

static int owner_on_line(json_t *line, void *arg, struct threads_error *err)
{
	const struct told *told = arg;
	const json_t *code;
	size_t i;

	(void)err;
	if (told->as_json) {
		print_json(line);
		return 0;
	}
	printf("user         %s\ntotp secret  %s\nrecovery codes, each good once:\n",
	       print_field(line, "user"), print_field(line, "totp_secret"));
	json_array_foreach(json_object_get(line, "recovery_codes"), i, code)
		printf("  %s\n", json_string_value(code));
	return 0;
}

int verb_owner_create(const struct ctl_args *args)
{
	CLEANUP(print_wipe) struct strbuf password = STRBUF_INIT(1024);
	struct told told = { ctl_has(args, OPT_JSON), NULL };
	const struct link_handler handler = { .on_line = owner_on_line, .arg = &told };
	struct threads_error err;

	if (print_read_secret("Password of the new owner", &password, &err) < 0)
		return print_failure(err.text);
	return link_run(args, CTL_VERB_AUTH, "owner create",
			json_pack("{s:s, s:s, s:s}", "name", ctl_value(args, OPT_NAME), "password",
				  strbuf_str(&password), "display_name",
				  ctl_value(args, OPT_DISPLAY_NAME)),
			&handler, false);
}
