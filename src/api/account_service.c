/* SPDX-License-Identifier: Apache-2.0 */
#include "api/account_service.h"

#include <strings.h>

#include "core/number.h"

/* Only a server on this machine may be talked to without TLS. */
static bool host_is_local(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

static int form_check(const struct account_form *form, struct threads_error *err)
{
	const bool none = strcmp(form->tls, "none") == 0;

	if (!*form->host)
		return threads_error_set(err, THREADS_EINVAL,
					 "the name of the mail server is missing");
	if (strcspn(form->host, " \t\r\n/@") != strlen(form->host))
		return threads_error_set(err, THREADS_EINVAL, "this is not the name of a server");
	if (!*form->user)
		return threads_error_set(err, THREADS_EINVAL, "the user name is missing");
	if (!none && strcmp(form->tls, "implicit") != 0 && strcmp(form->tls, "starttls") != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "tls must be implicit, starttls or none");
	if (none && !host_is_local(form->host))
		return threads_error_set(
			err, THREADS_EINVAL,
			"without encryption only a server on this machine is allowed");
	return 0;
}

int account_form_imap(const json_t *imap, const struct reader_bound *preset,
		      struct account_form *form, struct threads_error *err)
{
	static const char *const names[] = { "provider", "host", "port",    "tls",
					     "user",     "ca",   "folders", "private_network",
					     NULL };
	int64_t port = 993;
	int rc;

	if (!json_is_object(imap))
		return threads_error_set(err, THREADS_EINVAL, "imap is missing");
	if (preset && parse_int(preset->port, 1, 65535, &port, NULL) < 0)
		port = 993;
	rc = json_check_fields(imap, names, err);
	if (rc == 0)
		rc = json_get_text_or(imap, "provider", ACCOUNT_TEXT_MAX,
				      preset ? preset->provider : "generic", &form->provider, err);
	if (rc == 0)
		rc = json_get_text_or(imap, "host", ACCOUNT_TEXT_MAX, preset ? preset->host : "",
				      &form->host, err);
	if (rc == 0)
		rc = json_get_text_or(imap, "tls", ACCOUNT_TEXT_MAX,
				      preset ? preset->tls : "implicit", &form->tls, err);
	if (rc == 0)
		rc = json_get_text_or(imap, "user", ACCOUNT_TEXT_MAX, preset ? preset->user : "",
				      &form->user, err);
	if (rc == 0)
		rc = json_get_text_or(imap, "ca", ACCOUNT_CA_MAX, preset ? preset->ca : "",
				      &form->ca, err);
	if (rc == 0)
		rc = json_get_int_or(imap, "port", 1, 65535, port, &form->port, err);
	if (rc == 0)
		rc = json_get_bool_or(imap, "private_network", preset && preset->private_network,
				      &form->private_network, err);
	if (rc == 0)
		rc = account_form_folders(json_object_get(imap, "folders"), form, err);
	return rc < 0 ? rc : form_check(form, err);
}

static bool same_server(const struct reader_bound *preset, const struct account_form *form)
{
	int64_t port;

	return preset && strcasecmp(preset->host, form->host) == 0 &&
	       parse_int(preset->port, 1, 65535, &port, NULL) == 0 && port == form->port;
}

int account_form_network(const json_t *imap, const struct viewer *viewer,
			 const struct reader_bound *preset, struct account_form *form,
			 struct threads_error *err)
{
	const bool kept = preset && preset->private_network && same_server(preset, form);

	if (!form->private_network || kept || viewer_manages(viewer))
		return 0;
	if (!json_object_get(imap, "private_network")) {
		form->private_network = false;
		return 0;
	}
	return threads_error_set(err, THREADS_EDENIED,
				 "only an administrator may let an account connect to a server in "
				 "our own network");
}

int account_form_folders(const json_t *folders, struct account_form *form,
			 struct threads_error *err)
{
	size_t i;
	json_t *folder;

	if (!folders || json_is_null(folders))
		return 0;
	if (!json_is_array(folders) || json_array_size(folders) > ACCOUNT_FOLDERS_MAX)
		return threads_error_set(err, THREADS_EINVAL, "folders must be a list of names");
	json_array_foreach(folders, i, folder) {
		if (!json_is_string(folder) || json_string_length(folder) > ACCOUNT_TEXT_MAX)
			return threads_error_set(err, THREADS_EINVAL,
						 "folders must be a list of names");
	}
	form->folders = folders;
	return 0;
}

void account_create_question(struct frame *f, const char *by, const char *idempotency_key,
			     const struct account_form *form)
{
	char own_key[PUBLIC_ID_SIZE];
	size_t i;
	json_t *folder;

	/* With a key the question may be asked again when index dies over it. */
	public_id_make(own_key);
	frame_begin(f, INDEX_ACCOUNT_CREATE, 0);
	frame_put_text(f, by);
	frame_put_text(f, *idempotency_key ? idempotency_key : own_key);
	frame_put_text(f, form->name);
	frame_put_text(f, form->owner);
	frame_put_text(f, "imap");
	frame_put_text(f, form->policy);
	frame_put_text(f, form->provider);
	frame_put_text(f, form->host);
	frame_put_int(f, form->port);
	frame_put_text(f, form->tls);
	frame_put_text(f, form->user);
	frame_put_text(f, form->ca);
	frame_put_int(f, form->private_network);
	frame_put_int(f, (int64_t)json_array_size(form->folders));
	json_array_foreach(form->folders, i, folder)
		frame_put_text(f, json_string_value(folder));
}

void account_put_question(struct frame *f, const struct reader_bound *bound, const void *box,
			  size_t box_len)
{
	frame_begin(f, VAULT_PUT, 0);
	frame_put_text(f, bound->public_id);
	frame_put_bytes(f, box, box_len);
	frame_put_text(f, bound->provider);
	frame_put_text(f, bound->host);
	frame_put_text(f, bound->port);
	frame_put_text(f, bound->tls);
	frame_put_text(f, bound->ca);
	frame_put_text(f, bound->user);
}
