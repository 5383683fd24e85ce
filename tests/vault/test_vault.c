/* SPDX-License-Identifier: Apache-2.0 */
/* The vault over socket pairs: who may ask what, and what comes back. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "crypto/hmac.h"
#include "ipc/frame.h"
#include "vault/vault.h"

#define ACCOUNT_A "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ACCOUNT_B "bbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char password[] = "correct horse \xC3\xBC";

struct scene {
	char dir[64];
	unsigned char seed[SEAL_SEED_LEN];
	struct loop *loop;
	struct vault *vault;
	int api, index, imap;
};

static struct threads_error err;

static int add_link_for(struct scene *s, enum role role, const char *host, int port)
{
	const struct vault_place place = { host, port };
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_rc(vault_add_link(s->vault, pair[1], role, 1, &place, &err), 0, &err);
	return pair[0];
}

static int add_link(struct scene *s, enum role role)
{
	return add_link_for(s, role, "imap.example.org", 993);
}

static void open_vault(struct scene *s)
{
	assert_rc(vault_new(s->loop, s->dir, s->seed, NULL, &s->vault, &err), 0, &err);
	s->api = add_link(s, ROLE_API);
	s->index = add_link(s, ROLE_INDEX);
	s->imap = add_link(s, ROLE_IMAP);
}

static void close_vault(struct scene *s)
{
	s->vault = vault_free(s->vault);
	close(s->api);
	close(s->index);
	close(s->imap);
}

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	memcpy(s->dir, "/tmp/threads-vault-XXXXXX", sizeof("/tmp/threads-vault-XXXXXX"));
	assert_non_null(mkdtemp(s->dir));
	memset(s->seed, 7, sizeof(s->seed));
	assert_rc(loop_new(&s->loop, &err), 0, &err);
	open_vault(s);
	*state = s;
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = { "vault.db", "vault.db-wal", "vault.db-shm" };
	struct scene *s = *state;
	char path[128];

	close_vault(s);
	loop_free(s->loop);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, files[i]);
		unlink(path);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

/* Sends a question and waits. Returns 1, or 0 if the vault closed the link. */
static int ask(struct scene *s, int fd, struct frame *question, struct frame *answer)
{
	assert_rc(frame_send(fd, question, &err), 0, &err);
	for (int i = 0; i < 100; i++) {
		int rc;

		assert_true(loop_turn(s->loop, 10, &err) >= 0);
		rc = frame_recv(fd, answer, &err);
		if (rc >= 0)
			return rc;
		assert_int_equal(rc, THREADS_EAGAIN);
	}
	fail_msg("the vault does not answer");
	return 0;
}

static struct seal_binding binding(const char *account)
{
	return (struct seal_binding){ account,    "generic", "imap.example.org", "993",
				      "implicit", "",        "alice@example.org" };
}

static void put_fields(struct frame *f, const struct seal_binding *b)
{
	frame_put_text(f, b->provider);
	frame_put_text(f, b->host);
	frame_put_text(f, b->port);
	frame_put_text(f, b->tls_mode);
	frame_put_text(f, b->ca);
	frame_put_text(f, b->user);
}

/* Seals as a browser does, with what the vault says its key is. */
static void seal(struct scene *s, const struct seal_binding *b, struct strbuf *box)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const unsigned char *key;
	size_t len;

	frame_begin(&question, VAULT_PUBLIC_KEY, 1);
	assert_int_equal(ask(s, s->api, &question, &answer), 1);
	assert_int_equal(answer.type, VAULT_PUBLIC_KEY_IS);
	key = frame_get_bytes(&answer, &len);
	assert_int_equal(len, SEAL_PUBLIC_LEN);
	assert_int_equal(strlen(frame_get_text(&answer)), SEAL_FINGERPRINT_SIZE - 1);
	assert_rc(seal_make(key, b, password, strlen(password), box, &err), 0, &err);
}

