/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>

#include "store/blob_plan.h"

static const struct fake hello = {
	.from = "ada@hub.test",
	.to = "carol@example.org",
	.subject = "Der erste Brief",
	.id = "one@hub.test",
	.body = "Guten Tag,\r\n> quoted line\r\nthe zebra crosses the road.\r\n",
	.sent_ms = FIXTURE_NOW - 3600000,
};

static void test_a_message_is_stored_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 7), INGEST_STORED);
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 7), INGEST_KNOWN);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting"), 1);
	assert_int_equal(fixture_number(f, "SELECT message_count FROM account WHERE id = 1"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message_fts"
					   " WHERE message_fts MATCH 'zebra'"),
			 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message WHERE preview ="
					   " 'Guten Tag, the zebra crosses the road.'"),
			 1);
	assert_int_equal(fixture_number(f, "SELECT id >> 8 FROM message"),
			 (FIXTURE_NOW - 3600000) / 60000);
}

static void test_a_copy_is_a_second_sighting(void **state)
{
	struct fixture *f = *state;
	struct fake copy = hello, forged = hello;

	copy.received = "by mx.example.org";
	forged.body = "Another body under the same id.";
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_store(f, &copy, f->bobs, 3, 1), INGEST_DUPLICATE);
	assert_int_equal(fixture_store(f, &copy, f->bobs, 3, 1), INGEST_KNOWN);
	assert_int_equal(fixture_store(f, &forged, f->bobs, 3, 2), INGEST_STORED);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT conversation_id) FROM message"),
			 1);
	assert_int_equal(
		fixture_number(f, "SELECT count(*) FROM ledger WHERE reason = 'duplicate'"), 1);
	/* Bob holds a copy now: the audience of the first message has both owners. */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM audience_member a JOIN message m"
					   " ON m.audience_id = a.audience_id WHERE m.subject ="
					   " 'Der erste Brief' AND a.kind = 0"),
			 3);
}

static void cook(struct fixture *f, int64_t id, struct blob_plan *plan, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf prefix = STRBUF_INIT(1 << 20);
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf wire = STRBUF_INIT(RECIPE_BYTES_MAX);
	CLEANUP(blob_plan_release) struct blob_plan got = { 0 };
	struct threads_error err = { .text = "" };

	recipe_append(&wire, &plan->recipe, plan->blobs, plan->count);
	assert_rc(recipe_parse(wire.data, wire.len, &got.recipe, &got.blobs, &got.count, &err), 0,
		  &err);
	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	assert_rc(blob_plan_prefix(f->store, id, plan->blobs, plan->count, &prefix, &err), 1, &err);
	pack_reader_prefix(reader, &prefix);
	assert_rc(recipe_cook(&got.recipe, reader, got.blobs, got.count, out, &err), 0, &err);
	blob_plan_release(plan);
}

/* What comes out for a sighting is what went in, byte for byte. */
static void check_raw(struct fixture *f, const struct fake *fake, int64_t folder_id, int64_t uid,
		      bool rebuilds)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 24);
	struct threads_error err = { .text = "" };
	struct blob_plan plan = { 0 };
	struct fake_mail mail;
	char sql[256];
	int64_t id;

	snprintf(sql, sizeof(sql),
		 "SELECT message_id FROM sighting WHERE folder_id = %d AND uid = %d",
		 (int)folder_id, (int)uid);
	id = fixture_number(f, sql);
	fake_make(&mail, fake, folder_id, uid);
	assert_rc(blob_plan_raw(f->store, id, folder_id, uid, RECIPE_RAW, &plan, &err), 1, &err);
	assert_int_equal(plan.recipe.part_count, rebuilds && mail.attachment.cut);
	cook(f, id, &plan, &out);
	assert_int_equal(out.len, mail.raw.len);
	assert_memory_equal(out.data, mail.raw.data, out.len);
	assert_rc(blob_plan_raw(f->store, id, folder_id, uid, RECIPE_HEADERS, &plan, &err), 1,
		  &err);
	cook(f, id, &plan, &out);
	assert_memory_equal(out.data, mail.raw.data, out.len);
	assert_string_equal(out.data + out.len - 4, "\r\n\r\n");
	fake_release(&mail);
}

