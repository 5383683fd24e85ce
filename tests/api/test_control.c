/* SPDX-License-Identifier: Apache-2.0 */
/* threadsctl's verbs over a real control socket; the test plays threadsctl, index, vault and auth. */
#include "api/harness.h"

#include <sys/un.h>

#include "api/exchange.h"
#include "crypto/seal.h"

struct fixture {
	struct harness h;
	char folder[64];
	struct sockaddr_un address;
	int listen_fd, fd;
};

/* What one verb answered. */
struct output {
	char lines[4096]; /* CTL_LINE, each with a line break */
	char notes[1024]; /* CTL_PROGRESS */
	char words[512];  /* of CTL_END */
	char blob[256];
	int status; /* -1: no CTL_END */
};

static int setup(void **state)
{
	static struct fixture f;
	struct threads_error err;

	f = (struct fixture){ .folder = "/tmp/threads-api-XXXXXX", .address.sun_family = AF_UNIX };
	harness_open(&f.h);
	assert_non_null(mkdtemp(f.folder));
	snprintf(f.address.sun_path, sizeof(f.address.sun_path), "%s/control.sock", f.folder);
	f.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(f.listen_fd, (struct sockaddr *)&f.address, sizeof(f.address)), 0);
	assert_int_equal(listen(f.listen_fd, 8), 0);
	assert_rc(api_listen(f.h.api, f.listen_fd, &err), 0, &err);
	f.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(f.fd, (struct sockaddr *)&f.address, sizeof(f.address)), 0);
	for (int64_t i = 1; i <= 3; i++)
		fixture_mail(f.h.store, &(struct mail){ .id = i,
							.date_ms = i * 60000,
							.audience = i,
							.account = i == 3 ? 0 : i,
							.name = "Ann",
							.address = "ann@example.org",
							.subject = "Anchor",
							.body = "A chain." });
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	harness_close(&f->h);
	close(f->fd);
	close(f->listen_fd);
	unlink(f->address.sun_path);
	rmdir(f->folder);
	return 0;
}

static void send_verb(struct fixture *f, enum frame_type type, const char *verb,
		      const char *arguments)
{
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;

	frame_begin(&frame, (uint16_t)type, 1);
	frame_put_text(&frame, verb);
	frame_put_text(&frame, arguments);
	harness_send(f->fd, &frame);
}

static void add_text(char *out, size_t size, const char *text)
{
	const size_t at = strlen(out);

	snprintf(out + at, size - at, "%s\n", text);
}

/* One frame of the answer; true at the end. */
static bool take_frame(struct frame *frame, struct output *out)
{
	switch (frame->type) {
	case CTL_LINE:
		add_text(out->lines, sizeof(out->lines), frame_get_text(frame));
		return false;
	case CTL_PROGRESS:
		add_text(out->notes, sizeof(out->notes), frame_get_text(frame));
		return false;
	case CTL_BLOB: {
		const int fd = frame_get_fd(frame);

		assert_true(pread(fd, out->blob, sizeof(out->blob) - 1, 0) > 0);
		close(fd);
		return false;
	}
	case CTL_END:
		out->status = (int)frame_get_int(frame);
		snprintf(out->words, sizeof(out->words), "%s", frame_get_text(frame));
		return true;
	default:
		fail_msg("frame %d", frame->type);
		return true;
	}
}

static void wait_end(struct fixture *f, struct output *out)
{
	*out = (struct output){ .status = -1 };
	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		CLEANUP(frame_release) struct frame frame = FRAME_INIT;

		harness_turn(&f->h);
		if (frame_recv(f->fd, &frame, NULL) == 1 && take_frame(&frame, out))
			return;
	}
	fail_msg("no end");
}

static void do_verb(struct fixture *f, const char *verb, const char *arguments, struct output *out)
{
	send_verb(f, CTL_VERB_API, verb, arguments);
	wait_end(f, out);
}

static int line_count(const struct output *out)
{
	int count = 0;

	for (const char *p = out->lines; *p; p++)
		count += *p == '\n';
	return count;
}

static void search_sees_with_the_persons_eyes(void **state)
{
	struct fixture *f = *state;
	struct output out;

	do_verb(f, "search", "{\"user\":\"ANN\",\"query\":\"anchor\",\"limit\":50,\"time\":true}",
		&out);
	assert_int_equal(out.status, 0);
	assert_int_equal(line_count(&out), 2);
	assert_non_null(strstr(out.lines, "\"from\":\"Ann <ann@example.org>\""));
	assert_non_null(strstr(out.lines, "\"snippet\":\"A chain.\""));
	assert_non_null(strstr(out.lines, "\"account\":\"Ship yard\""));
	assert_non_null(strstr(out.notes, "took_ms"));
	assert_true(harness_heard(&f->h, "audit  search.as " ANN));
	do_verb(f, "search", "{\"user\":\"ann\",\"query\":\"(anchor\",\"limit\":1}", &out);
	assert_int_equal(line_count(&out), 1);
	assert_non_null(strstr(out.notes, "open bracket"));
	do_verb(f, "search", "{\"user\":\"cy\",\"query\":\"\",\"limit\":5}", &out);
	assert_int_equal(out.status, 1);
	assert_non_null(strstr(out.words, "There is no active user “cy”"));
}

