/* SPDX-License-Identifier: Apache-2.0 */
#include "api/harness.h"

#include "api/account_service.h"
#include "api/blob.h"
#include "api/events.h"
#include "api/openapi.h"
#include "api/route.h"

#define NOT_FOUND "{\"type\":\"/problems/not-found\",\"title\":\"Not found.\",\"status\":404}"

#define MESSAGE_PATH "messages/aaaaaaaaaaaaaaaaaaaaaaaaa"

/* Message 1 is Ann's, 2 Ben's, 3 both's. */
static int setup(void **state)
{
	static struct harness h;

	harness_open(&h);
	for (int64_t i = 1; i <= 3; i++)
		fixture_mail(h.store, &(struct mail){ .id = i,
						      .date_ms = i * 60000,
						      .audience = i,
						      .account = i == 3 ? 0 : i,
						      .name = "Ann",
						      .address = "ann@example.org",
						      .subject = "Anchor 🚢",
						      .body = "An anchor chain." });
	/* Public ids of the right shape. */
	fixture_sql(
		h.store,
		"UPDATE message SET public_id = substr('aaaaaaaaaaaaaaaaaaaaaaaaa', 1, 25) ||"
		" char(97 + id);"
		"UPDATE conversation SET public_id = 'mmmmmmmmmmmmmmmmmmmmmmmmm' || char(96 + id);"
		"UPDATE account SET public_id = 'kkkkkkkkkkkkkkkkkkkkkkkkk' || char(96 + id);"
		"INSERT INTO message_attachment VALUES"
		" (1, 0, 'ttttttttttttttttttttttttta', 'Grüße \"1\".pdf', 'image/svg+xml', '', 2, 0,"
		" 5, NULL, 10, 5, 0, 0),"
		" (1, 1, 'tttttttttttttttttttttttttb', 'a.png', 'image/png', 'c', 1, 0,"
		" 5, NULL, 20, 5, 0, 0);"
		"INSERT INTO setting VALUES ('organisation', '\"Yard\"');");
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	harness_close(*state);
	return 0;
}

/* ---- who gets in ------------------------------------------------------------------------ */

static void status_with(struct harness *h, const void *ticket, size_t len, int want)
{
	CLEANUP(answer_release) struct answer a = { 0 };

	harness_ask(h, ticket, len, "GET", "me", NULL, -1);
	harness_wait(h, &a);
	assert_int_equal(a.status, want);
}

static void only_good_tickets_count(void **state)
{
	struct harness *h = *state;
	unsigned char ticket[TICKET_LEN];
	struct ticket link = { .kind = TICKET_LINK, .expires_ms = h->now_ms + 1000 };
	struct threads_error err;
	const size_t len = harness_ticket(h, ANN, ticket);

	status_with(h, ticket, len, 200);
	status_with(h, NULL, 0, 401);
	status_with(h, ticket, len - 1, 401);
	ticket[5] ^= 1;
	status_with(h, ticket, len, 401);
	harness_ticket(h, CY, ticket); /* disabled */
	status_with(h, ticket, len, 401);
	harness_ticket(h, STRANGER, ticket);
	status_with(h, ticket, len, 401);
	memcpy(link.subject, ANN, PUBLIC_ID_LEN);
	memcpy(link.session, ANN, PUBLIC_ID_LEN);
	assert_rc(ticket_make(harness_key, &link, ticket, &err), 0, &err);
	status_with(h, ticket, len, 401);
	harness_ticket(h, ANN, ticket);
	h->now_ms += TICKET_LIFE_MS + 1;
	status_with(h, ticket, len, 401);
}

/* "messages/ * /html" with ids that do not exist. */
static void path_of(const struct route *route, char *out, size_t size)
{
	size_t at = 0;

	for (const char *p = route->path; *p && at + PUBLIC_ID_LEN + 1 < size; p++)
		at += (size_t)snprintf(out + at, size - at, "%.*s", *p == '*' ? PUBLIC_ID_LEN : 1,
				       *p == '*' ? STRANGER : p);
}

