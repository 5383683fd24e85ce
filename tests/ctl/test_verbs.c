/* SPDX-License-Identifier: Apache-2.0 */
/* threadsctl as a program, against a hub played by a thread behind a real control socket. */
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "core/encode.h"
#include "core/json.h"
#include "crypto/hmac.h"
#include "crypto/seal.h"
#include "ipc/frame.h"
#include "threads/protocol.h"

extern char **environ;

enum { FILE_COUNT = 2600, BREAK_AFTER = 1200 };

/* The played hub. */
struct world {
	char root[64];
	int listener;
	pthread_t thread;
	bool stop;
	int connections, verbs, files, resumed_at;
	char verb[64], password[64];
	struct seal_key *key;
};

static struct world world;

/* ---- the hub's side (no assertions: another thread) ---- */

static void send_frame(int fd, const struct frame *f)
{
	struct threads_error err;

	while (frame_send(fd, f, &err) == THREADS_EAGAIN)
		usleep(1000);
}

static void say(int fd, uint16_t type, const char *json)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, 0);
	frame_put_text(&f, json);
	send_frame(fd, &f);
}

static void say_end(int fd, int status, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_END, 0);
	frame_put_int(&f, status);
	frame_put_text(&f, words);
	send_frame(fd, &f);
}

static void say_blob(int fd, const char *text)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int blob = memfd_create("blob", MFD_CLOEXEC);

	(void)!write(blob, text, strlen(text));
	frame_begin(&f, CTL_BLOB, 0);
	frame_put_fd(&f, blob);
	send_frame(fd, &f);
}

static void say_bound(int fd, const json_t *arguments)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(200);
	CLEANUP(strbuf_release) struct strbuf json = STRBUF_INIT(2000);
	const char *host = json_string_value(json_object_get(arguments, "host"));

	base64url_append(&key, seal_key_public(world.key), SEAL_PUBLIC_LEN);
	/* "evil" asks to have the password sealed for another host. */
	strbuf_addf(
		&json,
		"{\"account_id\":\"acc\",\"account\":\"Work\",\"public_key\":\"%s\","
		"\"provider\":\"generic\",\"host\":\"%s\",\"port\":\"993\",\"tls\":\"implicit\","
		"\"user\":\"anna\",\"ca\":\"\"}",
		strbuf_str(&key),
		host && strcmp(host, "evil.test") == 0 ? "other.test" : "mail.test");
	say(fd, CTL_LINE, strbuf_str(&json));
	say_end(fd, 0, "");
}

static void open_box(const char *box)
{
	static const struct seal_binding binding = { "acc",      "generic", "mail.test", "993",
						     "implicit", "",        "anna" };
	CLEANUP(secret_release) struct strbuf secret = STRBUF_INIT(SEAL_SECRET_MAX);

	if (box && seal_open(world.key, &binding, box, strlen(box), &secret, NULL) == 0)
		snprintf(world.password, sizeof(world.password), "%s", strbuf_str(&secret));
}

/* Takes files; breaks the connection once in the middle. False when it broke. */
static bool play_import(int fd, const json_t *arguments)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(frame_release) struct frame taken = FRAME_INIT;
	const bool resumed = json_object_get(arguments, "resume") != NULL;
	char line[200];
	struct threads_error err;
	bool last = false;

	if (resumed)
		world.resumed_at = world.files = BREAK_AFTER;
	snprintf(line, sizeof(line), "{\"import\":\"imp\",\"taken\":%d}", world.files);
	say(fd, CTL_LINE, line);
	while (!last && frame_recv(fd, &f, &err) == 1 && f.type == CTL_FILES) {
		last = frame_get_int(&f) == 1;
		world.files += (int)frame_get_int(&f);
		if (!resumed && world.files > BREAK_AFTER)
			return false;
		usleep(2000);
		frame_begin(&taken, CTL_FILES_TAKEN, 0);
		frame_put_int(&taken, world.files);
		send_frame(fd, &taken);
		say(fd, CTL_PROGRESS, "{\"read\":1,\"bytes\":1,\"rate\":1.5,\"seconds_left\":70}");
	}
	snprintf(line, sizeof(line),
		 "{\"read\":%d,\"stored\":%d,\"duplicate\":0,\"excluded\":0,\"failed\":0,"
		 "\"bytes\":1,\"seconds\":0.5}",
		 world.files, world.files);
	say(fd, CTL_LINE, line);
	say_end(fd, 0, "");
	return true;
}