/* Returns 0, or the error's code. */
static int put(struct scene *s, const struct seal_binding *b, const struct strbuf *box)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&question, VAULT_PUT, 2);
	frame_put_text(&question, b->account);
	frame_put_bytes(&question, box->data, box->len);
	put_fields(&question, b);
	assert_int_equal(ask(s, s->api, &question, &answer), 1);
	return answer.type == IPC_OK ? 0 : (int)frame_get_int(&answer);
}

static void keep(struct scene *s, const char *account)
{
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	const struct seal_binding b = binding(account);

	seal(s, &b, &box);
	assert_int_equal(put(s, &b, &box), 0);
}

/* 0 if the right password came, the error's code, or 1 if the link was closed. */
static int get(struct scene *s, int fd, const struct seal_binding *b)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const char *bytes;
	size_t len;

	frame_begin(&question, VAULT_OPEN, 3);
	frame_put_text(&question, b->account);
	put_fields(&question, b);
	if (ask(s, fd, &question, &answer) == 0)
		return 1;
	if (answer.type == IPC_ERROR)
		return (int)frame_get_int(&answer);
	bytes = frame_get_bytes(&answer, &len);
	assert_int_equal(len, strlen(password));
	assert_memory_equal(bytes, password, len);
	return 0;
}

static void test_keeps_and_opens(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A);

	assert_int_equal(get(s, s->imap, &a), THREADS_ENOENT);
	keep(s, ACCOUNT_A);
	assert_int_equal(get(s, s->imap, &a), 0);
	/* Also after a restart with the same key; not with another. */
	close_vault(s);
	open_vault(s);
	assert_int_equal(get(s, s->imap, &a), 0);
	close_vault(s);
	s->seed[0] ^= 1;
	open_vault(s);
	assert_int_equal(get(s, s->imap, &a), THREADS_EDENIED);
}

static void test_any_other_field_voids(void **state)
{
	struct scene *s = *state;
	struct seal_binding b = binding(ACCOUNT_A);
	const char **fields[] = { &b.provider, &b.host, &b.port, &b.tls_mode, &b.ca, &b.user };

	keep(s, ACCOUNT_A);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *right = *fields[i];

		*fields[i] = "other";
		assert_int_equal(get(s, s->imap, &b), THREADS_EDENIED);
		*fields[i] = right;
		assert_int_equal(get(s, s->imap, &b), 0);
	}
}

static void test_refuses_boxes_of_other_fields(void **state)
{
	struct scene *s = *state;
	CLEANUP(strbuf_release) struct strbuf box = STRBUF_INIT(SEAL_TEXT_MAX);
	struct seal_binding b = binding(ACCOUNT_A);

	seal(s, &b, &box);
	b.host = "evil.example.org";
	assert_int_equal(put(s, &b, &box), THREADS_EINVAL);
	b = binding(ACCOUNT_A);
	assert_int_equal(get(s, s->imap, &b), THREADS_ENOENT);
	box.len--;
	assert_int_equal(put(s, &b, &box), THREADS_EINVAL);
	box.len = 0;
	assert_int_equal(put(s, &b, &box), THREADS_EINVAL);
}

static void test_a_link_opens_one_account(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A), b = binding(ACCOUNT_B);
	int other;

	keep(s, ACCOUNT_A);
	keep(s, ACCOUNT_B);
	assert_int_equal(get(s, s->imap, &a), 0);
	assert_int_equal(get(s, s->imap, &b), 1); /* closed */
	other = add_link(s, ROLE_IMAP);
	assert_int_equal(get(s, other, &b), 0);
	assert_int_equal(get(s, other, &a), 1);
	close(other);
}