static void every_role_gets_what_the_table_says(void **state)
{
	static const struct {
		const char *id;
		enum viewer_role role;
	} users[] = { { BEN, VIEWER_USER },
		      { EVE, VIEWER_AUDITOR },
		      { DEE, VIEWER_ADMIN },
		      { ANN, VIEWER_OWNER } };
	struct harness *h = *state;
	const struct route *route;
	int refused = 0, cells = 0;

	for (size_t r = 0; (route = route_at(r)); r++)
		for (size_t u = 0; u < ARRAY_SIZE(users); u++) {
			CLEANUP(answer_release) struct answer a = { 0 };
			const unsigned need = route->need & ~(unsigned)NEED_STRONG;
			const bool may =
				need == NEED_NOTHING || need == NEED_USER ||
				(need == NEED_AUDITOR && users[u].role >= VIEWER_AUDITOR) ||
				users[u].role >= VIEWER_ADMIN;
			char path[200];

			path_of(route, path, sizeof(path));
			harness_do(h, users[u].id, route->method, path, NULL, &a);
			if ((a.status == 403) == may || a.status >= 500)
				fail_msg("%s %s as %s gives %d", route->method, path, users[u].id,
					 a.status);
			refused += a.status == 403;
			cells++;
		}
	/* settings twice and status for two roles, three of the audit log for one */
	assert_int_equal(refused, 9);
	assert_true(cells >= 4 * 30);
}

static void strangers_get_the_same_404_for_everything(void **state)
{
	static const char *const paths[] = {
		MESSAGE_PATH "b",
		MESSAGE_PATH "b/html",
		MESSAGE_PATH "b/raw",
		MESSAGE_PATH "b/headers",
		MESSAGE_PATH "b/attachments/ttttttttttttttttttttttttta",
		MESSAGE_PATH "d/raw", /* he sees it, but holds no copy */
		"messages/" STRANGER,
		"messages/" STRANGER "/attachments/ttttttttttttttttttttttttta",
		MESSAGE_PATH "c/attachments/ttttttttttttttttttttttttta", /* of another message */
		"messages/short",
		"conversations/" STRANGER,
		"accounts/kkkkkkkkkkkkkkkkkkkkkkkkka",
		"accounts/kkkkkkkkkkkkkkkkkkkkkkkkka/ledger",
		"accounts/kkkkkkkkkkkkkkkkkkkkkkkkka/folders",
		"accounts/" STRANGER,
		"imports/" STRANGER,
		"no/such/route",
		"",
	};
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		harness_do(h, BEN, "GET", paths[i], NULL, &a);
		if (a.status != 404 || strcmp(a.body, NOT_FOUND) != 0)
			fail_msg("%s: %d %s", paths[i], a.status, a.body);
	}
	assert_int_equal(h->heard_count, 0);
	/* The control: Ann gets her own. */
	for (size_t i = 0; i < 5; i++) {
		harness_do(h, ANN, "GET", paths[i], NULL, &a);
		if (a.status != 200)
			fail_msg("%s: %d %s", paths[i], a.status, a.body);
	}
}

/* ---- audit ------------------------------------------------------------------------------- */

static void nothing_is_read_without_its_audit_row(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, ANN, ticket);

	h->index_silent = true;
	harness_ask(h, ticket, len, "GET", MESSAGE_PATH "b", NULL, -1);
	for (int i = 0; i < 50; i++) {
		harness_turn(h);
		assert_int_equal(harness_read(h, &a), 0);
	}
	assert_int_equal(h->unanswered.type, AUDIT_ADD);
	index_answer(h, &h->unanswered);
	harness_wait(h, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(json_string_value(json_object_get(a.json, "text")), "An anchor chain.");
	assert_true(harness_heard(h, "audit " ANN " message.read aaaaaaaaaaaaaaaaaaaaaaaaab"));
}

static void a_refused_audit_row_keeps_the_body_back(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	h->index_says = THREADS_EIO;
	harness_do(h, ANN, "GET", MESSAGE_PATH "b", NULL, &a);
	assert_int_equal(a.status, 500);
	assert_null(strstr(a.body, "anchor"));
	harness_do(h, ANN, "GET", MESSAGE_PATH "b/raw", NULL, &a);
	assert_int_equal(a.status, 500);
	h->index_says = THREADS_EFULL;
	harness_do(h, ANN, "GET", MESSAGE_PATH "b", NULL, &a);
	assert_int_equal(a.status, 507);
	assert_null(strstr(a.body, "anchor"));
	assert_non_null(strstr(a.body, "/problems/disk-full"));
	assert_non_null(strstr(a.body, "make room"));
}

