/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/strbuf.h"
#include "core/utf8.h"
#include "store/store_internal.h"
#include "store/tokenizer.h"

struct fixture {
	struct db *db;
	struct tokenizer *tokenizer;
};

static const struct migration schema[] = {
	{ 1, "test", "CREATE VIRTUAL TABLE doc USING fts5 (text, tokenize = 'hub')" },
	{ 0, NULL, NULL },
};

static int connect(sqlite3 *handle, void *arg, struct threads_error *err)
{
	(void)arg;
	return tokenizer_register(handle, err);
}

static int setup(void **state)
{
	static struct fixture fixture;
	const struct db_options options = { .migrations = schema, .connect = connect };
	struct threads_error err;

	assert_rc(db_open(":memory:", &options, &fixture.db, &err), 0, &err);
	assert_rc(tokenizer_open(fixture.db, &fixture.tokenizer, &err), 0, &err);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fixture->tokenizer = tokenizer_close(fixture->tokenizer);
	fixture->db = db_close(fixture->db);
	return 0;
}

struct list {
	struct strbuf text;
	const char *source;
};

/* "token" or "+token" for a colocated one; checks that unfolded text is where it is said to be. */
static int list_token(const char *token, size_t len, size_t start, size_t end, bool colocated,
		      void *arg)
{
	struct list *list = arg;

	strbuf_addf(&list->text, "%s%s%.*s", list->text.len ? " " : "", colocated ? "+" : "",
		    (int)len, token);
	if ((unsigned char)token[0] >= 0xE0 &&
	    (end - start != len || memcmp(list->source + start, token, len) != 0))
		strbuf_add_str(&list->text, "(misplaced)");
	return 0;
}

static const struct {
	const char *text, *document, *query;
} cases[] = {
	{ "Anchor chain", "anchor chain", "anchor chain" },
	{ "Müller ÀÉÎ", "muller aei", "muller aei" },
	{ "東", "東", "東" },
	{ "東京", "東京 +京", "東京" },
	{ "東京都に", "東京 京都 都に +に", "東京 京都 都に" },
	{ "ABC社の車", "abc 社の の車 +車", "abc 社の の車" },
	{ "東京、大阪", "東京 +京 大阪 +阪", "東京 大阪" },
	{ "é東京é", "e 東京 +京 e", "e 東京 e" },
	{ "서울 시청", "서울 +울 시청 +청", "서울 시청" },
	{ "บาท", "บา าท +ท", "บา าท" },
	{ "a.b@example.org", "a b example org", "a b example org" },
	{ "+44 20-8390 1234", "44 20 8390 1234", "44 20 8390 1234" },
	{ "", "", "" },
	{ " -- ", "", "" },
};

static void text_becomes_tokens(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int mode = TOKENIZER_DOCUMENT; mode <= TOKENIZER_QUERY; mode++) {
			const char *want =
				mode == TOKENIZER_QUERY ? cases[i].query : cases[i].document;
			struct list list = { .text = STRBUF_INIT(1024), .source = cases[i].text };
			struct threads_error err;

			assert_rc(tokenizer_run(fixture->tokenizer, (enum tokenizer_mode)mode,
						cases[i].text, strlen(cases[i].text), list_token,
						&list, &err),
				  0, &err);
			assert_string_equal(strbuf_str(&list.text), want);
			strbuf_release(&list.text);
		}
}

static void run_sql(sqlite3 *handle, const char *sql, const char *text)
{
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
}

static int found(sqlite3 *handle, const char *needle, bool prefix)
{
	CLEANUP(strbuf_release) struct strbuf match = STRBUF_INIT(256);
	sqlite3_stmt *stmt = NULL;
	int count;

	strbuf_addf(&match, "\"%s\"%s", needle, prefix ? " *" : "");
	assert_int_equal(sqlite3_prepare_v2(handle, "SELECT count(*) FROM doc WHERE doc MATCH ?1",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(stmt, 1, strbuf_str(&match), -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	count = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return count;
}

/* Every piece of one to four characters of sentences without spaces finds its sentence. */
static void every_piece_is_found(void **state)
{
	static const char *const sentences[] = {
		"本日は東京造船所の進水式にご参列いただき誠にありがとうございます",
		"请在下周五之前把新的报价单发给我们的采购部门",
		"내일오전에새로운계약서를보내드리겠습니다",
		"ใบเสนอราคาใหม่อยู่ในไฟล์แนบ",
	};
	struct fixture *fixture = *state;
	int tried = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		const char *text = sentences[i], *end = text + strlen(text);

		run_sql(fixture->db->handle, "DELETE FROM doc WHERE ?1 IS NOT NULL", "");
		run_sql(fixture->db->handle, "INSERT INTO doc (text) VALUES (?1)", text);
		assert_int_equal(found(fixture->db->handle, "鯨鯨", false), 0);
		for (const char *from = text; from < end;) {
			const char *to = from;
			uint32_t c;

			for (int length = 1; length <= 4 && to < end; length++, tried++) {
				char piece[32] = "";

				to += utf8_decode(to, end, &c);
				memcpy(piece, from, (size_t)(to - from));
				if (found(fixture->db->handle, piece, length == 1) != 1)
					fail_msg("'%s' is not found", piece);
			}
			from += utf8_decode(from, end, &c);
		}
	}
	assert_true(tried > 300);
}

static int stop_at_second(const char *token, size_t len, size_t start, size_t end, bool colocated,
			  void *arg)
{
	int *count = arg;

	(void)token, (void)len, (void)start, (void)end, (void)colocated;
	return ++*count == 2 ? 7 : 0;
}

static void the_callback_may_stop(void **state)
{
	const struct fixture *fixture = *state;
	struct threads_error err;
	int count = 0;

	assert_rc(tokenizer_run(fixture->tokenizer, TOKENIZER_DOCUMENT, "a b c", 5, stop_at_second,
				&count, &err),
		  7, &err);
	assert_int_equal(count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_becomes_tokens, setup, teardown),
		cmocka_unit_test_setup_teardown(every_piece_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(the_callback_may_stop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
