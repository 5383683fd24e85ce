/* SPDX-License-Identifier: Apache-2.0 */
/* Users, settings, audit, and the life of an account. */
#include "play.h"

static const char user_id[] = "useruseruseruseruseruserus";

static struct play_answer ask_texts(struct play *p, int fd, uint16_t type, size_t count,
				    const char *const *texts)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, 0);
	for (size_t i = 0; i < count; i++)
		frame_put_text(&f, texts[i]);
	return play_do(p, fd, &f);
}

#define ASK(p, fd, type, ...)                                                                      \
	ask_texts(p, fd, type, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),           \
		  (const char *[]){ __VA_ARGS__ })

/* ---- people ---- */

static void test_users_are_kept(void **state)
{
	static const char sql_display[] = "SELECT display_name FROM user WHERE name = 'uwe'";
	static const char sql_state[] = "SELECT state FROM user WHERE name = 'uwe'";
	CLEANUP(frame_release) struct frame f = FRAME_INIT, list = FRAME_INIT;
	struct play *p = *state;
	char text[64];

	assert_int_equal(
		ASK(p, p->auth, USER_CREATE, user_id, "uwe", "Uwe", "user", "invited").code, 0);
	/* Asked again after a crash: names follow, the state stays. */
	assert_int_equal(ASK(p, p->auth, USER_STATE, user_id, "active").code, 0);
	assert_int_equal(
		ASK(p, p->auth, USER_CREATE, user_id, "uwe", "Uwe E.", "user", "invited").code, 0);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "active");
	play_text(p, sql_display, text, sizeof(text));
	assert_string_equal(text, "Uwe E.");
	assert_int_equal(
		ASK(p, p->auth, USER_CREATE, PLAY_OWNER, "UWE", "", "user", "invited").code,
		THREADS_EINVAL);
	assert_int_equal(ASK(p, p->auth, USER_STATE, PLAY_OWNER, "active").code, THREADS_ENOENT);
	assert_int_equal(ASK(p, p->api, INDEX_USER_UPDATE, user_id, user_id, "U. E.", "{}").code,
			 0);
	frame_begin(&f, USER_LIST, 0);
	assert_int_equal(play_ask(p, p->auth, &f, &list), 1);
	assert_int_equal(list.type, USER_LIST_IS);
	assert_int_equal(frame_get_int(&list), 1);
	assert_string_equal(frame_get_text(&list), user_id);
	assert_string_equal(frame_get_text(&list), "active");
	assert_string_equal(frame_get_text(&list), "user");
	assert_string_equal(frame_get_text(&list), "uwe");
	assert_string_equal(frame_get_text(&list), "U. E.");
	play_wait(p, p->bells[BELL_USERS] > 0);
}

static void test_settings_and_audit(void **state)
{
	static const char sql_value[] = "SELECT value FROM setting WHERE name = 'organisation'";
	static const char sql_audit[] = "SELECT count(*) FROM audit";
	struct play *p = *state;
	char text[64];
	int64_t before;

	play_owner(p);
	before = play_number(p, sql_audit);
	assert_int_equal(
		ASK(p, p->api, INDEX_SETTINGS, PLAY_OWNER, "{\"organisation\":\"Ropes\"}").code, 0);
	play_text(p, sql_value, text, sizeof(text));
	assert_string_equal(text, "\"Ropes\"");
	assert_int_equal(ASK(p, p->api, INDEX_SETTINGS, PLAY_OWNER, "{\"no_such\":1}").code,
			 THREADS_EINVAL);
	assert_int_equal(ASK(p, p->api, INDEX_SETTINGS, PLAY_OWNER, "not JSON").code,
			 THREADS_EINVAL);
	assert_int_equal(ASK(p, p->auth, AUDIT_ADD, PLAY_OWNER, "signin", "", "here").code, 0);
	assert_int_equal(ASK(p, p->api, AUDIT_ADD, "", "message.read", "x", "").code, 0);
	assert_int_equal(play_number(p, sql_audit), before + 3);
	play_wait(p, p->bells[BELL_ACCESS] > 0);
	play_verify(p);
}