static void reads_survive_a_restart_of_index(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, ANN, ticket);

	h->index_silent = true;
	harness_ask(h, ticket, len, "GET", MESSAGE_PATH "b/raw", NULL, -1);
	for (int i = 0; i < 20; i++)
		harness_turn(h);
	harness_index_gone(h);
	assert_int_equal(harness_read(h, &a), 0);
	h->index_silent = false;
	h->index_fd = harness_link(h, ROLE_INDEX);
	harness_wait(h, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "Subject: x\r\n\r\nhello");
	assert_non_null(strstr(a.headers, "message/rfc822"));
}

/* Repeated it carries the same key, so that index makes one account of it. */
static void a_write_is_repeated_with_its_key(void **state)
{
	static const char body[] = "{\"name\":\"x\",\"imap\":{\"host\":\"h.test\",\"user\":\"u\"}}";
	struct harness *h = *state;
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, ANN, ticket);
	char key[PUBLIC_ID_SIZE] = "";

	h->index_silent = true;
	harness_ask(h, ticket, len, "POST", "accounts", body, -1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20; i++)
			harness_turn(h);
		assert_int_equal(h->unanswered.type, INDEX_ACCOUNT_CREATE);
		assert_string_equal(frame_get_text(&h->unanswered), ANN);
		if (round == 0)
			memcpy(key, frame_get_text(&h->unanswered), PUBLIC_ID_LEN);
		else
			assert_string_equal(frame_get_text(&h->unanswered), key);
		h->unanswered.type = 0;
		harness_index_gone(h);
		h->index_fd = harness_link(h, ROLE_INDEX);
	}
	assert_int_equal(strlen(key), PUBLIC_ID_LEN);
}

/* ---- documents ---------------------------------------------------------------------------- */

static const char *text_at(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "";
}

static void search_answers_with_tokens_hints_and_pages(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer one = { 0 }, two = { 0 }, post = { 0 };
	char path[300];
	const json_t *token;

	harness_do(h, ANN, "GET", "search?q=%F0%9F%9A%A2+anchor+OR+(&limit=1", NULL, &one);
	assert_int_equal(one.status, 200);
	assert_int_equal(json_array_size(json_object_get(one.json, "hits")), 1);
	assert_int_equal(json_integer_value(json_object_get(one.json, "count")), 2);
	token = json_array_get(json_object_get(one.json, "tokens"), 1);
	assert_string_equal(text_at(token, "value"), "anchor");
	assert_int_equal(json_integer_value(json_object_get(token, "start")), 3); /* UTF-16 */
	assert_true(json_array_size(json_object_get(one.json, "hints")) > 0);
	snprintf(path, sizeof(path), "search?q=anchor&limit=1&cursor=%s",
		 text_at(one.json, "next"));
	harness_do(h, ANN, "GET", path, NULL, &two);
	assert_int_equal(json_array_size(json_object_get(two.json, "hits")), 1);
	assert_true(json_is_null(json_object_get(two.json, "next")));
	harness_do(h, ANN, "POST", "search", "{\"q\":\"anchor\",\"limit\":1}", &post);
	assert_int_equal(post.status, 200);
	assert_int_equal(json_array_size(json_object_get(post.json, "hits")), 1);
}

static void bad_requests_are_refused_with_words(void **state)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} cases[] = {
		{ "GET", "search?limit=0", NULL, 400 },
		{ "GET", "search?limit=x", NULL, 400 },
		{ "GET", "search?sort=odd", NULL, 400 },
		{ "GET", "search?cursor=bm9wZQ", NULL, 400 },
		{ "GET", "audit?cursor=bm9wZQ", NULL, 400 },
		{ "POST", "search", "{\"q\":1}", 400 },
		{ "POST", "search", "{\"what\":\"\"}", 400 },
		{ "POST", "search", "{", 400 },
		{ "POST", "search", "[]", 400 },
		{ "DELETE", "me", NULL, 405 },
		{ "PATCH", "me", "{\"settings\":{\"theme\":\"pink\"}}", 400 },
		{ "PATCH", "me", "{\"settings\":{\"other\":1}}", 400 },
		{ "POST", "accounts", "{\"name\":\"x\"}", 400 },
		{ "POST", "accounts", "{\"name\":\"x\",\"imap\":{\"host\":\"a b\",\"user\":\"u\"}}",
		  400 },
		{ "POST", "accounts",
		  "{\"name\":\"x\",\"imap\":{\"host\":\"h.test\",\"user\":\"u\",\"tls\":\"none\"}}",
		  400 },
		{ "POST", "imports", "{\"account\":\"x\",\"kind\":\"zip\",\"files\":[]}", 400 },
		{ "POST", "imports", "{\"account\":\"x\",\"kind\":\"eml\",\"files\":[]}", 400 },
	};
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		harness_do(h, ANN, cases[i].method, cases[i].path, cases[i].body, &a);
		if (a.status != cases[i].status || !*text_at(a.json, "title"))
			fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, a.status, a.body);
	}
	assert_int_equal(h->heard_count, 0);
}

