/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "auth/hasher.h"

static void test_password_then_code(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 };
	char body[64];

	(void)state;
	make_owner(h, &mara);
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	assert_int_equal(strlen(b.pending), TOKEN_LEN);
	assert_string_equal(b.session, "");
	expect(h, &b, "GET", "sessions", NULL, 401, "sign-in-needed");
	expect(h, &b, "POST", "totp", "{\"code\":\"000000\"}", 401, "code-wrong");
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 200, NULL);
	assert_int_equal(strlen(b.session), TOKEN_LEN);
	assert_string_equal(b.pending, "");
	expect(h, &b, "GET", "sessions", NULL, 200, NULL);
	settle(h);
	assert_true(heard(h, "signin-code-failed"));
	assert_true(heard(h, " signin "));
	harness_free(h);
}

static void test_a_pending_token_is_no_session(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 }, wrong = { 0 };

	(void)state;
	make_owner(h, &mara);
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	memcpy(wrong.session, b.pending, sizeof(wrong.session));
	expect(h, &wrong, "GET", "security", NULL, 401, "sign-in-needed");
	/* And the other way round: a session opens no second step. */
	memcpy(wrong.pending, mara.browser.session, sizeof(wrong.pending));
	memcpy(wrong.session, "", 1);
	expect(h, &wrong, "POST", "totp", "{\"code\":\"000000\"}", 401, "second-factor-needed");
	harness_free(h);
}

static void test_a_code_works_once(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser a = { 0 }, b = { 0 };
	char body[64];

	(void)state;
	make_owner(h, &mara);
	/* Two browsers passed the password; both type the same code. */
	sign_in_password(h, &a, "mara", GOOD_PASSWORD, 200);
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	code_body(h, mara.seed, body);
	expect(h, &a, "POST", "totp", body, 200, NULL);
	expect(h, &b, "POST", "totp", body, 401, "code-used");
	assert_string_equal(b.session, "");
	/* Nor after a restart, and nor does the code before it, which is in the window. */
	harness_restart(h);
	expect(h, &b, "POST", "totp", body, 401, "code-used");
	h->now_ms -= TOTP_STEP_MS;
	code_body(h, mara.seed, body);
	h->now_ms += TOTP_STEP_MS;
	expect(h, &b, "POST", "totp", body, 401, "code-used");
	h->now_ms += TOTP_STEP_MS;
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 200, NULL);
	harness_free(h);
}

static void test_a_code_belongs_to_its_person(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, tom = { 0 };
	struct browser b = { 0 };
	char body[64], token[TOKEN_SIZE], words[300];
	int status;
	json_t *line;

	(void)state;
	make_owner(h, &mara);
	line = verb(h, "user invite", "{\"name\":\"Tom\",\"display_name\":\"\",\"role\":\"user\"}",
		    &status, words);
	snprintf(token, sizeof(token), "%s",
		 link_token(json_string_value(json_object_get(line, "link"))));
	json_decref(line);
	enrol(h, &tom, token, "Tom");
	h->now_ms += 60000;
	/* Mara's password, Tom's code. */
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	expect(h, &b, "POST", "totp", code_body(h, tom.seed, body), 401, "code-wrong");
	/* And his recovery code. */
	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", tom.codes[0]);
	expect(h, &b, "POST", "recovery", body, 401, "code-wrong");
	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", mara.codes[0]);
	expect(h, &b, "POST", "recovery", body, 200, NULL);
	harness_free(h);
}

static void test_a_pending_sign_in_ends(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 };
	char body[64];

	(void)state;
	make_owner(h, &mara);
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	h->now_ms += 10 * 60 * 1000;
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 401, "second-factor-needed");
	/* After five codes it is over too. */
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	for (int i = 0; i < 5; i++)
		expect(h, &b, "POST", "totp", "{\"code\":\"000000\"}", 401, "code-wrong");
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 401, "second-factor-needed");
	harness_free(h);
}