static void test_raw_bytes_come_back(void **state)
{
	static const uint32_t lines[] = { 76, 4, 60, 72, 996, 0 };
	struct fixture *f = *state;
	unsigned char file[5000];
	int64_t uid = 1;

	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (unsigned char)(i * i >> 3);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		for (size_t len = 4990; len <= 4993; len++, uid++) {
			struct fake fake = hello;
			char id[32];

			snprintf(id, sizeof(id), "file%d@hub.test", (int)uid);
			fake.id = id;
			fake.file = file;
			fake.file_len = len;
			fake.file_name = "numbers.bin";
			fake.line_length = lines[i];
			fake.crlf = uid % 2;
			fake.html = "<p>zebra";
			assert_int_equal(fixture_store(f, &fake, f->closed, 1, uid), INGEST_STORED);
			check_raw(f, &fake, 1, uid, true);
		}
	}
	/* the same four files over and over: stored once each */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM blob WHERE kind = 2"), 4);
}

static void test_attachment_and_html_come_back(void **state)
{
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };

	for (uint32_t line = 0; line <= 76; line += 76) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 24);
		struct blob_plan plan = { 0 };
		struct fake fake = hello;
		int64_t id;

		fake.id = line ? "a@hub.test" : "b@hub.test";
		fake.file = "some,table\r\n1,2\r\n";
		fake.file_len = strlen(fake.file);
		fake.file_name = "table.csv";
		fake.line_length = line;
		fake.html = "<p>H\303\251l\303\250ne</p>";
		assert_int_equal(fixture_store(f, &fake, f->closed, 1, 1 + line), INGEST_STORED);
		id = fixture_number(f, line ? "SELECT max(id) FROM message"
					    : "SELECT min(id) FROM message");
		assert_rc(blob_plan_attachment(f->store, id, 0, &plan, &err), 1, &err);
		cook(f, id, &plan, &out);
		assert_string_equal(out.data, fake.file);
		assert_rc(blob_plan_html(f->store, id, &plan, &err), 1, &err);
		cook(f, id, &plan, &out);
		assert_string_equal(out.data, fake.html);
		assert_rc(blob_plan_attachment(f->store, id, 1, &plan, &err), 0, &err);
	}
}

static void test_a_lying_parser_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct fake fake = hello;

	fake.file = "attached";
	fake.file_len = 8;
	fake.file_name = "a.txt";
	fake.line_length = 76;
	fake.forge_skeleton = true;
	fake.html = "<b>still shown</b>";
	assert_int_equal(fixture_store(f, &fake, f->closed, 1, 1), INGEST_STORED);
	fake.forge_skeleton = false;
	check_raw(f, &fake, 1, 1, false);
}

static void test_a_copy_keeps_its_own_bytes(void **state)
{
	struct fixture *f = *state;
	struct fake other_header = hello, footer = hello;

	other_header.received = "by mx.example.org with a longer line of its own";
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_store(f, &other_header, f->bobs, 3, 1), INGEST_DUPLICATE);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM blob WHERE kind = 4"), 1);
	footer.html = NULL;
	footer.bcc = "dora@example.com";
	assert_int_equal(fixture_store(f, &footer, f->open, 2, 1), INGEST_DUPLICATE);
	check_raw(f, &hello, 1, 1, true);
	check_raw(f, &other_header, 3, 1, true);
	check_raw(f, &footer, 2, 1, true);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM sighting_bcc"), 1);
	assert_int_equal(
		fixture_number(f,
			       "SELECT count(*) FROM message_fts WHERE message_fts MATCH 'dora'"),
		0);
}

