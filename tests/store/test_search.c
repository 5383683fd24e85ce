/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "core/clock.h"
#include "store/search.h"
#include "store/yard_mails.h"

struct fixture {
	struct store *store;
	struct reader *reader;
	struct viewer ann, ben;
};

static int setup(void **state)
{
	static struct fixture f;
	struct threads_error err;

	f.store = fixture_open();
	for (size_t i = 0; i < ARRAY_SIZE(yard_mails); i++)
		fixture_mail(f.store, &yard_mails[i]);
	assert_rc(reader_new(f.store, &f.reader, &err), 0, &err);
	assert_rc(reader_viewer_by_name(f.reader, "ANN", &f.ann, &err), 1, &err);
	assert_rc(reader_viewer_by_name(f.reader, "ben", &f.ben, &err), 1, &err);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->reader = reader_close(f->reader);
	f->store = store_close(f->store);
	return 0;
}

static struct query_tree *parse(const char *text)
{
	const struct query_options options = { .now_ms = 5 * DAY };
	struct query_tree *tree = NULL;
	struct threads_error err;

	assert_rc(query_tree_parse(text, strlen(text), &options, &tree, &err), 0, &err);
	return tree;
}

static void run(struct fixture *f, const struct viewer *viewer, const char *text,
		enum search_sort sort, struct search_cursor after, int limit,
		struct search_result *result)
{
	CLEANUP(query_tree_freep) struct query_tree *tree = parse(text);
	const struct search_request request = { .tree = tree,
						.viewer = viewer,
						.sort = sort,
						.after = after,
						.limit = limit,
						.counted = true };
	struct threads_error err;

	assert_rc(search_run(f->reader, &request, result, &err), 0, &err);
}

/* The days of the hits, "4 1". */
static void days_of(const struct search_result *result, struct strbuf *out)
{
	size_t i;
	json_t *hit;

	json_array_foreach(result->hits, i, hit) {
		const char *date = json_string_value(json_object_get(hit, "date"));

		/* 1970-01-01 is day 0 */
		strbuf_addf(out, "%s%d", i ? " " : "", (date[8] - '0') * 10 + date[9] - '0' - 1);
	}
}