static void test_same_words_for_wrong_and_unknown(void **state)
{
	static const char *const bodies[] = {
		"{\"name\":\"mara\",\"password\":\"wrong wrong wrong\"}",
		"{\"name\":\"nobody\",\"password\":\"wrong wrong wrong\"}",
		"{\"name\":\"nobody\",\"password\":\"" GOOD_PASSWORD "\"}",
	};
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 };
	char *first = NULL;

	(void)state;
	make_owner(h, &mara);
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		CLEANUP(answer_release)
		struct answer a = call(h, &b, "POST", "signin", bodies[i]);
		char *text = json_dumps(a.json, JSON_SORT_KEYS);

		assert_int_equal(a.status, 401);
		assert_int_equal(a.cookies, 0);
		assert_string_equal(text_of(&a, "title"), "Name or password is not right.");
		if (first)
			assert_string_equal(text, first);
		else
			first = strdup(text);
		free(text);
	}
	free(first);
	harness_free(h);
}

/* Tries until the first 429; returns how many tries were let through. */
static int tries_until_throttled(struct harness *h, struct browser *b, const char *name)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"wrong wrong wrong\"}", name);
	for (int i = 0; i < 100; i++) {
		CLEANUP(answer_release) struct answer a = call(h, b, "POST", "signin", body);

		if (a.status == 429) {
			text_of(&a, "retry_at");
			assert_true(a.retry_after[0] != '\0');
			return i;
		}
		assert_int_equal(a.status, 401);
	}
	return -1;
}

static void test_unknown_names_are_slowed_down_alike(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser a = { .address = "192.0.2.10" }, b = { .address = "192.0.2.11" };

	(void)state;
	make_owner(h, &mara);

	const int known = tries_until_throttled(h, &a, "mara");

	assert_int_equal(known, 5);
	assert_int_equal(tries_until_throttled(h, &b, "nobody"), known);
	/* Any way to write the name is the same name. */
	assert_int_equal(tries_until_throttled(h, &b, "MARA"), 0);
	assert_int_equal(tries_until_throttled(h, &b, "NoBody"), 0);
	harness_restart(h);
	assert_int_equal(tries_until_throttled(h, &b, "mara"), 0);
	/* The delay has an end; then the right password works. */
	h->now_ms += 60 * 1000;
	sign_in_password(h, &a, "mara", GOOD_PASSWORD, 200);
	harness_free(h);
}

static void test_a_client_that_tries_many_names_is_slowed_down(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser bad = { .address = "2001:db8::1" }, near = { .address = "2001:db8::2" },
		       far = { .address = "2001:db8:0:1::1" };
	char name[20];
	int passed = 0;

	(void)state;
	make_owner(h, &mara);
	for (int i = 0; i < 60; i++) {
		char body[100];

		snprintf(name, sizeof(name), "name%d", i);
		snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"wrong wrong\"}",
			 name);
		CLEANUP(answer_release) struct answer a = call(h, &bad, "POST", "signin", body);

		passed += a.status == 401;
	}
	assert_int_equal(passed, 31);
	sign_in_password(h, &near, "mara", GOOD_PASSWORD, 429);
	sign_in_password(h, &far, "mara", GOOD_PASSWORD, 200);
	harness_free(h);
}

static void test_too_many_hashes_at_once(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };
	uint32_t ids[8];
	int busy = 0, wrong = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		char body[100];

		snprintf(body, sizeof(body), "{\"name\":\"n%d\",\"password\":\"wrong wrong\"}", i);
		ids[i] = ask(h, &b, "POST", "signin", body);
	}
	/* Refusals come first: their order is not that of the questions. */
	for (int i = 0; i < 8; i++) {
		CLEANUP(frame_release) struct frame f = FRAME_INIT;

		wait_frame(h, h->http_fd, &f);
		assert_in_range(f.id, ids[0], ids[7]);
		const int64_t status = frame_get_int(&f);

		busy += status == 429;
		wrong += status == 401;
	}
	assert_int_equal(wrong, HASHER_QUEUE_MAX);
	assert_int_equal(busy, 8 - wrong);
	harness_free(h);
}