static void test_frames_out_of_place_close_their_peer_only(void **state)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct play *p = *state;
	const struct {
		enum role role;
		uint16_t type;
	} cases[] = { { ROLE_API, IMAP_BATCH },         { ROLE_API, INDEX_BLOB },
		      { ROLE_AUTH, INDEX_BLOB },        { ROLE_AUTH, USER_CREATE },
		      { ROLE_API, INDEX_IMPORT_FILES }, { ROLE_API, INDEX_UPLOAD_NOTED },
		      { ROLE_API, INDEX_IMPORT_CREATE } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const int fd = play_link(p, cases[i].role, cases[i].role == ROLE_API ? 1 : 0);

		/* None of these comes without a field. */
		frame_begin(&f, cases[i].type, 0);
		if (play_ask(p, fd, &f, &answer) != 0)
			fail_msg("frame %u was answered", cases[i].type);
		close(fd);
	}
	frame_begin(&f, INDEX_QUEUE, 0);
	assert_int_equal(play_ask(p, p->api, &f, &answer), 1);
	assert_int_equal(answer.type, INDEX_QUEUE_IS);
	assert_int_equal(frame_get_int(&answer), 0);
}

/* ---- accounts ---- */

/* The next frame of this type on the link to vault; others are passed over. */
static void hear_vault(struct play *p, uint16_t type, struct frame *f)
{
	do
		assert_int_equal(play_next(p, p->vault, f), 1);
	while (f->type != type);
}

static void test_a_log_in_that_works(void **state)
{
	static const char sql_state[] = "SELECT state FROM account";
	static const char sql_own[] =
		"SELECT count(*) FROM channel WHERE key = 'olga@example.org' AND user_id IS NOT NULL";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27], text[64];
	int64_t row;
	int fd;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "active");
	assert_int_equal(play_number(p, sql_own), 1);
	assert_string_equal(p->imap_host, "imap.example.org");
	assert_int_equal(p->imap_port, 993);
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	/* "Look now" reaches the process. */
	assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_SYNC, id).code, 0);
	assert_int_equal(play_next(p, fd, &f), 1);
	assert_int_equal(f.type, IMAP_SYNC);
	close(fd);
}

static void test_a_log_in_that_is_refused(void **state)
{
	static const char sql_state[] = "SELECT state FROM account";
	static const char sql_error[] = "SELECT error_kind FROM account";
	static const char sql_secret[] = "SELECT secret_state FROM account";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play *p = *state;
	char id[27], text[64];
	int64_t row;
	int fd;

	play_owner(p);
	row = play_account(p, "Olga", id);
	assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_TEST, id).code, 0);
	play_wait(p, p->imap_starts == 1);
	fd = play_imap(p, row, IMAP_MODE_TEST);
	play_imap_state(p, fd, "error", "auth", -1);
	hear_vault(p, VAULT_DELETE, &f);
	assert_string_equal(frame_get_text(&f), id);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 0, 0);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "draft");
	play_text(p, sql_error, text, sizeof(text));
	assert_string_equal(text, "auth");
	play_text(p, sql_secret, text, sizeof(text));
	assert_string_equal(text, "none");
	/* Nothing is connected without a secret. */
	for (int i = 0; i < 20; i++)
		play_turn(p, 5);
	assert_int_equal(p->imap_starts, 1);
}

/* A test must end with words, whatever becomes of its process. */
static void test_a_test_whose_process_dies(void **state)
{
	static const char sql_error[] =
		"SELECT count(*) FROM account WHERE state = 'draft' AND error_kind <> ''";
	struct play *p = *state;
	char id[27];
	int64_t row;

	play_owner(p);
	row = play_account(p, "Olga", id);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_TEST, id).code, 0);
		play_wait(p, p->imap_starts == i + 1);
		close(play_imap(p, row, IMAP_MODE_TEST));
		play_exited(p, ROLE_IMAP, row, i == 0 ? 11 : 0, 0);
		play_wait(p, play_number(p, sql_error) == 1);
	}
}

/* A new password while the old connection stands: the test comes when that has ended. */
static void test_a_test_follows_a_connection(void **state)
{
	struct play *p = *state;
	struct play_answer answer;
	char id[27];
	int64_t row;
	int fd;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	play_imap_state(p, fd, "idle", "", 0);
	answer = ASK(p, p->api, INDEX_ACCOUNT_TEST, id);
	assert_int_equal(answer.code, 0);
	play_wait(p, p->imap_kills == 1);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 9, 0);
	play_wait(p, p->imap_starts == 3);
	close(play_imap(p, row, IMAP_MODE_TEST));
}

static struct play_answer set_state(struct play *p, const char *id, const char *state)
{
	return ASK(p, p->api, INDEX_ACCOUNT_STATE, PLAY_OWNER, id, state);
}

static void test_a_draft_is_not_set_in_motion(void **state)
{
	struct play *p = *state;
	char id[27];

	play_owner(p);
	play_account(p, "Draft", id);
	assert_int_equal(set_state(p, id, "active").code, THREADS_EINVAL);
	assert_int_equal(set_state(p, "nobody", "active").code, THREADS_ENOENT);
	assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_SYNC, id).code, THREADS_EINVAL);
	assert_int_equal(p->imap_starts, 0);
}