static const struct {
	const char *query, *ann, *ben;
} cases[] = {
	{ "", "3 2 1 0", "4 1 0" },
	{ "anchor", "1 0", "1 0" },
	{ "ANCHOR", "1 0", "1 0" },
	{ "anchor monday", "0", "0" },
	{ "\"anchor chain\"", "1 0", "1 0" },
	{ "\"chain received\"", "1", "1" },
	{ "\"received chain\"", "", "" },
	{ "anchor*", "1 0", "4 1 0" },
	{ "secret", "", "4" },
	{ "anchor -missing", "0", "0" },
	{ "-anchor", "3 2", "4" },
	{ "-anchor -secret", "3 2", "" },
	{ "muller", "1 0", "1 0" },
	{ "from:muller", "0", "0" },
	{ "from:ann@example.org", "0", "0" },
	{ "to:ann@example.org", "1", "1" },
	{ "with:ann@example.org", "1 0", "1 0" },
	{ "ann@example.org", "1 0", "1 0" },
	{ "ropes.test", "2 1", "1" },
	{ "subject:chain", "1 0", "1 0" },
	{ "subject:monday", "", "" },
	{ "subject:re", "1", "1" },
	{ "has:attachment", "2 1", "1" },
	{ "-has:attachment", "3 0", "4 0" },
	{ "has:attachment chain", "1", "1" },
	{ "invoice.pdf", "1", "1" },
	{ "after:1970-01-03", "3 2", "4" },
	{ "before:1970-01-03", "1 0", "1 0" },
	{ "on:1970-01-02", "1", "1" },
	{ "after:1970-01-02 before:1970-01-03 chain", "1", "1" },
	{ "-before:1970-01-03", "3 2", "4" },
	{ "after:1971", "", "" },
	{ "account:\"ship yard\"", "3 2 0", "" },
	{ "account:rope", "", "4 1" },
	{ "account:ship anchor", "0", "" },
	{ "-account:ship", "1", "4 1 0" },
	{ "seil OR monday", "2 0", "0" },
	{ "(seil OR monday) zwölf", "2", "" },
	{ "zwolf", "2", "" },
	{ "seil OR has:attachment", "2 1", "1" },
	{ "(monday OR has:attachment) -invoice", "2 0", "0" },
	{ "-(anchor OR seil)", "3", "4" },
	{ "東京", "3", "" },
	{ "造", "3", "" },
	{ "式", "3", "" },
	{ "東京造船所", "3", "" },
	{ "京東", "", "" },
	{ "進水式 東京", "3", "" },
	{ "\"020 8390\"", "", "" },
	{ "20 8390", "", "4" },
	{ "8390-1234", "", "4" },
	{ "an*", "1 0", "1 0" },
	{ "— anchor", "1 0", "1 0" },
	{ "—", "3 2 1 0", "4 1 0" },
	{ "\"anchor", "1 0", "1 0" },
	{ "nothing", "", "" },
	{ "anchor AND chain) OR \"", "1 0", "1 0" },
	{ "subject:\"\"\"", "3 2 1 0", "4 1 0" },
	{ "NEAR(anchor chain)", "", "" },
	{ "body:anchor", "", "" },
	{ "anchor^2 {subject}:x", "", "" },
	{ "filename:invoice", "1", "1" },
	{ "filename:*.dwg", "2", "" },
	{ "filename:anchor", "", "" },
	{ "cc:carla", "1", "1" },
	{ "cc:ann", "", "" }, /* To is no Cc */
	{ "to:carla", "1", "1" },
	{ "-cc:carla", "3 2 0", "4 0" },
	{ "cc:carla OR seil", "2 1", "1" },
	{ "type:pdf", "1", "1" },
	{ "type:image", "2", "" },
	{ "type:dwg OR type:application/pdf", "2 1", "1" },
	{ "type:mail", "3 2 1 0", "4 1 0" },
	{ "type:call", "", "" },
	{ "-type:pdf anchor", "0", "0" },
	{ "larger:1M", "2", "" },
	{ "larger:2M", "2", "" },
	{ "larger:2000001", "", "" },
	{ "smaller:101 anchor", "1 0", "1 0" },
	{ "smaller:100", "", "" },
	{ "is:bulk", "3", "" },
	{ "-is:bulk", "2 1 0", "4 1 0" },
	/* What others do with their copies is theirs: the message of day 1 lies in Ben's account,
	 * and Ann, who sees it, learns nothing from these; nor he of hers. */
	{ "bcc:tanaka", "", "1" },
	{ "bcc:ben", "2", "" },
	{ "-bcc:tanaka", "3 2 1 0", "4 0" },
	{ "label:urgent", "", "1" },
	{ "label:ropes", "2", "" },
	{ "label:\"yard ropes\"", "2", "" },
	{ "label:rop", "", "" },
	{ "label:rop*", "2", "" },
	{ "-label:urgent", "3 2 1 0", "4 0" },
	{ "label:urgent OR label:ropes", "2", "1" },
	{ "is:unread", "2 0", "" },
	{ "is:read", "3", "1" },
	{ "is:flagged", "2", "" },
	{ "is:answered", "", "1" },
	{ "-is:unread", "3 1", "4 1 0" },
	{ "-is:read", "2 1 0", "4 0" },
	{ "folder:inbox", "3 2 0", "4 1" },
	{ "folder:inb*", "3 2 0", "4 1" },
	{ "folder:sent", "", "" },
	{ "-folder:inbox", "1", "0" },
	{ "folder:inbox is:unread", "2 0", "" },
	{ "account:rope OR label:ropes", "2", "4 1" },
	{ "folder:sent OR folder:inbox", "3 2 0", "4 1" },
	{ "folder:nowhere OR monday", "0", "0" },
	{ "label:none OR account:none", "", "" },
	{ "(is:unread OR has:attachment) anchor", "1 0", "1" },
	{ "is:unread OR has:attachment OR 東京", "3 2 1 0", "1" },
	{ "bcc:ben OR bcc:tanaka", "2", "1" },
	{ "older:1d -newer:3d", "1 0", "1 0" },
	{ "newer:2d", "3", "4" },
	{ "on:today", "", "" },
	{ "on:yesterday", "", "4" },
	{ "from:(ben OR carla)", "2 1", "4 1" },
	{ "-from:(ben OR carla)", "3 0", "0" },
	{ "type:(pdf OR dwg) -from:carla", "1", "1" },
};

