/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-parse: message bytes in, checked flat records out.
 *
 * Eats every hostile byte of every mail, with gmime, and may be killed or taken
 * over by any of them. Holds nothing: no key, no database, no folder, no
 * network, only the descriptors of one batch of one account; ends after it. Its
 * CPU time per message, memory and output are limited.
 *
 *	threads-parse				a role, started by threadsd
 *	threads-parse --flat-json < FILE	the parts of one message as JSON, in
 *						the same sandbox (threadsctl parse)
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "parse/batch.h"
#include "parse/flat_json.h"
#include "parse/rules.h"
#include "parse/work.h"

enum { STDIN_MAX = 256 << 20 };

static int parse_open(struct role_context *role, struct threads_error *err)
{
	struct work *work = NULL;
	const int rc = work_new(role->loop, &work, err);

	role->state = work;
	return rc;
}

static int parse_on_peer(struct role_context *role, const struct role_peer *peer,
			 struct threads_error *err)
{
	if (peer->role == ROLE_INDEX)
		return work_attach(role->state, peer->fd, err);
	close(peer->fd);
	return threads_error_set(err, THREADS_EINVAL, "parse talks to index only");
}

static void parse_close(struct role_context *role)
{
	role->state = work_free(role->state);
}

/* ---- the other mode ---- */

/* Standard input, mapped if it is a file. Small programs end without unmapping. */
static int read_stdin(const char **ret_data, size_t *ret_len, struct strbuf *buffer,
		      struct threads_error *err)
{
	struct stat st;
	char chunk[16384];
	ssize_t n;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= STDIN_MAX) {
		*ret_len = (size_t)st.st_size;
		*ret_data = mmap(NULL, *ret_len, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
		if (*ret_data != MAP_FAILED)
			return 0;
	}
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && !buffer->failed)
		strbuf_add(buffer, chunk, (size_t)n);
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "read standard input: %m");
	*ret_data = strbuf_str(buffer);
	*ret_len = buffer->len;
	return strbuf_check(buffer, err);
}

static int print_stdin(const struct mime *mime, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf buffer = STRBUF_INIT(STDIN_MAX);
	CLEANUP(mime_message_release) struct mime_message message = { 0 };
	const char *data = "";
	size_t len = 0;
	int rc = read_stdin(&data, &len, &buffer, err);

	if (rc == 0)
		rc = batch_limit_cpu(2 * BATCH_CPU_SECONDS, err);
	if (rc == 0)
		rc = mime_message_parse(data, len, &message, err);
	return rc < 0 ? rc : flat_json_write(mime, &message, stdout, err);
}

static int flat_json(bool insecure)
{
	CLEANUP(mime_closep) struct mime *mime = NULL;
	struct sandbox_rules rules = { 0 };
	struct threads_error err = { 0 };
	int rc = mime_open(&mime, &err);

	if (rc == 0)
		rc = parse_rules(NULL, &rules, &err);
	if (rc == 0)
		rc = sandbox_enter(&rules, insecure, &err);
	if (rc == 0)
		rc = print_stdin(mime, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { USAGE = 2 };
	static const struct role_program program = {
		.role = ROLE_PARSE,
		.rules = parse_rules,
		.open = parse_open,
		.on_peer = parse_on_peer,
		.close = parse_close,
	};
	bool json = false, insecure = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--flat-json") == 0)
			json = true;
		else if (strcmp(argv[i], "--insecure-no-landlock") == 0)
			insecure = true;
		else
			return USAGE;
	}
	return json ? flat_json(insecure) : role_main(&program);
}
