/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to api as http passes them on, with a ticket of somebody. The store
 * is in memory and api only reads it; index and vault say "done" to everything.
 *
 *	WHO METHOD PATH?QUERY		o owner, a admin, e auditor, u user, d disabled,
 *	BODY				x nobody known, n no ticket, f a forged one
 *
 * Each request is answered, never by an internal error; JSON is JSON; who may
 * not, is refused.
 */
#include "../api/harness.h"

#include "core/log.h"
#include "core/utf8.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX_BYTES = 290, BODY_MAX_BYTES = 60000 };

static struct harness harness;

static void prepare(void)
{
	log_setup("fuzz", LOG_LEVEL_ERROR);
	harness_open(&harness);
	harness.vault_fd = harness_link(&harness, ROLE_VAULT);
	for (int64_t i = 1; i <= 3; i++)
		fixture_mail(harness.store, &(struct mail){ .id = i,
							    .date_ms = i * 60000,
							    .audience = i,
							    .account = i == 3 ? 0 : i,
							    .name = "Ann",
							    .address = "ann@example.org",
							    .subject = "Anchor",
							    .file = "chain.pdf",
							    .body = "A chain." });
}

static void play_vault(void)
{
	static const unsigned char key[65] = { 4 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;

	if (frame_recv(harness.vault_fd, &f, NULL) != 1)
		return;
	frame_begin(&answer, f.type == VAULT_PUBLIC_KEY ? VAULT_PUBLIC_KEY_IS : IPC_OK, f.id);
	if (f.type == VAULT_PUBLIC_KEY) {
		frame_put_bytes(&answer, key, sizeof(key));
		frame_put_text(&answer, "a fingerprint");
	}
	harness_send(harness.vault_fd, &answer);
}

static const char *subject_of(char who)
{
	switch (who) {
	case 'o':
		return ANN;
	case 'a':
		return DEE;
	case 'e':
		return EVE;
	case 'u':
		return BEN;
	case 'd':
		return CY;
	default:
		return STRANGER;
	}
}

static void ask(char who, const char *method, const char *path, const char *body, struct answer *a)
{
	unsigned char ticket[TICKET_LEN];
	size_t len = harness_ticket(&harness, subject_of(who), ticket);

	if (who == 'n')
		len = 0;
	if (who == 'f')
		ticket[TICKET_LEN - 1] ^= 1;
	harness_ask(&harness, ticket, len, method, path, body, -1);
	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		harness_turn(&harness);
		play_vault();
		if (harness_read(&harness, a))
			return;
	}
	REQUIRE(a->status);
}

static void judge(char who, const char *path, const struct answer *a)
{
	const bool open = strncmp(path, "openapi.json", 12) == 0;
	const bool json = strstr(a->headers, "Content-Type: application/json") ||
			  strstr(a->headers, "Content-Type: application/problem+json");
	/* index says "done" where it would give a place to write to */
	const bool piece = strncmp(path, "imports/", 8) == 0 && strstr(path, "/files/");

	REQUIRE(a->status >= 200 && a->status < 600);
	REQUIRE(a->status != 500 || piece);
	REQUIRE(!json || a->json);
	/* A good ticket of somebody who is not there gets as far as his body. */
	if (!strchr("oaeu", who) && !open)
		REQUIRE(a->status == 401 || a->status == 404 || a->status == 405 ||
			(a->status == 400 && who != 'n' && who != 'f'));
	if (who == 'u' && (strncmp(path, "status", 6) == 0 || strncmp(path, "audit", 5) == 0))
		REQUIRE(a->status >= 400);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(answer_release) struct answer a = { 0 };
	const uint8_t *end = memchr(data, '\n', size);
	const size_t len = end ? (size_t)(end - data) : size;
	char line[LINE_MAX_BYTES + 1], *path, *body, *method = line + 2;

	if (len < 5 || len > LINE_MAX_BYTES || memchr(data, '\0', size) ||
	    size - len > BODY_MAX_BYTES)
		return 0;
	memcpy(line, data, len);
	line[len] = '\0';
	path = strchr(method, ' ');
	/* http lets only valid text through. */
	if (line[1] != ' ' || !path || !utf8_valid(line, len))
		return 0;
	*path++ = '\0';
	if (!harness.api)
		prepare();
	body = size > len + 1 ? strndup((const char *)data + len + 1, size - len - 1) : NULL;
	ask(line[0], method, path, body, &a);
	free(body);
	judge(line[0], path, &a);
	return 0;
}