/* More hits than a page, more lines than the socket takes at once. */
static void long_lists_come_whole(void **state)
{
	struct fixture *f = *state;
	struct output out = { .status = -1 };
	int lines = 0;

	for (int64_t i = 10; i < 710; i++)
		fixture_mail(f->h.store, &(struct mail){ .id = i,
							 .date_ms = i * 60000,
							 .subject = "Anchor",
							 .body = "a longer text of a mail" });
	send_verb(f, CTL_VERB_API, "search", "{\"user\":\"ann\",\"query\":\"\",\"limit\":600}");
	for (int i = 0; i < 60; i++)
		harness_turn(&f->h); /* nobody reads meanwhile */
	for (int i = 0; i < HARNESS_TURNS_MAX && out.status < 0; i++) {
		CLEANUP(frame_release) struct frame frame = FRAME_INIT;

		harness_turn(&f->h);
		if (frame_recv(f->fd, &frame, NULL) != 1)
			continue;
		lines += frame.type == CTL_LINE;
		if (frame.type == CTL_END)
			out.status = (int)frame_get_int(&frame);
	}
	assert_int_equal(out.status, 0);
	assert_int_equal(lines, 600);
}

static void show_gives_the_message_or_its_bytes(void **state)
{
	struct fixture *f = *state;
	struct output out;

	do_verb(f, "show", "{\"id\":\"message0000000000000000001\"}", &out);
	assert_int_equal(out.status, 0);
	assert_non_null(strstr(out.lines, "\"text\":\"A chain.\""));
	assert_non_null(strstr(out.lines, "\"account\":\"Ship yard\""));
	assert_true(harness_heard(&f->h, "audit  message.read.as message0000000000000000001"));
	do_verb(f, "show", "{\"id\":\"message0000000000000000001\",\"raw\":true}", &out);
	assert_string_equal(out.blob, "Subject: x\r\n\r\nhello");
	do_verb(f, "show", "{\"id\":\"message0000000000000000001\",\"user\":\"ben\"}", &out);
	assert_int_equal(out.status, 1);
	assert_string_equal(out.words, "There is no such message.");
	f->h.index_says = THREADS_EIO;
	do_verb(f, "show", "{\"id\":\"message0000000000000000001\"}", &out);
	assert_int_equal(out.status, 1);
	assert_string_equal(out.lines, "");
}

static void lists_and_odd_verbs(void **state)
{
	struct fixture *f = *state;
	struct output out;

	do_verb(f, "user list", "{}", &out);
	assert_int_equal(line_count(&out), 5);
	do_verb(f, "account list", "{}", &out);
	assert_int_equal(line_count(&out), 2);
	assert_non_null(strstr(out.lines, "\"owner\":\"ben\""));
	do_verb(f, "ledger", "{\"account\":\"\"}", &out);
	assert_int_equal(out.status, 0);
	do_verb(f, "ledger", "{\"account\":\"nobody\"}", &out);
	assert_int_equal(out.status, 1);
	do_verb(f, "make tea", "{}", &out);
	assert_int_equal(out.status, 1);
	do_verb(f, "search", "{\"user\":\"ann\",\"sugar\":2}", &out);
	assert_int_equal(out.status, 1);
	assert_non_null(strstr(out.words, "sugar"));
	do_verb(f, "search", "{", &out);
	assert_int_equal(out.status, 1);
	do_verb(f, "user list", "{}", &out); /* the connection is still good */
	assert_int_equal(out.status, 0);
}

/* auth finds the connection as threadsctl left it: its first frame unread. */
static void signin_verbs_are_passed_on_unread(void **state)
{
	struct fixture *f = *state;
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	int passed;

	f->h.auth_fd = harness_link(&f->h, ROLE_AUTH);
	send_verb(f, CTL_VERB_AUTH, "owner create", "{\"password\":\"secret\"}");
	for (int i = 0; i < 20; i++)
		harness_turn(&f->h);
	assert_int_equal(frame_recv(f->h.auth_fd, &frame, NULL), 1);
	assert_int_equal(frame.type, AUTH_CONTROL);
	passed = frame_get_fd(&frame);
	assert_int_equal(frame_recv(passed, &frame, NULL), 1);
	assert_int_equal(frame.type, CTL_VERB_AUTH);
	assert_string_equal(frame_get_text(&frame), "owner create");
	close(passed);
}