static int ticket_for(struct harness *h, const char *cookie, struct ticket *ret_ticket)
{
	static const unsigned char key[TICKET_KEY_LEN] = "ticket key, for tests only";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	size_t len;

	frame_begin(&f, HTTP_TICKET, ++h->last_id);
	frame_put_text(&f, cookie);
	frame_put_text(&f, "192.0.2.1");
	frame_put_int(&f, 0);
	assert_int_equal(frame_send(h->http_fd, &f, NULL), 0);

	CLEANUP(frame_release) struct frame in = FRAME_INIT;

	wait_frame(h, h->http_fd, &in);
	assert_int_equal(in.type, HTTP_TICKET_IS);

	const int signed_in = (int)frame_get_int(&in);
	const void *ticket = frame_get_bytes(&in, &len);

	assert_int_equal(strlen(frame_get_text(&in)), signed_in ? PUBLIC_ID_LEN : 0);
	assert_rc(frame_get_end(&in, &err), 0, &err);
	if (signed_in)
		assert_rc(ticket_check(key, ticket, len, h->now_ms, ret_ticket, &err), 0, &err);
	return signed_in;
}

static void test_tickets_follow_the_session(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct ticket t;

	(void)state;
	make_owner(h, &mara);
	assert_int_equal(ticket_for(h, "", &t), 0);
	assert_int_equal(ticket_for(h, "not a token", &t), 0);
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
	assert_int_equal(t.kind, TICKET_USER);
	assert_string_equal(t.subject, mara.id);
	assert_int_equal(t.strong_ms, h->now_ms - 60000);
	/* Idle for twelve hours: over. Used in between: not. */
	h->now_ms += 11 * 3600 * 1000;
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
	h->now_ms += 11 * 3600 * 1000;
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
	h->now_ms += 12 * 3600 * 1000;
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 0);
	harness_free(h);
}

static void test_the_longest_session(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct ticket t;
	int hours = 0;

	(void)state;
	make_owner(h, &mara);
	while (ticket_for(h, mara.browser.session, &t) == 1) {
		h->now_ms += 3600 * 1000;
		hours++;
	}
	assert_int_equal(hours, 7 * 24);
	harness_free(h);
}

static void sign_in(struct harness *h, struct person *p, struct browser *b)
{
	char body[64];

	h->now_ms += TOTP_STEP_MS;
	sign_in_password(h, b, "mara", GOOD_PASSWORD, 200);
	expect(h, b, "POST", "totp", code_body(h, p->seed, body), 200, NULL);
}

static void test_new_session_times(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 };
	struct ticket t;

	(void)state;
	make_owner(h, &mara);
	auth_set_session_times(h->auth, 3600 * 1000, 7200 * 1000);
	sign_in(h, &mara, &b);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ticket_for(h, b.session, &t), 1);
		assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
		h->now_ms += 50 * 60 * 1000;
	}
	/* The longest time counts for who signed in under it, the silence for all. */
	assert_int_equal(ticket_for(h, b.session, &t), 0);
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
	h->now_ms += 61 * 60 * 1000;
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 0);
	harness_free(h);
}

static void test_sign_out_here_and_everywhere(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser a = { 0 }, b = { 0 }, kept;
	struct ticket t;

	(void)state;
	make_owner(h, &mara);
	sign_in(h, &mara, &a);
	sign_in(h, &mara, &b);
	kept = a;
	expect(h, &a, "POST", "signout", "{}", 200, NULL);
	assert_string_equal(a.session, "");
	assert_int_equal(ticket_for(h, kept.session, &t), 0);
	assert_int_equal(ticket_for(h, b.session, &t), 1);
	kept = b;
	expect(h, &b, "POST", "signout-everywhere", "{}", 200, NULL);
	assert_int_equal(ticket_for(h, kept.session, &t), 0);
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 0);
	harness_free(h);
}

static void test_the_list_of_sessions(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser a = { .agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36",
			     .address = "203.0.113.9" };
	struct ticket t;
	char path[64] = "", other[PUBLIC_ID_SIZE];

	(void)state;
	make_owner(h, &mara);
	sign_in(h, &mara, &a);

	CLEANUP(answer_release)
	struct answer list = call(h, &mara.browser, "GET", "sessions", NULL);
	size_t i;
	json_t *s;

	assert_int_equal(json_array_size(json_object_get(list.json, "sessions")), 2);
	json_array_foreach(json_object_get(list.json, "sessions"), i, s) {
		const bool own = json_is_true(json_object_get(s, "current"));

		assert_string_equal(json_string_value(json_object_get(s, "client")),
				    own ? "Firefox on Linux" : "Chrome on Windows");
		if (!own)
			snprintf(path, sizeof(path), "sessions/%s",
				 json_string_value(json_object_get(s, "id")));
	}
	public_id_make(other);
	expect(h, &mara.browser, "DELETE", path, NULL, 200, NULL);
	expect(h, &mara.browser, "DELETE", path, NULL, 404, "not-found");
	snprintf(path, sizeof(path), "sessions/%s", other);
	expect(h, &mara.browser, "DELETE", path, NULL, 404, "not-found");
	assert_int_equal(ticket_for(h, a.session, &t), 0);
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 1);
	harness_free(h);
}

