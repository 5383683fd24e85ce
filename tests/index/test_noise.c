/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of the right shape with values out of a hat, and of wrong shapes: index
 * lives, and what it has stored fits together afterwards. The hat is the same
 * every time; ROUNDS in the environment makes it another, longer evening.
 */
#include "play.h"

#include <poll.h>

#include "ipc/memfd.h"

struct hat {
	uint64_t state;
	char account[27], import[27], file[27];
	int64_t folder;
	int sealed, unsealed;
};

static uint64_t draw(struct hat *hat, uint64_t below)
{
	hat->state ^= hat->state << 13;
	hat->state ^= hat->state >> 7;
	hat->state ^= hat->state << 17;
	return (hat->state >> 11) % below;
}

/*
 * i int, t text, b bytes, f descriptor, as in protocol.h; a list has one or two
 * entries. Mostly right: 1, 2 that number, n a small one, F folder, A account,
 * M import, U file of it.
 */
static const struct {
	enum role role;
	uint16_t type;
	const char *shape;
} shapes[] = {
	{ ROLE_AUTH, USER_CREATE, "ttttt" },
	{ ROLE_AUTH, USER_STATE, "tt" },
	{ ROLE_AUTH, USER_LIST, "" },
	{ ROLE_AUTH, AUDIT_ADD, "tttt" },
	{ ROLE_API, AUDIT_ADD, "tttt" },
	{ ROLE_API, INDEX_USER_UPDATE, "tttt" },
	{ ROLE_API, INDEX_SETTINGS, "tt" },
	{ ROLE_API, INDEX_ACCOUNT_CREATE, "ttttttttittt1n" },
	{ ROLE_API, INDEX_ACCOUNT_UPDATE, "tAtt1ttittt111t" },
	{ ROLE_API, INDEX_ACCOUNT_DELETE, "tti" },
	{ ROLE_API, INDEX_ACCOUNT_STATE, "tAt" },
	{ ROLE_API, INDEX_ACCOUNT_TEST, "t" },
	{ ROLE_API, INDEX_ACCOUNT_SYNC, "A" },
	{ ROLE_API, INDEX_IMPORT_CREATE, "tttt11tn" },
	{ ROLE_API, INDEX_IMPORT_CREATE, "ttttii" },
	{ ROLE_API, INDEX_IMPORT_FILES, "Mi1tnf" },
	{ ROLE_API, INDEX_IMPORT_FILES, "Mi2tntnff" },
	{ ROLE_API, INDEX_IMPORT_START, "tt" },
	{ ROLE_API, INDEX_IMPORT_CANCEL, "tt" },
	{ ROLE_API, INDEX_UPLOAD_OPEN, "MUnn" },
	{ ROLE_API, INDEX_UPLOAD_NOTED, "MUn" },
	{ ROLE_API, INDEX_BLOB, "n1bf" },
	{ ROLE_API, INDEX_QUEUE, "" },
	{ ROLE_IMAP, IMAP_STATE, "ttttti" },
	{ ROLE_IMAP, IMAP_FOLDERS, "1tttnn" },
	{ ROLE_IMAP, IMAP_FOLDER_OPEN, "tnnn" },
	{ ROLE_IMAP, IMAP_TODO, "iiiii" },
	{ ROLE_IMAP, IMAP_BATCH, "F1nninntf" },
	{ ROLE_IMAP, IMAP_BATCH, "F2nninntnninntf" },
	{ ROLE_IMAP, IMAP_FLAGS, "F1i1nnt" },
	{ ROLE_IMAP, IMAP_FLAGS, "Fnn2nntnnt" },
	{ ROLE_IMAP, IMAP_FAILED, "Fntt" },
	{ ROLE_IMAP, IMAP_PASS_DONE, "nnnnn" },
	{ ROLE_VAULT, IPC_OK, "" },
	{ ROLE_VAULT, VAULT_SECRET, "b" },
};

static void put_int(struct hat *hat, struct frame *f)
{
	const int64_t values[] = { 0,          1,         1,    1,     1,
				   2,          5,         100,  -1,    993,
				   INT64_MAX,  INT64_MIN, 4096, 65536, (int64_t)1 << 32,
				   hat->folder };

	frame_put_int(f, values[draw(hat, ARRAY_SIZE(values))]);
}

static void put_text(struct hat *hat, struct frame *f)
{
	const char *const values[] = {
		"",         hat->account, hat->import,   hat->file,  PLAY_OWNER,
		"imap",     "import",     "open",        "closed",   "eml",
		"mbox",     "upload",     "active",      "paused",   "implicit",
		"listing",  "idle",       "error",       "INBOX",    "a/b/cur/1",
		"generic",  "owner",      "invited",     "Old mail", "{\"time_zone\":\"UTC\"}",
		"%s%n' --", "\xC3\xBC",   "../../etc/x", "auth",     "host.example.org",
		"a\nb\n",
	};

	frame_put_text(f, values[draw(hat, ARRAY_SIZE(values))]);
}