static void without_auth_the_command_is_told(void **state)
{
	struct fixture *f = *state;
	struct output out;

	send_verb(f, CTL_VERB_AUTH, "setup-link", "{}");
	wait_end(f, &out);
	assert_int_equal(out.status, 1);
	assert_non_null(strstr(out.words, "Try again"));
}

/* Answers index's questions by hand, one at a time. */
static void index_waits(struct fixture *f, enum frame_type type)
{
	f->h.index_silent = true;
	for (int i = 0; i < HARNESS_TURNS_MAX && f->h.unanswered.type != type; i++)
		harness_turn(&f->h);
	assert_int_equal(f->h.unanswered.type, type);
}

static void index_done(struct fixture *f, const char *id, const char *words)
{
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;

	frame_begin(&frame, INDEX_DONE, f->h.unanswered.id);
	frame_put_text(&frame, id);
	frame_put_text(&frame, words);
	harness_send(f->h.index_fd, &frame);
	f->h.unanswered.type = 0;
}

static void next(struct fixture *f, struct frame *frame, enum frame_type type)
{
	for (int i = 0; i < HARNESS_TURNS_MAX; i++) {
		harness_turn(&f->h);
		if (frame_recv(f->fd, frame, NULL) == 1 && frame->type != CTL_PROGRESS)
			break;
	}
	assert_int_equal(frame->type, type);
}

static void send_files(struct fixture *f, int last, int count)
{
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	frame_begin(&frame, CTL_FILES, 1);
	frame_put_int(&frame, last);
	frame_put_int(&frame, count);
	for (int i = 0; i < count; i++) {
		frame_put_text(&frame, "a.eml");
		frame_put_int(&frame, 5);
	}
	for (int i = 0; i < count; i++)
		frame_put_fd(&frame, fd);
	harness_send(f->fd, &frame);
	close(fd);
}

static const char import_row[] =
	"INSERT INTO import (id, public_id, account_id, owner_id, source, format, label, state,"
	" read_count, stored_count, created_ms, started_ms, ended_ms)"
	" VALUES (1, 'iiiiiiiiiiiiiiiiiiiiiiiiii', 1, 1, 'control', 'eml', 'x', 'done', 3, 3, 0, 1000,"
	" 3000);";

static void files_of_an_import_go_on_to_index(void **state)
{
	struct fixture *f = *state;
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	struct output out;

	fixture_sql(f->h.store, import_row);
	send_verb(f, CTL_VERB_API, "import", "{\"account\":\"x\",\"owner\":\"\",\"kind\":\"eml\"}");
	index_waits(f, INDEX_IMPORT_CREATE);
	index_done(f, "iiiiiiiiiiiiiiiiiiiiiiiiii", "");
	next(f, &frame, CTL_LINE);
	assert_string_equal(frame_get_text(&frame),
			    "{\"import\":\"iiiiiiiiiiiiiiiiiiiiiiiiii\",\"taken\":0}");
	send_files(f, 0, 2);
	index_waits(f, INDEX_IMPORT_FILES);
	assert_int_equal(f->h.unanswered.fd_count, 2);
	index_done(f, "iiiiiiiiiiiiiiiiiiiiiiiiii", "2");
	next(f, &frame, CTL_FILES_TAKEN);
	assert_int_equal(frame_get_int(&frame), 2);
	send_files(f, 1, 1);
	index_waits(f, INDEX_IMPORT_FILES);
	index_done(f, "iiiiiiiiiiiiiiiiiiiiiiiiii", "3");
	next(f, &frame, CTL_FILES_TAKEN);
	f->h.index_silent = false;
	wait_end(f, &out);
	assert_int_equal(out.status, 0);
	assert_string_equal(out.lines, "{\"read\":3,\"stored\":3,\"duplicate\":0,\"excluded\":0,"
				       "\"failed\":0,\"bytes\":0,\"seconds\":2.0}\n");
}

/* threadsctl then connects again and resumes. */
static void an_import_over_which_index_dies_loses_its_connection(void **state)
{
	struct fixture *f = *state;
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	int rc = 1;

	send_verb(f, CTL_VERB_API, "import",
		  "{\"account\":\"x\",\"owner\":\"ann\",\"kind\":\"eml\"}");
	index_waits(f, INDEX_IMPORT_CREATE);
	index_done(f, "iiiiiiiiiiiiiiiiiiiiiiiiii", "");
	next(f, &frame, CTL_LINE);
	send_files(f, 0, 1);
	index_waits(f, INDEX_IMPORT_FILES);
	harness_index_gone(&f->h);
	for (int i = 0; i < 50 && rc != 0; i++) {
		harness_turn(&f->h);
		rc = frame_recv(f->fd, &frame, NULL);
	}
	assert_int_equal(rc, 0);
	close(f->fd);
	f->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(f->fd, (struct sockaddr *)&f->address, sizeof(f->address)), 0);
	f->h.index_fd = harness_link(&f->h, ROLE_INDEX);
	send_verb(f, CTL_VERB_API, "import", "{\"resume\":\"iiiiiiiiiiiiiiiiiiiiiiiiii\"}");
	index_waits(f, INDEX_IMPORT_START);
	index_done(f, "iiiiiiiiiiiiiiiiiiiiiiiiii", "41");
	next(f, &frame, CTL_LINE);
	assert_non_null(strstr(frame_get_text(&frame), "\"taken\":41"));
}