static void test_pause_ends_the_connection(void **state)
{
	static const char sql_state[] = "SELECT state FROM account";
	struct play *p = *state;
	char id[27], text[64];
	int64_t row;
	int fd, starts;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	assert_int_equal(set_state(p, id, "paused").code, 0);
	play_wait(p, p->imap_kills == 1);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 9, 0);
	starts = p->imap_starts;
	for (int i = 0; i < 20; i++)
		play_turn(p, 5);
	assert_int_equal(p->imap_starts, starts);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "paused");
	assert_int_equal(set_state(p, id, "active").code, 0);
	play_wait(p, p->imap_starts == starts + 1);
}

static struct play_answer move_host(struct play *p, const char *id, const char *host,
				    bool private_network)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_ACCOUNT_UPDATE, 0);
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, id);
	frame_put_text(&f, "Renamed");
	frame_put_text(&f, "open");
	frame_put_int(&f, 1);
	frame_put_text(&f, "generic");
	frame_put_text(&f, host);
	frame_put_int(&f, 993);
	frame_put_text(&f, "implicit");
	frame_put_text(&f, "olga@example.org");
	frame_put_text(&f, "");
	frame_put_int(&f, private_network);
	frame_put_int(&f, 0);
	return play_do(p, p->api, &f);
}

/* A request that is repeated makes nothing anew; another person's key is not ours. */
static void test_a_key_is_of_one_person(void **state)
{
	static const char ben[] = "benbenbenbenbenbenbenbenbe";
	struct play *p = *state;
	char first[27], again[27], other[27];

	play_owner(p);
	play_user(p, ben, "ben", "user");
	play_account_again(p, PLAY_OWNER, "key 1", "Olga", first);
	play_account_again(p, PLAY_OWNER, "key 1", "Olga", again);
	assert_string_equal(first, again);
	play_account_again(p, ben, "key 1", "Ben", other);
	assert_string_not_equal(first, other);
}

/* Who let the hub reach which server inside stands in the audit log, each time. */
static void test_each_server_inside_is_audited(void **state)
{
	static const char sql_rows[] =
		"SELECT count(*) FROM audit WHERE action = 'account.private_network'";
	static const char sql_last[] = "SELECT detail FROM audit WHERE action ="
				       " 'account.private_network' ORDER BY id DESC LIMIT 1";
	struct play *p = *state;
	char id[27], text[64];

	play_owner(p);
	play_account(p, "Olga", id);
	assert_int_equal(move_host(p, id, "one.example.org", false).code, 0);
	assert_int_equal(play_number(p, sql_rows), 0);
	assert_int_equal(move_host(p, id, "one.example.org", true).code, 0);
	assert_int_equal(play_number(p, sql_rows), 1);
	assert_int_equal(move_host(p, id, "one.example.org", true).code, 0);
	assert_int_equal(play_number(p, sql_rows), 1);
	assert_int_equal(move_host(p, id, "two.example.org", true).code, 0);
	assert_int_equal(play_number(p, sql_rows), 2);
	play_text(p, sql_last, text, sizeof(text));
	assert_string_equal(text, "yes: two.example.org:993");
	assert_int_equal(move_host(p, id, "two.example.org", false).code, 0);
	assert_int_equal(play_number(p, sql_rows), 3);
}

/* Log-in tests take no turns: one owner cannot fill the machine with them. */
static void test_an_owner_tests_few_accounts_at_once(void **state)
{
	enum { MOST = 4 };
	struct play *p = *state;
	char id[MOST + 1][27], name[8];
	int64_t row[MOST + 1];

	play_owner(p);
	for (int i = 0; i <= MOST; i++) {
		snprintf(name, sizeof(name), "box%d", i);
		row[i] = play_account(p, name, id[i]);
	}
	for (int i = 0; i < MOST; i++)
		assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_TEST, id[i]).code, 0);
	play_wait(p, p->imap_starts == MOST);
	assert_int_equal(ASK(p, p->api, INDEX_ACCOUNT_TEST, id[MOST]).code, THREADS_EAGAIN);
	close(play_imap(p, row[0], IMAP_MODE_TEST));
	play_exited(p, ROLE_IMAP, row[0], 0, 0);
	play_wait(p, ASK(p, p->api, INDEX_ACCOUNT_TEST, id[MOST]).code == 0);
	play_wait(p, p->imap_starts == MOST + 1);
}

