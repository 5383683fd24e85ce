/* SPDX-License-Identifier: Apache-2.0 */
/* Disabling, enabling, lost factors: by administrators and by the operator. */
#include "harness.h"

static void invite(struct harness *h, struct browser *by, struct person *p, const char *name,
		   const char *role)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"%s\"}", name, role);
	CLEANUP(answer_release) struct answer a = call(h, by, "POST", "invites", body);

	assert_int_equal(a.status, 201);
	enrol(h, p, link_token(text_of(&a, "link")), name);
	h->now_ms += TOTP_STEP_MS;
}

static void on_user(struct harness *h, struct browser *by, const char *id, const char *what,
		    int status)
{
	char path[100];

	snprintf(path, sizeof(path), "users/%s/%s", id, what);
	expect(h, by, "POST", path, "{}", status, NULL);
}

static void operator_verb(struct harness *h, const char *name, const char *user, int want)
{
	char arguments[100], words[300];
	int status;

	snprintf(arguments, sizeof(arguments), "{\"user\":\"%s\"}", user);
	json_decref(verb(h, name, arguments, &status, words));
	if (status != want)
		fail_msg("%s %s: %s", name, user, words);
}

static void test_who_may_do_what(void **state)
{
	static const char *const acts[] = { "invite", "disable", "enable", "reset" };
	static const char *const roles[] = { "user", "auditor" };
	struct harness *h = harness_new();
	struct person mara = { 0 }, low = { 0 }, admin = { 0 };
	char name[20], unknown[PUBLIC_ID_SIZE];

	(void)state;
	make_owner(h, &mara);
	public_id_make(unknown);
	for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
		memset(&low, 0, sizeof(low));
		snprintf(name, sizeof(name), "low%zu", r);
		invite(h, &mara.browser, &low, name, roles[r]);
		for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
			struct browser nobody = { 0 };

			on_user(h, &low.browser, mara.id, acts[i], 403);
			on_user(h, &nobody, mara.id, acts[i], 401);
			on_user(h, &mara.browser, unknown, acts[i], 404);
		}
	}
	invite(h, &mara.browser, &admin, "admin one", "admin");
	on_user(h, &admin.browser, mara.id, "disable", 403);  /* an owner */
	on_user(h, &admin.browser, admin.id, "disable", 403); /* oneself */
	on_user(h, &mara.browser, mara.id, "disable", 403);
	on_user(h, &admin.browser, low.id, "reset", 409); /* needs a second person */
	on_user(h, &admin.browser, low.id, "invite", 409);
	on_user(h, &admin.browser, low.id, "enable", 409);
	on_user(h, &admin.browser, low.id, "disable", 200);
	on_user(h, &mara.browser, admin.id, "disable", 200);
	/* Five minutes after the password nothing of this goes without it. */
	h->now_ms += 5 * 60 * 1000;
	on_user(h, &mara.browser, admin.id, "enable", 403);
	harness_free(h);
}

static void test_a_disabled_person_is_out_at_once(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, tom = { 0 };
	struct browser b = { 0 };
	char expected[100], body[64];

	(void)state;
	make_owner(h, &mara);
	invite(h, &mara.browser, &tom, "Tom", "user");
	sign_in_password(h, &b, "Tom", GOOD_PASSWORD, 200);
	expect(h, &tom.browser, "GET", "security", NULL, 200, NULL);
	on_user(h, &mara.browser, tom.id, "disable", 200);
	snprintf(expected, sizeof(expected), "state %s disabled", tom.id);
	assert_true(heard(h, expected));
	expect(h, &tom.browser, "GET", "security", NULL, 401, "sign-in-needed");
	/* Nor does a sign-in under way end well, nor a new one begin: the usual words. */
	expect(h, &b, "POST", "totp", code_body(h, tom.seed, body), 401, "second-factor-needed");
	sign_in_password(h, &b, "Tom", GOOD_PASSWORD, 401);
	operator_verb(h, "setup-link", "Tom", 1);
	operator_verb(h, "user reset-factors", "Tom", 1);
	/* Enabled again he signs in as before; his old session stays over. */
	on_user(h, &mara.browser, tom.id, "enable", 200);
	expect(h, &tom.browser, "GET", "security", NULL, 401, "sign-in-needed");
	sign_in_password(h, &b, "Tom", GOOD_PASSWORD, 200);
	expect(h, &b, "POST", "totp", code_body(h, tom.seed, body), 200, NULL);
	/* The hub may say so too. */
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, AUTH_USER_GONE, 7);
	frame_put_text(&f, tom.id);
	assert_int_equal(frame_send(h->api_fd, &f, NULL), 0);
	wait_frame(h, h->api_fd, &f);
	assert_int_equal(f.type, IPC_OK);
	expect(h, &b, "GET", "security", NULL, 401, "sign-in-needed");
	harness_free(h);
}