static void nobody_opens_or_unlocks_an_account_of_others(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	/* Dee is an administrator; account 1 is Ann's. */
	harness_do(h, DEE, "PATCH", "accounts/kkkkkkkkkkkkkkkkkkkkkkkkka", "{\"policy\":\"open\"}",
		   &a);
	assert_int_equal(a.status, 403);
	harness_do(h, DEE, "PUT", "accounts/kkkkkkkkkkkkkkkkkkkkkkkkka/secret",
		   "{\"box\":\"AAAA\"}", &a);
	assert_int_equal(a.status, 403);
	harness_do(
		h, DEE, "POST", "imports",
		"{\"account\":\"Ship yard\",\"kind\":\"eml\",\"files\":[{\"name\":\"a\",\"size\":1}]}",
		&a);
	assert_int_equal(a.status, 403);
	harness_do(h, BEN, "POST", "accounts",
		   "{\"name\":\"x\",\"owner\":\"" ANN
		   "\",\"imap\":{\"host\":\"h.test\",\"user\":\"u\"}}",
		   &a);
	assert_int_equal(a.status, 403);
	assert_int_equal(h->heard_count, 0);
	/* The controls: closing is allowed to her, opening to Ann. */
	harness_do(h, DEE, "PATCH", "accounts/kkkkkkkkkkkkkkkkkkkkkkkkka",
		   "{\"policy\":\"closed\"}", &a);
	assert_int_equal(a.status, 200);
	harness_do(h, ANN, "PATCH", "accounts/kkkkkkkkkkkkkkkkkkkkkkkkka", "{\"policy\":\"open\"}",
		   &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(h->heard_count, 2);
}

static void only_administrators_reach_inside(void **state)
{
	static const char body[] = "{\"name\":\"x\",\"imap\":{\"host\":\"10.0.0.5\",\"user\":\"u\","
				   "\"private_network\":true}}";
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	harness_do(h, BEN, "POST", "accounts", body, &a);
	assert_int_equal(a.status, 403);
	assert_int_equal(h->heard_count, 0);
	harness_do(h, DEE, "POST", "accounts", body, &a);
	assert_int_equal(h->heard_count, 1);
}

/* What an administrator allowed is for that server: another one needs his word anew. */
static void a_permission_is_for_one_server(void **state)
{
	static char host[] = "imap.test", port[] = "993";
	const struct reader_bound allowed = { .host = host, .port = port, .private_network = true };
	static const struct {
		const char *imap;
		enum viewer_role role;
		int rc;
		bool reaches;
	} table[] = {
		{ "{}", VIEWER_USER, 0, true },
		{ "{\"host\":\"IMAP.test\",\"private_network\":true}", VIEWER_USER, 0, true },
		{ "{\"private_network\":false}", VIEWER_USER, 0, false },
		{ "{\"host\":\"10.0.0.9\"}", VIEWER_USER, 0, false },
		{ "{\"port\":22}", VIEWER_USER, 0, false },
		{ "{\"port\":22,\"private_network\":true}", VIEWER_USER, THREADS_EDENIED, true },
		{ "{\"port\":22}", VIEWER_ADMIN, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP(json_freep) json_t *imap = json_loads(table[i].imap, 0, NULL);
		const struct viewer viewer = { .role = table[i].role };
		struct account_form form = { 0 };
		struct threads_error err;
		struct reader_bound preset = allowed;
		int rc;

		preset.provider = preset.tls = preset.user = preset.ca = host;
		json_object_set_new(imap, "tls", json_string("implicit"));
		assert_rc(account_form_imap(imap, &preset, &form, &err), 0, &err);
		rc = account_form_network(imap, &viewer, &preset, &form, &err);
		assert_int_equal(rc, table[i].rc);
		assert_int_equal(form.private_network, table[i].reaches);
	}
}

static void lists_show_what_is_the_viewers(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	harness_do(h, BEN, "GET", "accounts", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "accounts")), 1);
	harness_do(h, DEE, "GET", "accounts", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "accounts")), 2);
	harness_do(h, BEN, "GET", "users", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "users")), 1);
	harness_do(h, DEE, "GET", "users", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "users")), 5);
	harness_do(h, DEE, "GET", "settings", NULL, &a);
	assert_string_equal(text_at(a.json, "organisation"), "Yard");
	harness_do(h, ANN, "GET", "conversations/mmmmmmmmmmmmmmmmmmmmmmmmma", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "messages")), 2);
	harness_do(h, BEN, "GET", "conversations/mmmmmmmmmmmmmmmmmmmmmmmmma", NULL, &a);
	assert_int_equal(json_array_size(json_object_get(a.json, "messages")), 2);
	/* An administrator is not a reader. */
	harness_do(h, DEE, "GET", "conversations/mmmmmmmmmmmmmmmmmmmmmmmmma", NULL, &a);
	assert_int_equal(a.status, 404);
}