static void test_strong_for_five_minutes(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser before;
	struct ticket t;
	char body[100], code[TOTP_CODE_SIZE];

	(void)state;
	make_owner(h, &mara);
	h->now_ms += 5 * 60 * 1000;
	expect(h, &mara.browser, "POST", "recovery-codes", "{}", 403, "reauth-needed");
	assert_int_equal(totp_code(mara.seed, h->now_ms, code, NULL), 0);
	snprintf(body, sizeof(body), "{\"password\":\"wrong wrong wrong\",\"code\":\"%s\"}", code);
	expect(h, &mara.browser, "POST", "reauth", body, 401, "sign-in-failed");
	expect(h, &mara.browser, "POST", "reauth",
	       "{\"password\":\"" GOOD_PASSWORD "\",\"code\":\"000000\"}", 401, "code-wrong");
	snprintf(body, sizeof(body), "{\"password\":\"" GOOD_PASSWORD "\",\"code\":\"%s\"}", code);
	before = mara.browser;
	expect(h, &mara.browser, "POST", "reauth", body, 200, NULL);
	assert_string_not_equal(before.session, mara.browser.session);
	assert_int_equal(ticket_for(h, before.session, &t), 0);
	expect(h, &mara.browser, "POST", "recovery-codes", "{}", 200, NULL);
	expect(h, &mara.browser, "POST", "reauth", body, 401, "code-used");
	harness_free(h);
}

static void test_change_of_password(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser a = { 0 };
	struct ticket t;

	(void)state;
	make_owner(h, &mara);
	sign_in(h, &mara, &a);
	expect(h, &a, "POST", "password",
	       "{\"present\":\"wrong wrong wrong\",\"new\":\"ten dry otters\"}", 400,
	       "bad-request");
	expect(h, &a, "POST", "password",
	       "{\"present\":\"" GOOD_PASSWORD "\",\"new\":\"password123\"}", 400, "bad-request");
	expect(h, &a, "POST", "password",
	       "{\"present\":\"" GOOD_PASSWORD "\",\"new\":\"ten dry otters\"}", 200, NULL);
	assert_int_equal(ticket_for(h, a.session, &t), 1);
	assert_int_equal(ticket_for(h, mara.browser.session, &t), 0);
	sign_in_password(h, &mara.browser, "mara", GOOD_PASSWORD, 401);
	sign_in_password(h, &mara.browser, "mara", "ten dry otters", 200);
	settle(h);
	assert_true(heard(h, "password-changed"));
	harness_free(h);
}

static void test_change_of_authenticator(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	unsigned char seed[TOTP_SEED_LEN];
	char body[64];

	(void)state;
	make_owner(h, &mara);
	expect(h, &mara.browser, "POST", "totp/new/confirm", "{\"code\":\"000000\"}", 409,
	       "conflict");

	CLEANUP(answer_release)
	struct answer a = call(h, &mara.browser, "POST", "totp/new", "{}");

	assert_int_equal(a.status, 200);
	seed_from(json_string_value(json_object_get(json_object_get(a.json, "totp"), "secret")),
		  seed);
	/* The code of the old one does not confirm the new one. */
	expect(h, &mara.browser, "POST", "totp/new/confirm", code_body(h, mara.seed, body), 401,
	       "code-wrong");
	expect(h, &mara.browser, "POST", "totp/new/confirm", code_body(h, seed, body), 200, NULL);
	expect(h, &mara.browser, "GET", "security", NULL, 200, NULL);
	sign_in_password(h, &mara.browser, "mara", GOOD_PASSWORD, 200);
	expect(h, &mara.browser, "POST", "totp", body, 401, "code-used");
	h->now_ms += TOTP_STEP_MS;
	expect(h, &mara.browser, "POST", "totp", code_body(h, mara.seed, body), 401, "code-wrong");
	expect(h, &mara.browser, "POST", "totp", code_body(h, seed, body), 200, NULL);
	harness_free(h);
}