static void test_conversations_merge(void **state)
{
	struct fixture *f = *state;
	struct fake a = hello, b = hello, c = hello, lone = hello;

	a.id = "a@x.test";
	b.id = "b@x.test";
	c.id = "c@x.test";
	lone.id = "lone@x.test";
	/* the answer to a message not seen yet, and another one to the same */
	b.reply_to_id = "c@x.test";
	assert_int_equal(fixture_store(f, &a, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_store(f, &b, f->closed, 1, 2), INGEST_STORED);
	assert_int_equal(fixture_store(f, &lone, f->closed, 1, 3), INGEST_STORED);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT conversation_id) FROM message"),
			 3);
	/* the late parent connects both */
	c.references[0] = "a@x.test";
	assert_int_equal(fixture_store(f, &c, f->closed, 1, 4), INGEST_STORED);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT conversation_id) FROM message"),
			 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM conversation"), 2);
}

static void test_the_rule_sets_the_audience(void **state)
{
	static const char groups[] = "SELECT count(*) FROM message m JOIN audience_member a"
				     " ON a.audience_id = m.audience_id WHERE a.kind = 1";
	struct fixture *f = *state;
	struct fake mail = hello;

	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 1), INGEST_STORED);
	assert_int_equal(fixture_number(f, groups), 0);
	mail.id = "two@hub.test"; /* carol's channel is an outside business: shared */
	assert_int_equal(fixture_store(f, &mail, f->open, 2, 2), INGEST_STORED);
	assert_int_equal(fixture_number(f, groups), 1);
	mail.id = "three@hub.test";
	mail.flags = MESSAGE_ONE_TIME_CODE;
	assert_int_equal(fixture_store(f, &mail, f->open, 2, 3), INGEST_STORED);
	mail.id = "four@hub.test"; /* only own and free-mail addresses: private */
	mail.flags = 0;
	mail.to = "somebody@gmail.com";
	assert_int_equal(fixture_store(f, &mail, f->open, 2, 4), INGEST_STORED);
	assert_int_equal(fixture_number(f, groups), 1);
	/* the copy in the open account opens the first one too */
	mail = hello;
	assert_int_equal(fixture_store(f, &mail, f->open, 2, 5), INGEST_DUPLICATE);
	assert_int_equal(fixture_number(f, groups), 2);
}

static void test_exclusions_leave_no_text(void **state)
{
	static const char add[] =
		"INSERT INTO exclusion (public_id, kind, key, created_ms) VALUES"
		" ('x1', 'channel', 'secret@example.org', 1), ('x2', 'domain', 'example.net', 1)";
	struct fixture *f = *state;
	struct threads_error err;
	struct fake mail = hello;

	assert_rc(db_exec(store_db(f->store), add, &err), 0, &err);
	ingest_forget_caches(f->ingest);
	mail.to = "Secret@EXAMPLE.org";
	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 1), INGEST_EXCLUDED);
	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 1), INGEST_KNOWN);
	mail.to = "x@mail.example.net";
	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 2), INGEST_EXCLUDED);
	mail.to = "x@notexample.net";
	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 3), INGEST_STORED);
	mail.id = "notice@hub.test";
	mail.flags = MESSAGE_OWN_NOTICE; /* anybody can write that header */
	assert_int_equal(fixture_store(f, &mail, f->closed, 1, 4), INGEST_STORED);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM blob"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM ledger WHERE reason = 'excluded'"),
			 2);
}

static void test_what_nobody_can_read_is_kept_raw(void **state)
{
	const struct ingest_source source = { .account_id = 1 };
	struct fixture *f = *state;
	struct ingest_counts counts = { 0 };
	struct threads_error err = { .text = "" };
	struct ingest_item items[2] = {
		{ .folder_id = 1, .uid = 5, .raw = (const uint8_t *)"\377\376 junk", .raw_len = 7 },
		{ .folder_id = 1, .uid = 6, .failure = "larger than 50 MB" },
	};
	size_t done = 0;

	while (done < 2)
		assert_rc(ingest_slice(f->ingest, &source, items, 2, &done, &counts, &err), 0,
			  &err);
	assert_int_equal(items[0].result, INGEST_STORED);
	assert_int_equal(items[1].result, INGEST_FAILED);
	assert_int_equal(counts.stored, 1);
	assert_int_equal(counts.failed, 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM ledger"), 2);
	assert_int_equal(fixture_number(f, "SELECT flags & 1 FROM message"), 1);
}

static int finish_fails(struct store *store, size_t done, const struct ingest_counts *slice,
			void *arg, struct threads_error *err)
{
	(void)store;
	(void)done;
	(void)slice;
	(void)arg;
	return threads_error_set(err, THREADS_EIO, "no");
}

static void test_a_failed_slice_leaves_nothing(void **state)
{
	const struct ingest_source source = { .account_id = 1, .finish = finish_fails };
	struct fixture *f = *state;
	struct ingest_counts counts = { 0 };
	struct threads_error err = { .text = "" };
	struct fake_mail mail;
	size_t done = 0;

	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	fake_make(&mail, &hello, 1, 2);
	mail.draft.digest[0] ^= 1;
	assert_rc(ingest_slice(f->ingest, &source, &mail.item, 1, &done, &counts, &err),
		  THREADS_EIO, &err);
	fake_release(&mail);
	assert_int_equal(done, 0);
	assert_int_equal(counts.stored, 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 1);
	check_raw(f, &hello, 1, 1, true);
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 2), INGEST_DUPLICATE);
}