static void attachments_are_downloads_but_for_pictures(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	harness_do(h, ANN, "GET", MESSAGE_PATH "b/attachments/ttttttttttttttttttttttttta?inline=1",
		   NULL, &a);
	assert_non_null(strstr(a.headers, "Content-Type: application/octet-stream\n"));
	assert_non_null(strstr(a.headers, "filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.pdf\n"));
	assert_non_null(strstr(a.headers, "Content-Disposition: attachment;"));
	harness_do(h, ANN, "GET", MESSAGE_PATH "b/attachments/tttttttttttttttttttttttttb?inline=1",
		   NULL, &a);
	assert_non_null(strstr(a.headers, "Content-Type: image/png\n"));
	assert_non_null(strstr(a.headers, "Content-Disposition: inline;"));
	assert_non_null(strstr(a.headers, "sandbox"));
	harness_do(h, ANN, "GET", MESSAGE_PATH "b/attachments/tttttttttttttttttttttttttb", NULL,
		   &a);
	assert_non_null(strstr(a.headers, "Content-Type: application/octet-stream\n"));
}

static void headers_are_unfolded(void **state)
{
	static const char raw[] =
		"From: a\r\nSubject: one\r\n two\r\nX: \xFF\r\nno colon\r\n\r\nbody: x";
	json_t *json = NULL;
	struct threads_error err;
	char *text;
	int fd;

	(void)state;
	assert_rc(memfd_from("h", raw, sizeof(raw) - 1, &fd, &err), 0, &err);
	assert_rc(blob_headers_json(fd, sizeof(raw) - 1, &json, &err), 0, &err);
	close(fd);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text, "{\"headers\":[[\"From\",\"a\"],[\"Subject\",\"one two\"],"
				  "[\"X\",\"\xEF\xBF\xBD\"]]}");
	free(text);
	json_decref(json);
}

/* ---- uploads -------------------------------------------------------------------------------- */

static void pieces_go_from_http_into_the_file_of_index(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, BEN, ticket);
	const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t id;

	fixture_sql(h->store,
		    "INSERT INTO import (id, public_id, account_id, owner_id, source, format,"
		    " label, state, created_ms) VALUES (1, 'iiiiiiiiiiiiiiiiiiiiiiiiii', 2, 2,"
		    " 'upload', 'eml', 'x', 'uploading', 0);");
	h->index_silent = true;
	id = harness_ask(
		h, ticket, len, "PUT",
		"imports/iiiiiiiiiiiiiiiiiiiiiiiiii/files/ffffffffffffffffffffffffff?offset=7",
		NULL, 100);
	while (h->unanswered.type != INDEX_UPLOAD_OPEN)
		harness_turn(h);
	frame_begin(&f, INDEX_UPLOAD_IS, h->unanswered.id);
	frame_put_int(&f, 7);
	frame_put_fd(&f, fd);
	harness_send(h->index_fd, &f);
	close(fd);
	for (int i = 0; i < 20; i++)
		harness_turn(h);
	frame_begin(&f, 0, 0);
	assert_int_equal(frame_recv(h->http_fd, &f, NULL), 1);
	assert_int_equal(f.id, id);
	assert_int_equal(f.fd_count, 1);
	frame_begin(&f, HTTP_UPLOAD_DONE, id);
	frame_put_int(&f, 93);
	harness_send(h->http_fd, &f);
	while (h->unanswered.type != INDEX_UPLOAD_NOTED)
		harness_turn(h);
	frame_get_text(&h->unanswered);
	frame_get_text(&h->unanswered);
	assert_int_equal(frame_get_int(&h->unanswered), 100);
	frame_begin(&f, IPC_OK, h->unanswered.id);
	harness_send(h->index_fd, &f);
	harness_wait(h, &a);
	assert_int_equal(json_integer_value(json_object_get(a.json, "received")), 100);
	/* Ann manages, Eve does not: for Eve there is no such import. */
	harness_do(h, EVE, "GET", "imports/iiiiiiiiiiiiiiiiiiiiiiiiii", NULL, &a);
	assert_string_equal(a.body, NOT_FOUND);
}

