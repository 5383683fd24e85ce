/* SPDX-License-Identifier: Apache-2.0 */
/* Links, set-up of the first owner, invitations, and what the hub hears of it. */
#include "harness.h"

static json_t *setup_link(struct harness *h, char token[TOKEN_SIZE])
{
	char words[300];
	int status;
	json_t *line = verb(h, "setup-link", "{\"user\":\"\"}", &status, words);

	if (status != 0)
		fail_msg("setup-link: %s", words);
	snprintf(token, TOKEN_SIZE, "%s",
		 link_token(json_string_value(json_object_get(line, "link"))));
	return line;
}

static const char *token_body(const char *token)
{
	static char body[100];

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
	return body;
}

static void test_first_owner(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	char expected[200];

	(void)state;
	CLEANUP(answer_release)
	struct answer before = call(h, &mara.browser, "GET", "state", NULL);

	assert_true(json_is_false(json_object_get(before.json, "owner_exists")));
	make_owner(h, &mara);
	assert_int_equal(strlen(mara.browser.session), TOKEN_LEN);
	assert_string_equal(mara.browser.pending, "");

	CLEANUP(answer_release)
	struct answer after = call(h, &mara.browser, "GET", "state", NULL);

	assert_true(json_is_true(json_object_get(after.json, "owner_exists")));
	assert_true(json_is_true(json_object_get(after.json, "signed_in")));
	assert_true(json_is_null(json_object_get(after.json, "pending")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(after.json, "user"), "role")),
		"owner");
	/* The answer came after index had the person: first the row, then its state. */
	snprintf(expected, sizeof(expected), "create %s Mara Mara owner invited", mara.id);
	assert_true(heard(h, expected));
	snprintf(expected, sizeof(expected), "state %s active", mara.id);
	assert_true(heard(h, expected));
	settle(h);
	assert_true(heard(h, "owner-created"));
	harness_free(h);
}

static void test_the_link_is_printed_for_people(void **state)
{
	struct harness *h = harness_new();
	char token[TOKEN_SIZE], time[CLOCK_RFC3339_SIZE];
	json_t *line = setup_link(h, token);
	const char *link = json_string_value(json_object_get(line, "link"));

	(void)state;
	assert_memory_equal(link, "http://localhost:8420/setup#", 28);
	clock_format_rfc3339(h->now_ms + 30 * 60 * 1000, time, sizeof(time));
	assert_string_equal(json_string_value(json_object_get(line, "expires")), time);
	json_decref(line);
	harness_free(h);
}

static void test_a_link_works_once(void **state)
{
	struct harness *h = harness_new();
	struct browser a = { 0 }, b = { 0 };
	char token[TOKEN_SIZE], wrong[TOKEN_SIZE];

	(void)state;
	json_decref(setup_link(h, token));
	memcpy(wrong, token, sizeof(wrong));
	wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
	expect(h, &a, "POST", "link/open", token_body(wrong), 410, "gone");
	expect(h, &a, "POST", "link/open", token_body("short"), 410, "gone");
	assert_string_equal(a.pending, "");
	expect(h, &a, "POST", "link/open", token_body(token), 200, NULL);
	assert_int_equal(strlen(a.pending), TOKEN_LEN);
	expect(h, &b, "POST", "link/open", token_body(token), 410, "gone");
	assert_string_equal(b.pending, "");
	harness_free(h);
}

static void test_links_end_with_the_clock(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };
	char token[TOKEN_SIZE];

	(void)state;
	json_decref(setup_link(h, token));
	h->now_ms += 30 * 60 * 1000;
	expect(h, &b, "POST", "link/open", token_body(token), 410, "gone");
	h->now_ms--;
	expect(h, &b, "POST", "link/open", token_body(token), 200, NULL);
	/* So does what it opened. */
	h->now_ms += 30 * 60 * 1000;
	expect(h, &b, "POST", "enrol/password",
	       "{\"name\":\"Mara\",\"password\":\"" GOOD_PASSWORD "\"}", 401,
	       "second-factor-needed");
	harness_free(h);
}

static void test_a_newer_link_voids_the_older(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };
	char older[TOKEN_SIZE], newer[TOKEN_SIZE];

	(void)state;
	json_decref(setup_link(h, older));
	json_decref(setup_link(h, newer));
	expect(h, &b, "POST", "link/open", token_body(older), 410, "gone");
	expect(h, &b, "POST", "link/open", token_body(newer), 200, NULL);
	harness_free(h);
}