static void queries_find_the_expected_days(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int who = 0; who < 2; who++)
			for (int sort = 0; sort < 2; sort++) {
				CLEANUP(strbuf_release) struct strbuf days = STRBUF_INIT(1000);
				CLEANUP(search_result_release) struct search_result result;
				const char *want = who ? cases[i].ben : cases[i].ann;
				const size_t count = *want ? strlen(want) / 2 + 1 : 0;

				run(f, who ? &f->ben : &f->ann, cases[i].query,
				    (enum search_sort)sort, (struct search_cursor){ 0 }, 50,
				    &result);
				days_of(&result, &days);
				/* By relevance the order is another, the set is not. */
				if (sort ? days.len != strlen(want)
					 : strcmp(strbuf_str(&days), want) != 0)
					fail_msg("%s (%s): %s, not %s", cases[i].query,
						 who ? "ben" : "ann", strbuf_str(&days), want);
				assert_int_equal(result.count, count);
				assert_false(result.count_capped);
				assert_false(result.more);
			}
}

static void nobody_else_sees_anything(void **state)
{
	struct fixture *f = *state;
	const struct viewer cy = { .id = 3 }, stranger = { .id = 99 };
	const struct viewer operator_ = { .role = VIEWER_OPERATOR };
	CLEANUP(search_result_release) struct search_result none = { 0 }, still_none = { 0 };
	CLEANUP(search_result_release) struct search_result all = { 0 };

	run(f, &cy, "", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &none);
	run(f, &stranger, "anchor", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &still_none);
	run(f, &operator_, "", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &all);
	assert_int_equal(none.count, 0);
	assert_int_equal(still_none.count, 0);
	assert_int_equal(all.count, ARRAY_SIZE(yard_mails));
}

/* Pages of one hit together give what one page gives, and more mail in between changes nothing. */
static void pages_follow_each_other(void **state)
{
	static const struct mail late = { .date_ms = 9 * DAY, .subject = "anchor", .audience = 3 };
	struct fixture *f = *state;

	for (int sort = 0; sort < 2; sort++) {
		struct search_cursor cursor = { 0 };
		CLEANUP(strbuf_release) struct strbuf days = STRBUF_INIT(1000);
		bool more = true;
		int pages = 0;

		for (; more; pages++) {
			CLEANUP(search_result_release) struct search_result page = { 0 };

			run(f, &f->ann, "anchor*", (enum search_sort)sort, cursor, 1, &page);
			days_of(&page, &days);
			more = page.more;
			cursor = page.next;
			if (pages == 0 && sort == 0)
				fixture_mail(f->store, &late);
			if (pages == 0 && sort == 1)
				fixture_mail(f->store, &(struct mail){ .date_ms = 20 * DAY,
								       .subject = "anchor" });
		}
		assert_int_equal(pages, sort ? 3 : 2);
		assert_true(strchr(strbuf_str(&days), '0') && strchr(strbuf_str(&days), '1'));
	}
}

static void relevance_prefers_the_subject(void **state)
{
	struct fixture *f = *state;
	CLEANUP(search_result_release) struct search_result result = { 0 };
	CLEANUP(strbuf_release) struct strbuf days = STRBUF_INIT(100);

	fixture_mail(f->store, &(struct mail){ .date_ms = 10 * DAY,
					       .subject = "Keel",
					       .body = "about something else altogether" });
	fixture_mail(f->store, &(struct mail){ .date_ms = 11 * DAY,
					       .subject = "Hull",
					       .body = "a keel is mentioned once here" });
	run(f, &f->ann, "keel", SEARCH_RELEVANCE, (struct search_cursor){ 0 }, 50, &result);
	days_of(&result, &days);
	assert_string_equal(strbuf_str(&days), "10 11");
}

