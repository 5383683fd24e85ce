/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about accounts. Passwords are sealed here, to the vault's key: nobody on the way reads them. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/encode.h"
#include "core/net_range.h"
#include "core/number.h"
#include "crypto/seal.h"
#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

enum { CA_MAX = 64 * 1024 };

int verb_split_host(const char *text, struct strbuf *host, int64_t *ret_port,
		    struct threads_error *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len == 0)
		return threads_error_set(err, THREADS_EINVAL, "--imap wants HOST:PORT");
	if (parse_int(colon + 1, 1, 65535, ret_port, err) < 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "--imap wants HOST:PORT with a port from 1 to 65535");
	if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	strbuf_add(host, text, len);
	return strbuf_check(host, err);
}

/* ---- sealing ---- */

struct secret {
	const struct ctl_args *args;
	struct strbuf password;
	json_t *bound; /* the hub's line: account, public key, the seven fields */
	json_t *result;
};

static void secret_release(struct secret *secret)
{
	print_wipe(&secret->password);
	json_decref(secret->bound);
	json_decref(secret->result);
}

static int keep_bound(json_t *line, void *arg, struct threads_error *err)
{
	struct secret *secret = arg;

	(void)err;
	json_decref(secret->bound);
	secret->bound = json_incref(line);
	return 0;
}

static int keep_result(json_t *line, void *arg, struct threads_error *err)
{
	struct secret *secret = arg;

	(void)err;
	json_decref(secret->result);
	secret->result = json_incref(line);
	return 0;
}

static int seal(const struct secret *secret, struct strbuf *box, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(SEAL_PUBLIC_LEN);
	const char *text = print_field(secret->bound, "public_key");
	const struct seal_binding binding = {
		.account = print_field(secret->bound, "account_id"),
		.provider = print_field(secret->bound, "provider"),
		.host = print_field(secret->bound, "host"),
		.port = print_field(secret->bound, "port"),
		.tls_mode = print_field(secret->bound, "tls"),
		.ca = print_field(secret->bound, "ca"),
		.user = print_field(secret->bound, "user"),
	};
	int rc = base64url_decode(&key, text, strlen(text), err);

	if (rc == 0 && key.len != SEAL_PUBLIC_LEN)
		rc = threads_error_set(err, THREADS_EINVAL, "wrong length");
	if (rc < 0)
		return threads_error_wrap(err, rc, "the vault's public key");
	return seal_make((const unsigned char *)key.data, &binding, secret->password.data,
			 secret->password.len, box, err);
}

/* Sends the sealed box on the same connection and waits for the live test. */
static int send_secret(struct link *link, struct secret *secret, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	CLEANUP(json_freep) json_t *arguments = NULL;
	const struct link_handler handler = { .on_line = keep_result, .arg = secret };
	int rc = seal(secret, &box, err);

	if (rc < 0)
		return rc;
	arguments = json_pack("{s:s, s:s}", "account_id", print_field(secret->bound, "account_id"),
			      "box", strbuf_str(&box));
	if (!arguments)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	print_progress("Trying the log-in ...");
	rc = link_ask(link, CTL_VERB_API, "account secret", arguments, err);
	if (rc == 0)
		rc = link_answers(link, &handler, err);
	print_progress_end();
	return rc;
}

/* Whether what the hub wants sealed is what was typed. */
static int check_bound(const struct secret *secret, const json_t *typed, struct threads_error *err)
{
	static const char *const names[] = { "host", "port", "tls", "user", "ca" };

	if (!secret->bound)
		return threads_error_set(err, THREADS_EIO, "the hub did not answer as expected");
	for (size_t i = 0; typed && i < ARRAY_SIZE(names); i++) {
		if (strcmp(print_field(secret->bound, names[i]), print_field(typed, names[i])) != 0)
			return threads_error_set(err, THREADS_EDENIED,
						 "the hub stored another %s than was given; the "
						 "password was not sent",
						 names[i]);
	}
	return 0;
}

static void print_state(const struct ctl_args *args, const json_t *result)
{
	if (ctl_has(args, OPT_JSON)) {
		print_json(result);
		return;
	}
	print_text(print_field(result, "account"));
	printf(": ");
	print_text(print_field(result, "state"));
	putchar('\n');
}