static void test_only_one_first_owner(void **state)
{
	struct harness *h = harness_new();
	struct person a = { 0 }, b = { 0 };
	char token[TOKEN_SIZE], body[64], words[300];
	int status;

	(void)state;
	json_decref(setup_link(h, token));
	expect(h, &a.browser, "POST", "link/open", token_body(token), 200, NULL);
	CLEANUP(answer_release)
	struct answer t = call(h, &a.browser, "POST", "enrol/password",
			       "{\"name\":\"Ann\",\"password\":\"" GOOD_PASSWORD "\"}");

	assert_int_equal(t.status, 200);
	seed_from(json_string_value(json_object_get(json_object_get(t.json, "totp"), "secret")),
		  a.seed);
	/* Meanwhile another link, another browser, quicker. */
	make_owner(h, &b);
	expect(h, &a.browser, "POST", "enrol/confirm", code_body(h, a.seed, body), 409, "conflict");
	assert_string_equal(a.browser.session, "");
	expect(h, &a.browser, "POST", "enrol/password",
	       "{\"name\":\"Ann\",\"password\":\"" GOOD_PASSWORD "\"}", 409, "conflict");
	assert_null(verb(h, "setup-link", "{\"user\":\"\"}", &status, words));
	assert_int_equal(status, 1);
	assert_non_null(strstr(words, "--user NAME"));
	assert_null(verb(h, "owner create", "{\"name\":\"x\",\"password\":\"" GOOD_PASSWORD "\"}",
			 &status, words));
	assert_int_equal(status, 1);
	harness_free(h);
}

static void test_the_code_must_be_of_this_enrolment(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	char token[TOKEN_SIZE], body[64];

	(void)state;
	json_decref(setup_link(h, token));
	expect(h, &mara.browser, "POST", "link/open", token_body(token), 200, NULL);
	expect(h, &mara.browser, "POST", "enrol/confirm", "{\"code\":\"000000\"}", 409, "conflict");
	for (int i = 0; i < 2; i++) {
		CLEANUP(answer_release)
		struct answer t = call(h, &mara.browser, "POST", "enrol/password",
				       "{\"name\":\"Mara\",\"password\":\"" GOOD_PASSWORD "\"}");

		assert_int_equal(t.status, 200);
		if (i == 0) /* a second QR code voids the first */
			seed_from(json_string_value(json_object_get(json_object_get(t.json, "totp"),
								    "secret")),
				  mara.seed);
	}
	expect(h, &mara.browser, "POST", "enrol/confirm", code_body(h, mara.seed, body), 401,
	       "code-wrong");
	/* A pending enrolment is no pending sign-in. */
	expect(h, &mara.browser, "POST", "totp", body, 401, "second-factor-needed");
	harness_free(h);
}

static void test_choices_are_checked(void **state)
{
	static const char *const refused[] = {
		"{\"name\":\"Mara\",\"password\":\"short\"}",
		"{\"name\":\"Mara\",\"password\":\"password123\"}",
		"{\"name\":\"\",\"password\":\"" GOOD_PASSWORD "\"}",
		"{\"name\":\" Mara\",\"password\":\"" GOOD_PASSWORD "\"}",
		"{\"password\":\"" GOOD_PASSWORD "\"}",
	};
	struct harness *h = harness_new();
	struct browser b = { 0 };
	char token[TOKEN_SIZE];

	(void)state;
	json_decref(setup_link(h, token));
	expect(h, &b, "POST", "link/open", token_body(token), 200, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(answer_release)
		struct answer a = call(h, &b, "POST", "enrol/password", refused[i]);

		assert_int_equal(a.status, 400);
		assert_true(json_is_object(json_object_get(a.json, "fields")));
	}
	expect(h, &b, "POST", "enrol/password",
	       "{\"name\":\"Mara\",\"password\":\"" GOOD_PASSWORD "\"}", 200, NULL);
	harness_free(h);
}

static void test_owner_on_the_command_line(void **state)
{
	struct harness *h = harness_new();
	struct browser b = { 0 };
	unsigned char seed[TOTP_SEED_LEN];
	char words[300], body[64];
	int status;
	json_t *line;

	(void)state;
	assert_null(verb(h, "owner create", "{\"name\":\"Mara\",\"password\":\"short\"}", &status,
			 words));
	assert_int_equal(status, 1);
	assert_non_null(strstr(words, "At least 10"));
	line = verb(h, "owner create",
		    "{\"name\":\"Mara\",\"password\":\"" GOOD_PASSWORD
		    "\",\"display_name\":\"Mara Lindqvist\"}",
		    &status, words);
	assert_int_equal(status, 0);
	assert_string_equal(json_string_value(json_object_get(line, "user")), "Mara");
	assert_int_equal(json_array_size(json_object_get(line, "recovery_codes")), 10);
	seed_from(json_string_value(json_object_get(line, "totp_secret")), seed);
	json_decref(line);
	assert_true(heard(h, "Mara Mara Lindqvist owner invited"));
	sign_in_password(h, &b, "mara", GOOD_PASSWORD, 200);
	expect(h, &b, "POST", "totp", code_body(h, seed, body), 200, NULL);
	harness_free(h);
}