static void test_another_host_voids_the_secret(void **state)
{
	static const char sql_state[] =
		"SELECT state || ' ' || secret_state || ' ' || name || ' ' || policy FROM account";
	struct play *p = *state;
	char id[27], text[64];
	int64_t row;
	int fd;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	assert_int_equal(move_host(p, id, "imap.example.org", false).code, 0);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "active set Renamed open");
	assert_int_equal(p->imap_kills, 0);
	assert_int_equal(move_host(p, id, "evil.example.com", false).code, 0);
	play_text(p, sql_state, text, sizeof(text));
	assert_string_equal(text, "draft void Renamed open");
	play_wait(p, p->imap_kills == 1);
	close(fd);
}

static struct play_answer delete_account(struct play *p, const char *id, bool keep)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_ACCOUNT_DELETE, 0);
	frame_put_text(&f, PLAY_OWNER);
	frame_put_text(&f, id);
	frame_put_int(&f, keep);
	return play_do(p, p->api, &f);
}

static void test_delete(void **state)
{
	static const char sql_accounts[] = "SELECT count(*) FROM account";
	static const char sql_messages[] = "SELECT count(*) FROM message";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(play_batch_release) struct play_batch batch = PLAY_BATCH_INIT;
	struct play *p = *state;
	char id[27];
	int64_t row, folder;
	int fd;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	folder = play_folder(p, fd, "INBOX", &f);
	play_batch_add(&batch, 1, "");
	assert_int_equal(play_batch_store(p, fd, &batch, folder, 1).stored, 1);
	assert_int_equal(delete_account(p, id, false).code, 0);
	play_wait(p, p->imap_kills == 1);
	/* vault hears of an account less. */
	do {
		hear_vault(p, VAULT_ACCOUNTS, &f);
		assert_int_equal(frame_get_int(&f), 1);
	} while (frame_get_int(&f) != 0);
	/* What it sends while it ends is not stored. */
	frame_release(&f);
	play_batch_frame(&batch, folder, 50, &f);
	play_send(p, fd, &f);
	play_wait(p, play_number(p, sql_accounts) == 0 && play_number(p, sql_messages) == 0);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 9, 0);
	play_verify(p);
	assert_int_equal(delete_account(p, id, false).code, THREADS_ENOENT);
}

static void test_delete_and_keep(void **state)
{
	static const char sql_type[] = "SELECT type FROM account";
	struct play *p = *state;
	char id[27], text[32];

	play_owner(p);
	play_active_account(p, "Olga", id);
	assert_int_equal(delete_account(p, id, true).code, 0);
	play_text(p, sql_type, text, sizeof(text));
	assert_string_equal(text, "import");
	play_account(p, "Olga", id); /* the name is free */
}

/* ---- processes that end, and too many of them ---- */

static void test_crashes_are_told_in_the_end(void **state)
{
	static const char sql_kind[] = "SELECT error_kind = 'crash' FROM account";
	static const char sql_failures[] = "SELECT failures FROM account";
	struct play *p = *state;
	char id[27];
	int64_t row;

	play_owner(p);
	row = play_active_account(p, "Olga", id);
	for (int i = 0; i < 3; i++) {
		const int fd = play_imap(p, row, IMAP_MODE_SYNC);

		/* It always dies after the log-in: that does not make it well. */
		play_imap_state(p, fd, "listing", "", 0);
		play_imap_state(p, fd, "syncing", "", 0);
		close(fd);
		assert_int_equal(play_number(p, sql_kind), 0);
		play_exited(p, ROLE_IMAP, row, 11, 0);
		play_wait(p, play_number(p, sql_failures) == i + 1);
		if (i < 2) /* after one second, then two */
			play_wait(p, p->imap_starts == 3 + i);
	}
	assert_int_equal(play_number(p, sql_kind), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
		TEST(test_users_are_kept),
		TEST(test_settings_and_audit),
		TEST(test_frames_out_of_place_close_their_peer_only),
		TEST(test_a_log_in_that_works),
		TEST(test_a_log_in_that_is_refused),
		TEST(test_a_test_whose_process_dies),
		TEST(test_a_test_follows_a_connection),
		TEST(test_a_draft_is_not_set_in_motion),
		TEST(test_pause_ends_the_connection),
		TEST(test_another_host_voids_the_secret),
		TEST(test_a_key_is_of_one_person),
		TEST(test_each_server_inside_is_audited),
		TEST(test_an_owner_tests_few_accounts_at_once),
		TEST(test_delete),
		TEST(test_delete_and_keep),
		TEST(test_crashes_are_told_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