static void put_field(struct hat *hat, struct frame *f, char kind)
{
	if (strchr("12nFAMU", kind) && draw(hat, 16) == 0)
		kind = strchr("AMU", kind) ? 't' : 'i';
	if (kind == '1' || kind == '2')
		frame_put_int(f, kind - '0');
	else if (kind == 'n')
		frame_put_int(f, (int64_t)draw(hat, 12));
	else if (kind == 'F')
		frame_put_int(f, hat->folder);
	else if (strchr("AMU", kind))
		frame_put_text(f, kind == 'A'   ? hat->account
				  : kind == 'M' ? hat->import
						: hat->file);
	else if (kind == 'i')
		put_int(hat, f);
	else if (kind == 't')
		put_text(hat, f);
	else if (kind == 'b')
		frame_put_bytes(f, "noise\0noise", draw(hat, 12));
	else
		frame_put_fd(f, draw(hat, 4) ? hat->sealed : hat->unsealed);
}

/* One in four frames loses, gains or changes a field. */
static void make_frame(struct hat *hat, enum role role, struct frame *f)
{
	static const char kinds[] = "itbf";
	const char *shape;
	size_t k, odd;

	do
		k = draw(hat, ARRAY_SIZE(shapes));
	while (shapes[k].role != role);
	shape = shapes[k].shape;
	odd = draw(hat, 4) ? SIZE_MAX : draw(hat, strlen(shape) + 1);
	frame_begin(f, shapes[k].type, (uint32_t)draw(hat, 1000));
	for (size_t i = 0; shape[i] && i != odd; i++)
		put_field(hat, f, shape[i]);
	for (uint64_t more = odd == SIZE_MAX ? 0 : draw(hat, 3); more > 0; more--)
		put_field(hat, f, kinds[draw(hat, 4)]);
}

/* Reads and drops what came; descriptors are closed with the frame. */
static void drain(struct play *p, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	for (int i = 0; i < 3; i++) {
		play_turn(p, 1);
		while (frame_recv(fd, &f, NULL) == 1)
			;
	}
}

static struct hat fill_hat(struct play *p, int64_t row)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf mails = STRBUF_INIT(1 << 16);
	static const char sql_account[] = "SELECT public_id FROM account";
	static const char sql_import[] = "SELECT public_id FROM import";
	static const char sql_file[] = "SELECT public_id FROM import_file";
	struct hat hat = { .state = 88172645463325252U };
	struct threads_error err;
	int fd;

	play_text(p, sql_account, hat.account, sizeof(hat.account));
	frame_begin(&f, INDEX_IMPORT_CREATE, 0);
	for (int i = 0; i < 4; i++)
		frame_put_text(&f, (const char *[]){ PLAY_OWNER, "Old mail", "", "eml" }[i]);
	frame_put_int(&f, 1);
	frame_put_int(&f, 1);
	frame_put_text(&f, "file");
	frame_put_int(&f, 100);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	play_text(p, sql_import, hat.import, sizeof(hat.import));
	play_text(p, sql_file, hat.file, sizeof(hat.file));
	fd = play_imap(p, row, IMAP_MODE_SYNC);
	hat.folder = play_folder(p, fd, "INBOX", &f);
	close(fd);
	play_mail(&mails, 1, "");
	assert_rc(memfd_from("sealed", strbuf_str(&mails), mails.len, &hat.sealed, &err), 0, &err);
	assert_rc(memfd_new("unsealed", &hat.unsealed, &err), 0, &err);
	assert_rc(write_all(hat.unsealed, strbuf_str(&mails), mails.len, &err), 0, &err);
	return hat;
}

static void test_index_lives_through_noise(void **state)
{
	static const enum role roles[] = { ROLE_API,  ROLE_API,  ROLE_IMAP,
					   ROLE_IMAP, ROLE_AUTH, ROLE_VAULT };
	static const char sql_audit[] = "SELECT count(*) FROM audit";
	const char *rounds = getenv("ROUNDS");
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct play *p = *state;
	struct hat hat;
	int64_t row;
	char id[27];

	p->quiet = true;
	play_stop(p);
	play_start(p, "");
	play_owner(p);
	row = play_active_account(p, "Olga", id);
	hat = fill_hat(p, row);
	hat.state += rounds ? strtoul(rounds, NULL, 10) : 0; /* another number, another evening */
	for (long i = rounds ? strtol(rounds, NULL, 10) : 1500; i > 0; i--) {
		const enum role role = roles[draw(&hat, ARRAY_SIZE(roles))];
		const int fd = play_link(p, role, role == ROLE_IMAP ? row : role == ROLE_API);

		for (uint64_t k = draw(&hat, 8); k > 0; k--) {
			make_frame(&hat, role, &f);
			play_send(p, fd, &f);
		}
		drain(p, fd);
		close(fd);
	}
	frame_begin(&f, INDEX_QUEUE, 0);
	assert_int_equal(play_ask(p, p->api, &f, &answer), 1);
	play_verify(p);
	/* Not all of it was refused at the door. */
	assert_true(play_number(p, sql_audit) > 10);
	assert_true(p->bells[BELL_MESSAGES] > 0);
	close(hat.sealed);
	close(hat.unsealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_index_lives_through_noise, play_setup,
						play_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