static void test_garbage_of_a_crash_is_cut(void **state)
{
	struct fixture *f = *state;
	struct fake second = hello;
	int64_t committed;
	int fd;

	second.id = "second@hub.test";
	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	committed = fixture_number(f, "SELECT committed_bytes FROM pack");
	fd = openat(f->dir_fd, "000001.pack", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "garbage", 7), 7);
	assert_int_equal(lseek(fd, 0, SEEK_END), committed + 7);
	fixture_reopen(f);
	assert_int_equal(lseek(fd, 0, SEEK_END), committed);
	close(fd);
	assert_int_equal(fixture_store(f, &second, f->closed, 1, 2), INGEST_STORED);
	check_raw(f, &hello, 1, 1, true);
	check_raw(f, &second, 1, 2, true);
}

static void test_a_flipped_byte_is_noticed(void **state)
{
	CLEANUP(pack_reader_freep) struct pack_reader *reader = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	struct fixture *f = *state;
	struct threads_error err = { .text = "" };
	struct blob_plan plan = { 0 };
	unsigned char byte;
	int fd;

	assert_int_equal(fixture_store(f, &hello, f->closed, 1, 1), INGEST_STORED);
	fd = openat(f->dir_fd, "000001.pack", O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, 40), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
	close(fd);
	assert_rc(blob_plan_raw(f->store, fixture_number(f, "SELECT id FROM message"), 0, 0,
				RECIPE_RAW, &plan, &err),
		  1, &err);
	assert_rc(pack_reader_new(f->dir_fd, f->key, &reader, &err), 0, &err);
	assert_rc(recipe_cook(&plan.recipe, reader, plan.blobs, plan.count, &out, &err),
		  THREADS_EINVAL, &err);
	blob_plan_release(&plan);
}

static void test_one_date_for_many(void **state)
{
	struct fixture *f = *state;
	struct fake mail = hello;

	for (int i = 0; i < 600; i++) {
		char id[32];

		snprintf(id, sizeof(id), "%d@hub.test", i);
		mail.id = id;
		assert_int_equal(fixture_store(f, &mail, f->closed, 1, i + 1), INGEST_STORED);
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 600);
	assert_int_equal(fixture_number(f, "SELECT max(id) - min(id) FROM message"), 599);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_message_is_stored_once),
		TEST(test_a_copy_is_a_second_sighting),
		TEST(test_raw_bytes_come_back),
		TEST(test_attachment_and_html_come_back),
		TEST(test_a_lying_parser_loses_nothing),
		TEST(test_a_copy_keeps_its_own_bytes),
		TEST(test_conversations_merge),
		TEST(test_the_rule_sets_the_audience),
		TEST(test_exclusions_leave_no_text),
		TEST(test_what_nobody_can_read_is_kept_raw),
		TEST(test_a_failed_slice_leaves_nothing),
		TEST(test_garbage_of_a_crash_is_cut),
		TEST(test_a_flipped_byte_is_noticed),
		TEST(test_one_date_for_many),
	};

	return cmocka_run_group_tests_name("store/ingest", tests, NULL, NULL);
}