/* What cannot be taken back, or opens mail to others, wants password and code just given. */
static void grave_changes_ask_again(void **state)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} grave[] = {
		{ "DELETE", "accounts/" STRANGER, NULL, 404 },
		{ "PATCH", "settings", "{\"own_domains\":[\"example.org\"]}", 200 },
	};
	struct harness *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(grave); i++) {
		CLEANUP(answer_release) struct answer old = { 0 }, fresh = { 0 };

		h->strong_ago_ms = TICKET_STRONG_MS;
		harness_do(h, ANN, grave[i].method, grave[i].path, grave[i].body, &old);
		assert_int_equal(old.status, 403);
		assert_non_null(strstr(old.body, "/problems/reauth-needed"));
		h->strong_ago_ms = TICKET_STRONG_MS - 1;
		harness_do(h, ANN, grave[i].method, grave[i].path, grave[i].body, &fresh);
		assert_int_equal(fresh.status, grave[i].status);
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static void ring(struct harness *h, enum bell bell)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, CTL_BELL, 0);
	frame_put_int(&f, bell);
	frame_put_int(&f, 1);
	assert_rc(api_on_control(h->api, &f, &err), 0, &err);
}

/* The next frame to http, within two seconds; type 0: none. */
static uint16_t next_frame(struct harness *h, struct frame *f)
{
	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		harness_turn(h);
		if (frame_recv(h->http_fd, f, NULL) == 1)
			return f->type;
	}
	return 0;
}

static void streams_say_look_again_until_the_ticket_ends(void **state)
{
	struct harness *h = *state;
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	unsigned char ticket[TICKET_LEN];
	const size_t len = harness_ticket(h, BEN, ticket);
	const uint32_t id = harness_ask(h, ticket, len, "GET", "events", NULL, -1);
	const char *data;
	size_t size;

	assert_int_equal(next_frame(h, &f), HTTP_RESPONSE);
	ring(h, BELL_STATUS); /* not for Ben */
	ring(h, BELL_MESSAGES);
	ring(h, BELL_MESSAGES);
	assert_int_equal(next_frame(h, &f), HTTP_STREAM_DATA);
	data = frame_get_bytes(&f, &size);
	assert_string_equal(data, "event: changed\ndata: {\"what\":\"messages\"}\n\n");
	/* A fresh ticket prolongs; one of somebody else ends. */
	h->now_ms += 50000;
	harness_ticket(h, BEN, ticket);
	frame_begin(&f, HTTP_STREAM_TICKET, id);
	frame_put_bytes(&f, ticket, len);
	harness_send(h->http_fd, &f);
	for (int i = 0; i < 20; i++)
		harness_turn(h);
	h->now_ms += 50000;
	ring(h, BELL_USERS);
	assert_int_equal(next_frame(h, &f), HTTP_STREAM_DATA);
	harness_ticket(h, ANN, ticket);
	frame_begin(&f, HTTP_STREAM_TICKET, id);
	frame_put_bytes(&f, ticket, len);
	harness_send(h->http_fd, &f);
	assert_int_equal(next_frame(h, &f), HTTP_STREAM_END);
	/* One that is not fed ends by itself. */
	harness_ticket(h, BEN, ticket);
	harness_ask(h, ticket, len, "GET", "events", NULL, -1);
	assert_int_equal(next_frame(h, &f), HTTP_RESPONSE);
	h->now_ms += TICKET_LIFE_MS + 1;
	assert_int_equal(next_frame(h, &f), HTTP_STREAM_END);
}