/* Asks first (draft and bound fields), then seals and sends. typed: what must be bound, or NULL. */
static int seal_for(struct secret *secret, const char *verb, const json_t *arguments,
		    const json_t *typed)
{
	CLEANUP(link_release) struct link link = LINK_INIT;
	const struct link_handler handler = { .on_line = keep_bound, .arg = secret };
	struct threads_error err = { 0 };
	int rc = link_open(secret->args, &link, &err);

	if (rc == 0)
		rc = link_ask(&link, CTL_VERB_API, verb, arguments, &err);
	if (rc == 0)
		rc = link_answers(&link, &handler, &err);
	if (rc == 0)
		rc = check_bound(secret, typed, &err);
	if (rc == 0 && !typed)
		fprintf(stderr, "Sealing the password of %s for %s:%s (%s).\n",
			print_field(secret->bound, "user"), print_field(secret->bound, "host"),
			print_field(secret->bound, "port"), print_field(secret->bound, "tls"));
	if (rc == 0)
		rc = send_secret(&link, secret, &err);
	if (secret->result)
		print_state(secret->args, secret->result);
	return rc < 0 ? print_failure(err.text) : CTL_DONE;
}

/* ---- account add ---- */

static int read_ca(const char *path, struct strbuf *ca, struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return threads_error_set(err, THREADS_ENOENT, "%s cannot be opened: %m", path);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(ca, buf, (size_t)n);
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "%s cannot be read: %m", path);
	if (!strstr(strbuf_str(ca), "-----BEGIN CERTIFICATE-----"))
		return threads_error_set(err, THREADS_EINVAL, "%s holds no certificate in PEM form",
					 path);
	return strbuf_check(ca, err);
}

/* Whoever sits at the machine decides; an address of our own network says it by itself. */
static bool private_network(const struct ctl_args *args, const json_t *typed)
{
	return ctl_has(args, OPT_PRIVATE_NETWORK)
		       ? strcmp(ctl_value(args, OPT_PRIVATE_NETWORK), "yes") == 0
		       : net_host_is_private(print_field(typed, "host"));
}

/* What is sent: typed plus name, owner, policy, provider, folders. */
static json_t *add_arguments(const struct ctl_args *args, const json_t *typed, int64_t port)
{
	json_t *arguments = json_deep_copy(typed);
	json_t *folders = json_array();

	for (size_t i = 0; i < args->folder_count; i++)
		json_array_append_new(folders, json_string(args->folders[i]));
	json_object_set_new(arguments, "port", json_integer(port));
	json_object_set_new(arguments, "name", json_string(ctl_value(args, OPT_NAME)));
	json_object_set_new(arguments, "owner", json_string(ctl_value(args, OPT_OWNER)));
	json_object_set_new(arguments, "policy", json_string(ctl_value(args, OPT_POLICY)));
	json_object_set_new(arguments, "provider", json_string("generic"));
	json_object_set_new(arguments, "private_network",
			    json_boolean(private_network(args, typed)));
	json_object_set_new(arguments, "folders", folders);
	return arguments;
}

static int check_choices(const struct ctl_args *args, struct threads_error *err)
{
	const char *tls = ctl_value(args, OPT_TLS), *policy = ctl_value(args, OPT_POLICY);
	const char *private = ctl_value(args, OPT_PRIVATE_NETWORK);

	if (strcmp(tls, "implicit") != 0 && strcmp(tls, "starttls") != 0 &&
	    strcmp(tls, "none") != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "--tls is implicit, starttls or none");
	if (policy[0] && strcmp(policy, "open") != 0 && strcmp(policy, "closed") != 0)
		return threads_error_set(err, THREADS_EINVAL, "--policy is open or closed");
	if (ctl_has(args, OPT_PRIVATE_NETWORK) && strcmp(private, "yes") != 0 &&
	    strcmp(private, "no") != 0)
		return threads_error_set(err, THREADS_EINVAL, "--private-network is yes or no");
	return 0;
}