static char *dump(const struct search_result *result, const char *member)
{
	return json_dumps(json_object_get(json_array_get(result->hits, 0), member),
			  JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

static void hits_carry_what_a_list_shows(void **state)
{
	static const struct {
		const char *query, *member, *json;
	} want[] = {
		{ "monday", "subject_marks", "[[\"Anchor chain\",false]]" },
		{ "monday", "snippet",
		  "[[\"The anchor chain arrives on \",false],[\"Monday\",true],[\".\",false]]" },
		{ "\"anchor chain\" monday", "subject_marks", "[[\"Anchor chain\",true]]" },
		{ "subject:anchor monday", "snippet",
		  "[[\"The anchor chain arrives on \",false],[\"Monday\",true],[\".\",false]]" },
		{ "mon*", "snippet",
		  "[[\"The anchor chain arrives on \",false],[\"Monday\",true],[\".\",false]]" },
		{ "monday from:ann", "from",
		  "{\"address\":\"ann@example.org\",\"level\":\"unknown\",\"name\":\"Ann Müller\"}" },
		{ "monday", "to_summary", "\"Ben\"" },
		{ "monday", "type", "\"mail\"" },
		{ "monday", "account",
		  "{\"id\":\"accountaaaaaaaaaaaaaaaaaaa\",\"name\":\"Ship yard\"}" },
		{ "received", "account",
		  "null" }, /* only in Ben's account, which is his business */
		{ "received", "attachments", "1" },
		{ "造船", "snippet",
		  "[[\"本日は東京\",false],[\"造船\",true],"
		  "[\"所の進水式にご参列いただきありがとうございます。\",false]]" },
		{ "京", "snippet",
		  "[[\"本日は東\",false],[\"京\",true],"
		  "[\"造船所の進水式にご参列いただきありがとうございます。\",false]]" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CLEANUP(search_result_release) struct search_result result = { 0 };
		char *json;

		run(f, &f->ann, want[i].query, SEARCH_NEWEST, (struct search_cursor){ 0 }, 50,
		    &result);
		json = dump(&result, want[i].member);
		assert_string_equal(json, want[i].json);
		free(json);
	}
}

/* The conversation has a third message that only Ben sees. */
static void conversations_count_visible_messages_only(void **state)
{
	struct fixture *f = *state;
	CLEANUP(search_result_release) struct search_result ann = { 0 }, ben = { 0 };
	char *json;

	fixture_mail(f->store, &(struct mail){ .date_ms = 5 * DAY, .audience = 2 });
	run(f, &f->ann, "monday", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &ann);
	json = dump(&ann, "conversation");
	assert_string_equal(json, "{\"count\":2,\"id\":\"conversationbaaaaaaaaaaaaa\"}");
	free(json);
	run(f, &f->ben, "monday", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &ben);
	json = dump(&ben, "conversation");
	assert_string_equal(json, "{\"count\":3,\"id\":\"conversationbaaaaaaaaaaaaa\"}");
	free(json);
}

/* A word behind 600 kB of other text is found, and shown as long as the budget lasts. */
static void long_bodies_get_a_snippet_within_the_budget(void **state)
{
	struct fixture *f = *state;
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT(8 << 20);
	CLEANUP(search_result_release) struct search_result result = { 0 };
	size_t i, shown = 0;
	json_t *hit;

	while (body.len < 600 * 1024)
		strbuf_add_str(&body, "planks and nails and planks\n");
	strbuf_add_str(&body, "then a capstan at last");
	for (i = 0; i < 6; i++)
		fixture_mail(f->store, &(struct mail){ .date_ms = (12 + (int64_t)i) * DAY,
						       .subject = "log",
						       .body = strbuf_str(&body) });
	run(f, &f->ann, "capstan", SEARCH_NEWEST, (struct search_cursor){ 0 }, 50, &result);
	assert_int_equal(json_array_size(result.hits), 6);
	json_array_foreach(result.hits, i, hit) {
		char *json = json_dumps(json_object_get(hit, "snippet"), JSON_COMPACT);

		shown += strstr(json, "[\"capstan\",true]") != NULL;
		free(json);
	}
	assert_in_range(shown, 3, 4); /* 2 MB of text at 600 kB each */
}

/* Somebody who sees 3 of 50,000 messages gets them by another way, with equal results. */
static void narrow_viewers_get_the_same_answers(void **state)
{
	struct fixture *f = *state;
	struct reader *reader = NULL;
	struct threads_error err;

	fixture_sql(
		f->store,
		"INSERT INTO audience (id, hash) VALUES (9, x'09');"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
		"INSERT INTO message (id, public_id, audience_id, conversation_id, kind, flags,"
		" date_ms, sent_ms, received_ms, size_bytes, attachment_count, sender_name,"
		" sender_address, subject, preview, digest)"
		" SELECT 1000000000 + i, 'p' || i, 9, 9, 1, 0, 60000000000000, 0, 0, 0, 0, '', '',"
		" '', '', CAST('d' || i AS BLOB) FROM n");
	/* A new reader decides anew. */
	f->reader = reader_close(f->reader);
	assert_rc(reader_new(f->store, &reader, &err), 0, &err);
	f->reader = reader;
	queries_find_the_expected_days(state);
}

enum { MANY = 1200 };

/* Mail i, minute i: "even" and "third" by its number, every 5th unread, every 7th flagged,
 * every 100th with a label and a file. Of words with the same beginning there are few and common
 * ones ("berth"), few and rare ones ("hull"), and more than are spelled out ("crate"). */
static bool many_even(int i)
{
	return i % 2 == 0;
}
static bool many_not_even(int i)
{
	return i % 2 != 0;
}
static bool many_either(int i)
{
	return i % 2 == 0 || i % 5 == 0;
}
static bool many_rare(int i)
{
	return i % 100 == 0 || (i >= 601 && i <= 603);
}
static bool many_neither(int i)
{
	return i % 2 != 0 && i % 3 != 0;
}
static bool many_mixed(int i)
{
	return (i % 5 == 0 || i % 7 == 0) && i % 3 != 0;
}
static bool many_both(int i)
{
	return i % 100 == 0 && i % 3 == 0;
}
static bool many_unread(int i)
{
	return i % 5 == 0;
}
static bool many_all(int i)
{
	return i >= 0;
}
static bool many_third(int i)
{
	return i % 3 == 0;
}
static bool many_berth1(int i)
{
	return i % 12 == 1 || i % 12 >= 10;
}
static bool many_not_berth1(int i)
{
	return !many_berth1(i);
}
static bool many_berth1_third(int i)
{
	return many_berth1(i) && i % 3 == 0;
}
static bool many_berth1_or_unread(int i)
{
	return many_berth1(i) || i % 5 == 0;
}
static bool many_berth1_or_hull2(int i)
{
	return many_berth1(i) || i % 40 == 2 || (i % 40 >= 20 && i % 40 < 30);
}

static const struct {
	const char *query;
	bool (*holds)(int i);
} many[] = {
	{ "even", many_even },
	{ "-even", many_not_even },
	{ "even OR is:unread", many_either },
	{ "is:unread OR even OR label:nothing", many_either },
	{ "single OR label:hundred", many_rare },
	{ "has:attachment OR single", many_rare },
	{ "-even -third", many_neither },
	{ "-(even OR third)", many_neither },
	{ "(is:unread OR is:flagged) -third", many_mixed },
	{ "label:hundred third", many_both },
	{ "third label:hundred -(-third)", many_both },
	{ "is:unread", many_unread },
	{ "is:unread OR is:unread", many_unread },
}, prefixes[] = {
	{ "berth*", many_all },
	{ "zeal*", many_third },
	{ "hull*", many_all },
	{ "crate*", many_all },
	{ "berth1*", many_berth1 },
	{ "subject:crate* OR berth1*", many_berth1 },
	{ "-berth1*", many_not_berth1 },
	{ "third berth1*", many_berth1_third },
	{ "berth1* OR is:unread", many_berth1_or_unread },
	{ "berth1* OR hull2*", many_berth1_or_hull2 },
	{ "-(-berth1* -\"mail hull2\"*)", many_berth1_or_hull2 },
	/* More prefixes than are spelled out. */
	{ "qaa* OR qbb* OR qcc* OR qdd* OR qee* OR qff* OR qgg* OR qhh* OR berth1*", many_berth1 },
	{ "berth1* OR qaa* OR qbb* OR qcc* OR qdd* OR qee* OR qff* OR qgg* OR hull2*",
	  many_berth1_or_hull2 },
};

static void many_fill(struct store *store)
{
	char body[128];

	fixture_sql(store, "BEGIN");
	for (int i = 0; i < MANY; i++) {
		snprintf(body, sizeof(body), "mail hull%d berth%d crate%d %s %s %s", i % 40, i % 12,
			 i % 100, i % 2 ? "odd" : "even crate zinc", i % 3 ? "" : "third zeal",
			 i >= 601 && i <= 603 ? "single" : "");
		fixture_mail(store, &(struct mail){ .id = message_id_first(100 * DAY) + i,
						    .date_ms = 100 * DAY + i * MINUTE,
						    .subject = "row",
						    .body = body,
						    .account = 1,
						    .attachments = i % 100 == 0,
						    .label = i % 100 == 0 ? "hundred" : NULL,
						    .held = (i % 5 ? 1 : 0) + (i % 7 ? 0 : 4) });
	}
	fixture_sql(store, "COMMIT");
}

/* The numbers of a page, from the minutes; every one must hold, in order and without a gap. */
static int many_page(const struct search_result *page, bool (*holds)(int), int next)
{
	size_t k;
	json_t *hit;

	json_array_foreach(page->hits, k, hit) {
		int64_t ms = 0;
		struct threads_error err;

		assert_rc(clock_parse_rfc3339(json_string_value(json_object_get(hit, "date")), &ms,
					      &err),
			  0, &err);
		if (ms < 100 * DAY) /* the older mail of the fixture comes behind all of these */
			break;
		while (next >= 0 && !holds(next))
			next--;
		assert_int_equal((ms - 100 * DAY) / MINUTE, next);
		next--;
	}
	return next;
}

static void many_walk(struct fixture *f, const char *query, bool (*holds)(int))
{
	struct search_cursor cursor = { 0 };
	int next = MANY - 1;
	bool more = true;

	while (more) {
		CLEANUP(search_result_release) struct search_result page = { 0 };

		run(f, &f->ann, query, SEARCH_NEWEST, cursor, 97, &page);
		next = many_page(&page, holds, next);
		more = page.more;
		cursor = page.next;
	}
	while (next >= 0 && !holds(next))
		next--;
	if (next >= 0)
		fail_msg("%s: %d is not found", query, next);
}

/* Many more than a block of any index, in pages that end anywhere in one: beside a word, and
 * with indexes of their own. */
static void pages_cross_the_blocks_of_indexes(void **state)
{
	struct fixture *f = *state;

	many_fill(f->store);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		CLEANUP(strbuf_release) struct strbuf query = STRBUF_INIT(200);

		strbuf_addf(&query, "subject:row (%s)", many[i].query);
		many_walk(f, strbuf_str(&query), many[i].holds);
		many_walk(f, many[i].query, many[i].holds);
	}
}

/* Whether they are spelled out or looked up as a prefix, alone and beside others. */
static void prefixes_find_all_words_that_begin_so(void **state)
{
	struct fixture *f = *state;

	many_fill(f->store);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		many_walk(f, prefixes[i].query, prefixes[i].holds);
}

static void odd_requests_are_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP(query_tree_freep) struct query_tree *tree = parse("");
	struct search_request request = { .tree = tree, .viewer = &f->ann, .limit = 0 };
	struct search_result result;
	struct threads_error err;

	assert_rc(search_run(f->reader, &request, &result, &err), THREADS_EINVAL, &err);
	request.limit = SEARCH_LIMIT_MAX + 1;
	assert_rc(search_run(f->reader, &request, &result, &err), THREADS_EINVAL, &err);
}

/* test_search [NAME] */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(queries_find_the_expected_days, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_else_sees_anything, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_follow_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(relevance_prefers_the_subject, setup, teardown),
		cmocka_unit_test_setup_teardown(hits_carry_what_a_list_shows, setup, teardown),
		cmocka_unit_test_setup_teardown(conversations_count_visible_messages_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(long_bodies_get_a_snippet_within_the_budget, setup,
						teardown),
		cmocka_unit_test_setup_teardown(narrow_viewers_get_the_same_answers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pages_cross_the_blocks_of_indexes, setup, teardown),
		cmocka_unit_test_setup_teardown(prefixes_find_all_words_that_begin_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(odd_requests_are_refused, setup, teardown),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
