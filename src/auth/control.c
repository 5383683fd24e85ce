/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/control.h"

#include <stdio.h>

#include "auth/backup.h"
#include "auth/enrol.h"
#include "auth/people.h"
#include "crypto/hmac.h"

enum { FIELDS_MAX = 6 };

struct verb {
	const char *name;
	exchange_fn *fn;
	const char *fields[FIELDS_MAX];
};

static const struct verb verbs[] = {
	{ "owner create",
	  enrol_owner_create,
	  { "name", "password", "display_name", "print_totp" } },
	{ "setup-link", people_setup_link, { "user" } },
	{ "user invite", people_invite, { "name", "display_name", "role" } },
	{ "user reset-factors", people_reset_factors, { "user" } },
	{ "user disable", people_operator_disable, { "user" } },
	{ "user enable", people_operator_enable, { "user" } },
	{ "backup", backup_give, { "part", "hold" } },
};

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int dispatch(struct exchange *ex, const char *name, const char *arguments,
		    struct threads_error *err)
{
	const struct verb *verb = verb_find(name);
	const char *fields[FIELDS_MAX + 1] = { NULL };
	int rc;

	if (!verb)
		return reply_problem(ex, 404, "not-found", "The hub does not know this command.",
				     "Is threadsctl of the same version?", err);
	memcpy(fields, verb->fields, sizeof(verb->fields));
	rc = json_parse_object(arguments, strlen(arguments), &ex->body, err);
	if (rc == 0)
		rc = json_check_fields(ex->body, fields, err);
	return rc < 0 ? rc : verb->fn(ex, err);
}

int control_frame(struct auth *auth, struct peer *peer, struct frame *f, struct threads_error *err)
{
	struct threads_error why = { 0 };
	struct exchange *ex = NULL;
	const char *name = frame_get_text(f), *arguments = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc == 0 && f->type != CTL_VERB_AUTH)
		rc = threads_error_set(err, THREADS_EINVAL, "frame %u is not for auth", f->type);
	if (rc == 0)
		rc = exchange_new(auth, peer, f->id, &ex, err);
	if (rc < 0 || !ex)
		return rc;
	ex->control = true;
	snprintf(ex->client, sizeof(ex->client), "threadsctl");
	strbuf_add_str(&ex->base, auth->base_url);
	rc = dispatch(ex, name, arguments, &why);
	secret_cleanse(f->data, f->len);
	exchange_finish(ex, rc, &why);
	return 0;
}