static void vault_answer_key(struct fixture *f)
{
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	unsigned char key[SEAL_PUBLIC_LEN] = { 4 };

	f->h.vault_fd = harness_link(&f->h, ROLE_VAULT);
	for (int i = 0; i < 20 && frame_recv(f->h.vault_fd, &frame, NULL) != 1; i++)
		harness_turn(&f->h);
	assert_int_equal(frame.type, VAULT_PUBLIC_KEY);
	frame_begin(&frame, VAULT_PUBLIC_KEY_IS, frame.id);
	frame_put_bytes(&frame, key, sizeof(key));
	frame_put_text(&frame, "1234-5678");
	harness_send(f->h.vault_fd, &frame);
	for (int i = 0; i < 20; i++)
		harness_turn(&f->h);
}

static void a_password_goes_sealed_to_the_vault_and_is_tried(void **state)
{
	struct fixture *f = *state;
	CLEANUP(frame_release) struct frame frame = FRAME_INIT;
	struct output out;
	size_t len;

	fixture_sql(
		f->h.store,
		"INSERT INTO account (id, public_id, name, type, owner_id, policy, state,"
		" provider, host, port, tls, login, created_ms) VALUES (7,"
		" 'accountmmmmmmmmmmmmmmmmmmm', 'Mail', 'imap', 1, 'closed', 'draft', 'generic',"
		" 'mail.test', 993, 'implicit', 'ann', 0);");
	vault_answer_key(f);
	do_verb(f, "account set-password", "{\"account\":\"mail\"}", &out);
	assert_non_null(strstr(out.lines, "\"host\":\"mail.test\",\"port\":\"993\""));
	send_verb(f, CTL_VERB_API, "account secret",
		  "{\"account_id\":\"accountmmmmmmmmmmmmmmmmmmm\",\"box\":\"AQID\"}");
	for (int i = 0; i < 50 && frame_recv(f->h.vault_fd, &frame, NULL) != 1; i++)
		harness_turn(&f->h);
	assert_int_equal(frame.type, VAULT_PUT);
	assert_string_equal(frame_get_text(&frame), "accountmmmmmmmmmmmmmmmmmmm");
	assert_memory_equal(frame_get_bytes(&frame, &len), "AQID", 4); /* as it came */
	assert_int_equal(len, 4);
	frame_begin(&frame, IPC_OK, frame.id);
	harness_send(f->h.vault_fd, &frame);
	index_waits(f, INDEX_ACCOUNT_TEST);
	fixture_sql(f->h.store, "UPDATE account SET secret_state = 'set' WHERE id = 7");
	index_done(f, "accountmmmmmmmmmmmmmmmmmmm", "");
	for (int i = 0; i < 50; i++)
		harness_turn(&f->h);
	fixture_sql(f->h.store, "UPDATE account SET secret_state = 'none', error_kind = 'login',"
				" error_text = 'Refused.', error_next = 'Type it again.'"
				" WHERE id = 7");
	wait_end(f, &out);
	assert_int_equal(out.status, 1);
	assert_string_equal(out.words, "Refused. Type it again.");
	assert_non_null(strstr(out.lines, "\"state\":\"draft\""));
}

static void words_become_a_sentence(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "the disk is full", "The disk is full." },
		{ "is it? ask.", "Is it? ask." },
		{ "hub.db: page 3 is damaged", "hub.db: page 3 is damaged." },
		{ "no. never", "No. never." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);

		exchange_sentence(&out, pairs[i][0]);
		assert_string_equal(strbuf_str(&out), pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(search_sees_with_the_persons_eyes, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lists_come_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(show_gives_the_message_or_its_bytes, setup,
						teardown),
		cmocka_unit_test(words_become_a_sentence),
		cmocka_unit_test_setup_teardown(lists_and_odd_verbs, setup, teardown),
		cmocka_unit_test_setup_teardown(signin_verbs_are_passed_on_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(without_auth_the_command_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(files_of_an_import_go_on_to_index, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_import_over_which_index_dies_loses_its_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(a_password_goes_sealed_to_the_vault_and_is_tried,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