int verb_account_add(const struct ctl_args *args)
{
	CLEANUP(secret_release)
	struct secret secret = { .args = args, .password = STRBUF_INIT(SEAL_SECRET_MAX) };
	CLEANUP(strbuf_release) struct strbuf host = STRBUF_INIT(255);
	CLEANUP(strbuf_release) struct strbuf ca = STRBUF_INIT(CA_MAX);
	CLEANUP(json_freep) json_t *typed = NULL;
	CLEANUP(json_freep) json_t *arguments = NULL;
	struct threads_error err;
	char port_text[8];
	int64_t port = 0;

	if (check_choices(args, &err) < 0 ||
	    verb_split_host(ctl_value(args, OPT_IMAP), &host, &port, &err) < 0) {
		print_failure(err.text);
		return CTL_USAGE;
	}
	if (ctl_has(args, OPT_CA_FILE) && read_ca(ctl_value(args, OPT_CA_FILE), &ca, &err) < 0)
		return print_failure(err.text);
	if (print_read_secret("Password of the mailbox", &secret.password, &err) < 0)
		return print_failure(err.text);
	snprintf(port_text, sizeof(port_text), "%d", (int)port);
	typed = json_pack("{s:s, s:s, s:s, s:s, s:s}", "host", strbuf_str(&host), "port", port_text,
			  "tls", ctl_value(args, OPT_TLS), "user", ctl_value(args, OPT_USER), "ca",
			  strbuf_str(&ca));
	if (!typed)
		return print_failure("the arguments are not UTF-8 text");
	arguments = add_arguments(args, typed, port);
	return seal_for(&secret, "account add", arguments, typed);
}

int verb_account_set_password(const struct ctl_args *args)
{
	CLEANUP(secret_release)
	struct secret secret = { .args = args, .password = STRBUF_INIT(SEAL_SECRET_MAX) };
	CLEANUP(json_freep) json_t *arguments = json_pack("{s:s}", "account", args->rest[0]);
	struct threads_error err;

	if (!arguments)
		return print_failure("the name is not UTF-8 text");
	if (print_read_secret("Password of the mailbox", &secret.password, &err) < 0)
		return print_failure(err.text);
	return seal_for(&secret, "account set-password", arguments, NULL);
}

/* ---- the others ---- */

static int sync_on_line(json_t *line, void *arg, struct threads_error *err)
{
	const struct ctl_args *args = arg;

	(void)err;
	print_progress_end();
	if (ctl_has(args, OPT_JSON) || !ctl_has(args, OPT_WAIT)) {
		if (ctl_has(args, OPT_JSON))
			print_json(line);
		else
			print_state(args, line);
		return 0;
	}
	printf("server %" PRId64 ", stored %" PRId64 ", duplicate %" PRId64 ", excluded %" PRId64
	       ", failed %" PRId64 ", fetched %" PRId64 " (%" PRId64 " bytes)\n",
	       print_number(line, "server"), print_number(line, "stored"),
	       print_number(line, "duplicate"), print_number(line, "excluded"),
	       print_number(line, "failed"), print_number(line, "bodies_fetched"),
	       print_number(line, "bytes_fetched"));
	return 0;
}

static int sync_on_progress(json_t *progress, void *arg, struct threads_error *err)
{
	char line[120];

	(void)arg;
	(void)err;
	snprintf(line, sizeof(line), "%" PRId64 " of %" PRId64 " messages",
		 print_number(progress, "done"), print_number(progress, "total"));
	print_progress(line);
	return 0;
}

int verb_account_sync(const struct ctl_args *args)
{
	struct ctl_args copy = *args;
	const struct link_handler handler = { .on_line = sync_on_line,
					      .on_progress = sync_on_progress,
					      .arg = &copy };

	return link_run(
		args, CTL_VERB_API, "account sync",
		json_pack("{s:s, s:b}", "account", args->rest[0], "wait", ctl_has(args, OPT_WAIT)),
		&handler, false);
}

static int state_on_line(json_t *line, void *arg, struct threads_error *err)
{
	(void)err;
	print_state(arg, line);
	return 0;
}

int verb_account_state(const struct ctl_args *args)
{
	struct ctl_args copy = *args;
	const struct link_handler handler = { .on_line = state_on_line, .arg = &copy };
	json_t *arguments = json_pack("{s:s}", "account", args->rest[0]);

	if (strcmp(args->verb->words, "account delete") == 0)
		json_object_set_new(arguments, "keep_messages",
				    json_boolean(ctl_has(args, OPT_KEEP_MESSAGES)));
	return link_run(args, CTL_VERB_API, args->verb->words, arguments, &handler, false);
}