/* False: end the connection. */
static bool play_verb(int fd, const char *verb, const json_t *arguments)
{
	if (strcmp(verb, "search") == 0 && world.verbs == 1)
		return false; /* api dies once: asked again */
	if (strcmp(verb, "search") == 0) {
		say(fd, CTL_LINE, "{\"id\":\"m1\",\"subject\":\"a\\u001b[31mb\"}");
		say(fd, CTL_LINE, "{\"id\":\"m2\"}");
		say(fd, CTL_PROGRESS, "{\"took_ms\":1.25}");
	} else if (strcmp(verb, "account list") == 0) {
		say(fd, CTL_LINE, "{\"name\":\"Work\"}");
	} else if (strcmp(verb, "show") == 0) {
		say_blob(fd, "raw \001 bytes\r\n");
	} else if (strcmp(verb, "verify") == 0) {
		if (json_is_true(json_object_get(arguments, "deep")))
			say(fd, CTL_LINE, "{\"faults\":[\"hub.db: page 3\"]}");
		say_end(fd, 1, "2 faults were found");
		return true;
	} else if (strcmp(verb, "account add") == 0) {
		say_bound(fd, arguments);
		return true;
	} else if (strcmp(verb, "account secret") == 0) {
		open_box(json_string_value(json_object_get(arguments, "box")));
		say(fd, CTL_LINE, "{\"account\":\"Work\",\"state\":\"active\",\"error\":null}");
	} else if (strcmp(verb, "import") == 0) {
		return play_import(fd, arguments);
	} else if (strcmp(verb, "owner create") == 0) {
		snprintf(world.password, sizeof(world.password), "%s",
			 json_string_value(json_object_get(arguments, "password")));
		say(fd, CTL_LINE, "{\"user\":\"anna\",\"totp_secret\":\"AAAA\"}");
	}
	say_end(fd, 0, "");
	return true;
}

static void play_connection(int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	bool go_on = true;

	world.connections++;
	while (go_on && frame_recv(fd, &f, &err) == 1) {
		CLEANUP(json_freep) json_t *arguments = NULL;
		const uint16_t type = f.type;
		const char *text;

		snprintf(world.verb, sizeof(world.verb), "%s", frame_get_text(&f));
		text = frame_get_text(&f);
		if (json_parse_object(text, strlen(text), &arguments, &err) < 0)
			return;
		if ((type == CTL_VERB_AUTH) != (strcmp(world.verb, "owner create") == 0))
			return;
		world.verbs++;
		go_on = play_verb(fd, world.verb, arguments);
	}
}

static void *play(void *arg)
{
	(void)arg;
	for (;;) {
		AUTO_FD int fd = accept4(world.listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || world.stop)
			return NULL;
		play_connection(fd);
	}
}

/* ---- the test's side ---- */