static void test_the_operator_and_the_last_owner(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, tom = { 0 };

	(void)state;
	make_owner(h, &mara);
	invite(h, &mara.browser, &tom, "Tom", "admin");
	operator_verb(h, "user disable", "Mara", 1);
	operator_verb(h, "user disable", "Nobody", 1);
	operator_verb(h, "user disable", tom.id, 0);
	operator_verb(h, "user enable", "tom", 0);
	operator_verb(h, "user enable", "tom", 1);
	operator_verb(h, "no such verb", "tom", 1);
	settle(h);
	assert_true(heard(h, "user-disabled"));
	assert_true(heard(h, "operator, on the server"));
	harness_free(h);
}

static void test_a_lost_phone(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, again = { 0 };
	char words[300], token[TOKEN_SIZE], body[64];
	struct browser b = { 0 };
	int status;
	json_t *line;

	(void)state;
	make_owner(h, &mara);
	line = verb(h, "setup-link", "{\"user\":\"mara\"}", &status, words);
	assert_int_equal(status, 0);
	assert_string_equal(json_string_value(json_object_get(line, "kind")), "reset");
	snprintf(token, sizeof(token), "%s",
		 link_token(json_string_value(json_object_get(line, "link"))));
	json_decref(line);
	/* Until the link is used nothing changes, but it is shown to her. */
	CLEANUP(answer_release)
	struct answer a = call(h, &mara.browser, "GET", "security", NULL);

	assert_int_equal(json_array_size(json_object_get(a.json, "notices")), 1);
	enrol(h, &again, token, "ignored");
	assert_string_equal(again.id, mara.id);
	expect(h, &mara.browser, "GET", "security", NULL, 401, "sign-in-needed");
	h->now_ms += TOTP_STEP_MS;
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	expect(h, &b, "POST", "totp", code_body(h, mara.seed, body), 401, "code-wrong");
	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", mara.codes[0]);
	expect(h, &b, "POST", "recovery", body, 401, "code-wrong");
	expect(h, &b, "POST", "totp", code_body(h, again.seed, body), 200, NULL);
	settle(h);
	assert_true(heard(h, "reset-link-made"));
	assert_true(heard(h, "factors-renewed"));
	harness_free(h);
}

static void test_factors_taken_away(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, again = { 0 };
	char words[300], token[TOKEN_SIZE];
	struct browser b = { 0 };
	int status;
	json_t *line;

	(void)state;
	make_owner(h, &mara);
	line = verb(h, "user reset-factors", "{\"user\":\"Mara\"}", &status, words);
	assert_int_equal(status, 0);
	snprintf(token, sizeof(token), "%s",
		 link_token(json_string_value(json_object_get(line, "link"))));
	json_decref(line);
	expect(h, &mara.browser, "GET", "security", NULL, 401, "sign-in-needed");
	/* A password alone lets nobody in. */
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 401);
	enrol(h, &again, token, "ignored");
	CLEANUP(answer_release)
	struct answer a = call(h, &again.browser, "GET", "security", NULL);

	assert_int_equal(json_array_size(json_object_get(a.json, "notices")), 1);
	settle(h);
	assert_true(heard(h, "factors-reset"));
	harness_free(h);
}

static void test_invitations_can_be_made_again(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, tom = { 0 };
	struct browser b = { 0 };
	char path[100], body[100];

	(void)state;
	make_owner(h, &mara);
	CLEANUP(answer_release)
	struct answer a = call(h, &mara.browser, "POST", "invites", "{\"name\":\"Tom\"}");

	snprintf(path, sizeof(path), "users/%s/invite",
		 json_string_value(json_object_get(json_object_get(a.json, "user"), "id")));
	CLEANUP(answer_release) struct answer again = call(h, &mara.browser, "POST", path, "{}");

	assert_int_equal(again.status, 201);
	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", link_token(text_of(&a, "link")));
	expect(h, &b, "POST", "link/open", body, 410, "gone");
	enrol(h, &tom, link_token(text_of(&again, "link")), "Tom");
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_do_what),
		cmocka_unit_test(test_a_disabled_person_is_out_at_once),
		cmocka_unit_test(test_the_operator_and_the_last_owner),
		cmocka_unit_test(test_a_lost_phone),
		cmocka_unit_test(test_factors_taken_away),
		cmocka_unit_test(test_invitations_can_be_made_again),
	};

	return cmocka_run_group_tests_name("auth/people", tests, NULL, NULL);
}