/* Ben opens one more than he may have: his first ends, Ann's stays. */
static void one_user_cannot_take_all_streams(void **state)
{
	struct harness *h = *state;
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	unsigned char ticket[TICKET_LEN];
	size_t len = harness_ticket(h, ANN, ticket);
	uint32_t first = 0;

	harness_ask(h, ticket, len, "GET", "events", NULL, -1);
	assert_int_equal(next_frame(h, &f), HTTP_RESPONSE);
	len = harness_ticket(h, BEN, ticket);
	for (int i = 0; i < STREAMS_PER_USER; i++) {
		const uint32_t id = harness_ask(h, ticket, len, "GET", "events", NULL, -1);

		first = first ? first : id;
		assert_int_equal(next_frame(h, &f), HTTP_RESPONSE);
	}
	harness_ask(h, ticket, len, "GET", "events", NULL, -1);
	assert_int_equal(next_frame(h, &f), HTTP_STREAM_END);
	assert_int_equal(f.id, first);
	assert_int_equal(next_frame(h, &f), HTTP_RESPONSE);
	ring(h, BELL_MESSAGES);
	for (int i = 0; i < STREAMS_PER_USER + 1; i++)
		assert_int_equal(next_frame(h, &f), HTTP_STREAM_DATA);
}

/* ---- the document ------------------------------------------------------------------------------ */

/* "messages/ * /attachments/ *" against "/messages/{id}/attachments/{attachment}". */
static bool template_is(const char *template, const char *path)
{
	template ++;
	for (; *path; path++) {
		if (*path != '*') {
			if (*template ++ != *path)
				return false;
			continue;
		}
		if (*template != '{')
			return false;
		template += strcspn(template, "}") + 1;
	}
	return *template == '\0';
}

static void every_route_is_in_the_document(void **state)
{
	json_t *document = json_loadb(openapi_document, openapi_document_len, 0, NULL), *item;
	const struct route *route;
	const char *path;
	size_t described = 0, count = 0;

	(void)state;
	assert_non_null(document);
	for (; (route = route_at(count)); count++) {
		bool found = false;
		char method[10] = "";

		for (size_t i = 0; route->method[i]; i++)
			method[i] = (char)(route->method[i] | 0x20);
		json_object_foreach(json_object_get(document, "paths"), path, item)
			found |= template_is(path, route->path) && json_object_get(item, method);
		if (!found)
			fail_msg("%s %s is not described", route->method, route->path);
	}
	json_object_foreach(json_object_get(document, "paths"), path, item)
		if (strncmp(path, "/auth/", 6) != 0)
			for (void *m = json_object_iter(item); m;
			     m = json_object_iter_next(item, m))
				described += strcmp(json_object_iter_key(m), "parameters") != 0;
	assert_int_equal(described, count);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_good_tickets_count, setup, teardown),
		cmocka_unit_test_setup_teardown(every_role_gets_what_the_table_says, setup,
						teardown),
		cmocka_unit_test_setup_teardown(strangers_get_the_same_404_for_everything, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_is_read_without_its_audit_row, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_refused_audit_row_keeps_the_body_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reads_survive_a_restart_of_index, setup, teardown),
		cmocka_unit_test_setup_teardown(a_write_is_repeated_with_its_key, setup, teardown),
		cmocka_unit_test_setup_teardown(search_answers_with_tokens_hints_and_pages, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bad_requests_are_refused_with_words, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nobody_opens_or_unlocks_an_account_of_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_administrators_reach_inside, setup, teardown),
		cmocka_unit_test(a_permission_is_for_one_server),
		cmocka_unit_test_setup_teardown(lists_show_what_is_the_viewers, setup, teardown),
		cmocka_unit_test_setup_teardown(attachments_are_downloads_but_for_pictures, setup,
						teardown),
		cmocka_unit_test(headers_are_unfolded),
		cmocka_unit_test_setup_teardown(pieces_go_from_http_into_the_file_of_index, setup,
						teardown),
		cmocka_unit_test_setup_teardown(streams_say_look_again_until_the_ticket_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(grave_changes_ask_again, setup, teardown),
		cmocka_unit_test_setup_teardown(one_user_cannot_take_all_streams, setup, teardown),
		cmocka_unit_test(every_route_is_in_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