static void test_an_invited_person_chooses(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 }, tom = { 0 };
	char expected[200];

	(void)state;
	make_owner(h, &mara);
	CLEANUP(answer_release)
	struct answer a =
		call(h, &mara.browser, "POST", "invites",
		     "{\"name\":\"Tom\",\"display_name\":\"Tom O.\",\"role\":\"auditor\"}");

	assert_int_equal(a.status, 201);
	assert_memory_equal(text_of(&a, "link"), "https://threads.example.org/invite#", 35);
	expect(h, &mara.browser, "POST", "invites", "{\"name\":\"tOM\"}", 409, "conflict");
	expect(h, &mara.browser, "POST", "invites", "{\"name\":\"X\",\"role\":\"owner\"}", 400,
	       "bad-request");
	h->now_ms += 24 * 3600 * 1000 - 1;
	enrol(h, &tom, link_token(text_of(&a, "link")), "Thomas");
	snprintf(expected, sizeof(expected), "create %s Thomas Tom O. auditor invited", tom.id);
	assert_true(heard(h, expected));
	snprintf(expected, sizeof(expected), "state %s active", tom.id);
	assert_true(heard(h, expected));
	expect(h, &tom.browser, "POST", "invites", "{\"name\":\"Ute\"}", 403, "denied");
	harness_free(h);
}

/* Everything that index must hear survives its absence and our own death. */
static void test_index_hears_it_later(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	char expected[200];
	int count = 0;

	(void)state;
	h->index_silent = true;
	make_owner(h, &mara); /* answered all the same, after a while */
	h->heard_count = 0;
	h->index_silent = false;
	harness_restart(h);
	settle(h);
	snprintf(expected, sizeof(expected), "create %s Mara Mara owner invited", mara.id);
	assert_true(heard(h, expected));
	snprintf(expected, sizeof(expected), "state %s active", mara.id);
	assert_true(heard(h, expected));
	assert_true(heard(h, "owner-created"));
	for (int i = 0; i < h->heard_count; i++)
		count += strncmp(h->heard[i], "state", 5) == 0;
	assert_int_equal(count, 1);
	harness_free(h);
}

static void test_a_row_that_index_refuses_blocks_nothing(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };

	(void)state;
	h->index_says = THREADS_EINVAL;
	make_owner(h, &mara);
	settle(h);
	h->index_says = 0;
	assert_true(heard(h, "owner-created"));
	harness_free(h);
}

/* The two lists of people are compared at each start of either side. */
static void test_lists_are_compared(void **state)
{
	struct harness *h = harness_new();
	struct person mara = { 0 };
	char expected[200], words[300];
	int status;
	json_t *line;

	(void)state;
	make_owner(h, &mara);
	/* The hub lost Mara's state, renamed her, and has somebody whom we do not know. */
	h->users[0][0] = mara.id;
	h->users[0][1] = "invited";
	h->users[0][2] = "owner";
	h->users[0][3] = "Mara";
	h->users[0][4] = "Mara L.";
	h->users[1][0] = "abcdefghijklmnopqrstuvwxyz";
	h->users[1][1] = "active";
	h->users[1][2] = "user";
	h->users[1][3] = "Ghost";
	h->users[1][4] = "Ghost";
	h->user_count = 2;
	h->heard_count = 0;
	harness_restart(h);
	settle(h);
	snprintf(expected, sizeof(expected), "state %s active", mara.id);
	assert_true(heard(h, expected));
	assert_true(heard(h, "state abcdefghijklmnopqrstuvwxyz invited") || !heard(h, "abcdef"));
	CLEANUP(answer_release)
	struct answer a = call(h, &mara.browser, "GET", "security", NULL);

	assert_string_equal(text_of(&a, "display_name"), "Mara L.");
	/* Ghost can be let in by a link, and only so. */
	line = verb(h, "setup-link", "{\"user\":\"ghost\"}", &status, words);
	assert_int_equal(status, 0);
	json_decref(line);
	/* The hub lost Mara altogether: she is told again. */
	h->user_count = 0;
	h->heard_count = 0;
	auth_users_changed(h->auth);
	settle(h);
	snprintf(expected, sizeof(expected), "create %s Mara Mara L. owner active", mara.id);
	assert_true(heard(h, expected));
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_owner),
		cmocka_unit_test(test_the_link_is_printed_for_people),
		cmocka_unit_test(test_a_link_works_once),
		cmocka_unit_test(test_links_end_with_the_clock),
		cmocka_unit_test(test_a_newer_link_voids_the_older),
		cmocka_unit_test(test_only_one_first_owner),
		cmocka_unit_test(test_the_code_must_be_of_this_enrolment),
		cmocka_unit_test(test_choices_are_checked),
		cmocka_unit_test(test_owner_on_the_command_line),
		cmocka_unit_test(test_an_invited_person_chooses),
		cmocka_unit_test(test_index_hears_it_later),
		cmocka_unit_test(test_a_row_that_index_refuses_blocks_nothing),
		cmocka_unit_test(test_lists_are_compared),
	};

	return cmocka_run_group_tests_name("auth/enrol", tests, NULL, NULL);
}