static int open_listener(const char *run)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", run);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int setup(void **state)
{
	static const unsigned char seed[SEAL_SEED_LEN] = { 1, 2, 3 };
	struct threads_error err;
	char run[80];

	(void)state;
	world = (struct world){ .root = "/tmp/threads-ctl-XXXXXX", .resumed_at = -1 };
	assert_non_null(mkdtemp(world.root));
	snprintf(run, sizeof(run), "%s/run", world.root);
	assert_int_equal(mkdir(run, 0700), 0);
	assert_rc(seal_keypair_from_seed(seed, &world.key, &err), 0, &err);
	world.listener = open_listener(run);
	assert_int_equal(pthread_create(&world.thread, NULL, play, NULL), 0);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	world.stop = true;
	shutdown(world.listener, SHUT_RDWR);
	pthread_join(world.thread, NULL);
	close(world.listener);
	world.key = seal_key_free(world.key);
	return nftw(world.root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct ran {
	int status;
	char out[8192], err[8192];
};

static void read_back(int fd, char *buf, size_t size)
{
	const ssize_t n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
}

/* Runs threadsctl --data ROOT with these words; input goes to its standard input. */
static struct ran run(const char *input, const char *const *words)
{
	static const char program[] = THREADS_BINARY_DIR "/threadsctl";
	AUTO_FD int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
	AUTO_FD int err = memfd_create("err", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	char text[16][256], *argv[18] = { NULL };
	struct ran ran = { 0 };
	int status;
	pid_t pid;

	snprintf(text[0], sizeof(text[0]), "threadsctl");
	snprintf(text[1], sizeof(text[1]), "--data=%s", world.root);
	argv[0] = text[0];
	argv[1] = text[1];
	for (size_t i = 0; words[i]; i++) {
		snprintf(text[i + 2], sizeof(text[0]), "%s", words[i]);
		argv[i + 2] = text[i + 2];
	}
	assert_int_equal(write(in, input, strlen(input)), strlen(input));
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, err, 2);
	assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	ran.status = WEXITSTATUS(status);
	read_back(out, ran.out, sizeof(ran.out));
	read_back(err, ran.err, sizeof(ran.err));
	return ran;
}

#define RUN(input, ...) run(input, (const char *const[]){ __VA_ARGS__, NULL })

static void test_search(void **state)
{
	struct ran ran;

	(void)state;
	world.verbs = 0;
	ran = RUN("", "search", "--user", "anna", "-x", "--json", "--time");
	assert_int_equal(ran.status, 0);
	assert_string_equal(ran.out,
			    "{\"id\":\"m1\",\"subject\":\"a\\u001B[31mb\"}\n{\"id\":\"m2\"}\n");
	assert_string_equal(ran.err, "1.250\n");
	assert_int_equal(world.verbs, 2); /* asked again after api died */
	ran = RUN("", "search", "--user", "anna", "x");
	assert_null(strchr(ran.out, '\033'));
	assert_int_equal(RUN("", "search", "--user", "a", "x", "--sort", "odd").status, 2);
}

static void test_list_is_an_array(void **state)
{
	struct ran ran = RUN("", "account", "list", "--json");

	(void)state;
	assert_string_equal(ran.out, "[{\"name\":\"Work\"}]\n");
	ran = RUN("", "user", "list", "--json");
	assert_string_equal(ran.out, "[]\n");
}

static void test_failure_has_words_and_status(void **state)
{
	const struct ran ran = RUN("", "verify", "--json");

	(void)state;
	assert_int_equal(ran.status, 1);
	assert_string_equal(ran.err, "threadsctl: 2 faults were found\n");
	assert_string_equal(ran.out, "");
}

/* Who reads "0 messages" believes that they are lost. */
static void test_a_check_that_ended_early_says_no_figures(void **state)
{
	const struct ran ran = RUN("", "verify", "--deep");

	(void)state;
	assert_int_equal(ran.status, 1);
	assert_string_equal(ran.out, "the check of hub.db could not go on, 1 fault\n"
				     "hub.db: page 3\n");
}

static void test_raw_bytes(void **state)
{
	const struct ran ran = RUN("", "show", "m1", "--raw");

	(void)state;
	assert_int_equal(ran.status, 0);
	assert_string_equal(ran.out, "raw \001 bytes\r\n");
}

static void test_password_is_sealed(void **state)
{
	struct ran ran =
		RUN("pass word\n", "account", "add", "--name", "Work", "--imap", "mail.test:993",
		    "--tls", "implicit", "--user", "anna", "--password-stdin", "--json");

	(void)state;
	if (ran.status != 0)
		fail_msg("%s", ran.err);
	assert_string_equal(ran.out,
			    "{\"account\":\"Work\",\"state\":\"active\",\"error\":null}\n");
	assert_string_equal(world.password, "pass word");
}

static void test_password_is_not_sealed_for_another_host(void **state)
{
	struct ran ran;

	(void)state;
	world.password[0] = '\0';
	ran = RUN("pass word\n", "account", "add", "--name", "Work", "--imap", "evil.test:993",
		  "--tls", "implicit", "--user", "anna", "--password-stdin");
	assert_int_equal(ran.status, 1);
	assert_non_null(strstr(ran.err, "another host"));
	assert_string_equal(world.verb, "account add"); /* nothing was sent after it */
	assert_string_equal(world.password, "");
}

static void test_owner_create_goes_to_auth(void **state)
{
	const struct ran ran = RUN("long password", "owner", "create", "--name", "anna",
				   "--password-stdin", "--print-totp", "--json");

	(void)state;
	assert_int_equal(ran.status, 0);
	assert_string_equal(world.password, "long password");
	assert_string_equal(ran.out, "{\"user\":\"anna\",\"totp_secret\":\"AAAA\"}\n");
	assert_int_equal(
		RUN("", "owner", "create", "--name", "anna", "--password-stdin", "--print-totp")
			.status,
		1); /* no password came */
}

static void test_import_is_taken_up_again(void **state)
{
	char path[256], want[64];
	struct ran ran;

	(void)state;
	snprintf(path, sizeof(path), "%s/cur", world.root);
	assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i < FILE_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/cur/%06d", world.root, i);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	ran = RUN("", "import", "--account", "Old", "maildir", world.root, "--json");
	if (ran.status != 0)
		fail_msg("%s", ran.err);
	snprintf(want, sizeof(want), "{\"read\":%d,", FILE_COUNT);
	assert_memory_equal(ran.out, want, strlen(want));
	assert_int_equal(world.resumed_at, BREAK_AFTER);
	assert_int_equal(world.files, FILE_COUNT);
	assert_int_equal(RUN("", "import", "--account", "Old", "odd", "/tmp").status, 2);
	assert_int_equal(RUN("", "import", "--account", "Old", "eml", "/nonexistent").status, 1);
}

static void test_without_a_hub(void **state)
{
	struct ran ran;
	char last;

	(void)state;
	ran = RUN("", "version", "--json");
	assert_int_equal(ran.status, 0);
	ran = RUN("", "speech", "test", "/tmp/x");
	assert_int_equal(ran.status, 1);
	assert_non_null(strstr(ran.err, "later version"));
	last = world.root[strlen(world.root) - 1];
	world.root[strlen(world.root) - 1] = '_'; /* another folder: no hub */
	ran = RUN("", "status");
	world.root[strlen(world.root) - 1] = last;
	assert_int_equal(ran.status, 1);
	assert_non_null(strstr(ran.err, "no hub runs in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_list_is_an_array),
		cmocka_unit_test(test_failure_has_words_and_status),
		cmocka_unit_test(test_a_check_that_ended_early_says_no_figures),
		cmocka_unit_test(test_raw_bytes),
		cmocka_unit_test(test_password_is_sealed),
		cmocka_unit_test(test_password_is_not_sealed_for_another_host),
		cmocka_unit_test(test_owner_create_goes_to_auth),
		cmocka_unit_test(test_import_is_taken_up_again),
		cmocka_unit_test(test_without_a_hub),
	};

	return cmocka_run_group_tests_name("ctl/verbs", tests, setup, teardown);
}