/* Taken over before it asked, a process knows what to ask for: it is still at its own server. */
static void test_a_link_opens_for_its_server(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A);
	const int host = add_link_for(s, ROLE_IMAP, "evil.example.org", 993);
	const int port = add_link_for(s, ROLE_IMAP, "imap.example.org", 143);

	keep(s, ACCOUNT_A);
	assert_int_equal(get(s, host, &a), THREADS_EDENIED);
	assert_int_equal(get(s, port, &a), THREADS_EDENIED);
	assert_int_equal(get(s, s->imap, &a), 0);
	close(host);
	close(port);
}

static void test_nobody_else_opens(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A);

	keep(s, ACCOUNT_A);
	assert_int_equal(get(s, s->api, &a), 1);
	assert_int_equal(get(s, s->index, &a), 1);
	assert_int_equal(get(s, s->imap, &a), 0);
}

static void test_no_link_to_http(void **state)
{
	struct scene *s = *state;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(vault_add_link(s->vault, pair[1], ROLE_HTTP, 0, NULL, &err),
			 THREADS_EINVAL);
	close(pair[0]);
}

static void test_delete(void **state)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A);

	keep(s, ACCOUNT_A);
	for (int i = 0; i < 2; i++) { /* gone is fine */
		frame_begin(&question, VAULT_DELETE, 4);
		frame_put_text(&question, ACCOUNT_A);
		assert_int_equal(ask(s, s->api, &question, &answer), 1);
		assert_int_equal(answer.type, IPC_OK);
		assert_int_equal(get(s, s->imap, &a), THREADS_ENOENT);
	}
}

static void say_accounts(struct scene *s, bool last, const char *account)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&question, VAULT_ACCOUNTS, 5);
	frame_put_int(&question, last);
	frame_put_int(&question, account ? 1 : 0);
	if (account)
		frame_put_text(&question, account);
	assert_int_equal(ask(s, s->index, &question, &answer), 1);
	assert_int_equal(answer.type, IPC_OK);
}

static void test_removes_orphans(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A), b = binding(ACCOUNT_B);
	const int imap_b = add_link(s, ROLE_IMAP);

	keep(s, ACCOUNT_A);
	keep(s, ACCOUNT_B);
	/* The list comes in two parts: nothing is removed before the last. */
	say_accounts(s, false, ACCOUNT_A);
	assert_int_equal(get(s, imap_b, &b), 0);
	say_accounts(s, true, ACCOUNT_B);
	assert_int_equal(get(s, s->imap, &a), 0);
	assert_int_equal(get(s, imap_b, &b), 0);
	say_accounts(s, true, ACCOUNT_B);
	assert_int_equal(get(s, s->imap, &a), THREADS_ENOENT);
	assert_int_equal(get(s, imap_b, &b), 0);
	say_accounts(s, true, NULL);
	assert_int_equal(get(s, imap_b, &b), THREADS_ENOENT);
	close(imap_b);
}

static bool file_has(const struct scene *s, const char *name, const char *text)
{
	static char bytes[1 << 20];
	char path[128];
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "re");
	if (f) {
		len = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
	}
	return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void test_no_password_on_disk(void **state)
{
	struct scene *s = *state;
	const struct seal_binding a = binding(ACCOUNT_A);

	keep(s, ACCOUNT_A);
	assert_int_equal(get(s, s->imap, &a), 0);
	/* The control: what is not secret is there. */
	assert_true(file_has(s, "vault.db", ACCOUNT_A) || file_has(s, "vault.db-wal", ACCOUNT_A));
	assert_false(file_has(s, "vault.db", password));
	assert_false(file_has(s, "vault.db-wal", password));
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_keeps_and_opens),
		scene_test(test_any_other_field_voids),
		scene_test(test_refuses_boxes_of_other_fields),
		scene_test(test_a_link_opens_one_account),
		scene_test(test_a_link_opens_for_its_server),
		scene_test(test_nobody_else_opens),
		scene_test(test_no_link_to_http),
		scene_test(test_delete),
		scene_test(test_removes_orphans),
		scene_test(test_no_password_on_disk),
	};

	return cmocka_run_group_tests_name("vault/vault", tests, NULL, NULL);
}