static void test_recovery_codes(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	struct browser b = { 0 };
	char body[100];

	(void)state;
	make_owner(h, &mara);
	for (int i = 0; i < 2; i++) {
		char *p = body + snprintf(body, sizeof(body), "{\"code\":\"");

		/* As people type them: lower case, spaces. */
		for (const char *c = mara.codes[i]; *c; c++)
			*p++ = *c == '-' ? ' ' : (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		memcpy(p, "\"}", 3);
		sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
		CLEANUP(answer_release) struct answer a = call(h, &b, "POST", "recovery", body);

		assert_int_equal(a.status, 200);
		assert_int_equal(json_integer_value(json_object_get(a.json, "recovery_left")),
				 9 - i);
		sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
		expect(h, &b, "POST", "recovery", body, 401, "code-wrong");
	}
	/* New codes make the old ones useless. */
	expect(h, &mara.browser, "POST", "recovery-codes", "{}", 200, NULL);
	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", mara.codes[5]);
	expect(h, &b, "POST", "recovery", body, 401, "code-wrong");
	harness_free(h);
}

static void test_requests_that_are_not_understood(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };

	(void)state;
	expect(h, &b, "POST", "signin", "{\"name\":\"x\"}", 400, "bad-request");
	expect(h, &b, "POST", "signin", "{\"name\":\"x\",\"password\":7}", 400, "bad-request");
	expect(h, &b, "POST", "signin", "[]", 400, "bad-request");
	expect(h, &b, "POST", "signin", "{\"name\":", 400, "bad-request");
	expect(h, &b, "POST", "signin", "{\"name\":\"x\",\"password\":\"y\",\"z\":1}", 400,
	       "bad-request");
	expect(h, &b, "POST", "nowhere", "{}", 404, "not-found");
	expect(h, &b, "GET", "signin", NULL, 405, "bad-request");
	expect(h, &b, "DELETE", "sessions/x", NULL, 404, "not-found");
	expect(h, &b, "GET", "state", NULL, 200, NULL);
	harness_free(h);
}

/* auth must not fall over a link that ends while its requests are in work. */
static void test_http_dies_in_between(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		ask(h, &b, "POST", "signin", "{\"name\":\"x\",\"password\":\"wrong wrong\"}");
	settle(h);
	close(h->http_fd);
	h->http_fd = link_pair(h, ROLE_HTTP);
	expect(h, &b, "GET", "state", NULL, 200, NULL);
	settle(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_then_code),
		cmocka_unit_test(test_a_pending_token_is_no_session),
		cmocka_unit_test(test_a_code_works_once),
		cmocka_unit_test(test_a_code_belongs_to_its_person),
		cmocka_unit_test(test_a_pending_sign_in_ends),
		cmocka_unit_test(test_same_words_for_wrong_and_unknown),
		cmocka_unit_test(test_unknown_names_are_slowed_down_alike),
		cmocka_unit_test(test_a_client_that_tries_many_names_is_slowed_down),
		cmocka_unit_test(test_too_many_hashes_at_once),
		cmocka_unit_test(test_tickets_follow_the_session),
		cmocka_unit_test(test_the_longest_session),
		cmocka_unit_test(test_new_session_times),
		cmocka_unit_test(test_sign_out_here_and_everywhere),
		cmocka_unit_test(test_the_list_of_sessions),
		cmocka_unit_test(test_strong_for_five_minutes),
		cmocka_unit_test(test_change_of_password),
		cmocka_unit_test(test_change_of_authenticator),
		cmocka_unit_test(test_recovery_codes),
		cmocka_unit_test(test_requests_that_are_not_understood),
		cmocka_unit_test(test_http_dies_in_between),
	};

	return cmocka_run_group_tests_name("auth/signin", tests, NULL, NULL);
}
