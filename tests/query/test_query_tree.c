/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "query/tree_print.h"

static const struct query_options options = { .now_ms = 1795224600000LL };

static struct query_tree *parse(const char *text, size_t len)
{
	struct query_tree *tree = NULL;
	struct threads_error err;

	assert_rc(query_tree_parse(text, len, &options, &tree, &err), 0, &err);
	return tree;
}

static const struct {
	const char *input, *tree, *hint; /* hint: a part of the first one, NULL: there is none */
} cases[] = {
	{ "", "", NULL },
	{ " \t ", "", NULL },
	{ "anchor", "anchor", NULL },
	{ "anchor chain", "(anchor chain)", NULL },
	{ "\"anchor chain\"", "\"anchor chain\"", NULL },
	{ "“anchor chain”", "\"anchor chain\"", NULL },
	{ "\"anchor chain", "\"anchor chain\"", "quotation mark" },
	{ "anch*", "anch*", NULL },
	{ "\"anchor ch\"*", "\"anchor ch\"*", NULL },
	{ "*chor", "chor", "end of a word" },
	{ "an*or", "an*or", "end of a word" },
	{ "*", "", NULL },
	{ "an*", "an*", "“an*” is short" },
	{ "東*", "東*", NULL },
	{ "subject:an*", "subject:an*", NULL },
	{ "-anchor", "-anchor", NULL },
	{ "--anchor", "-anchor", NULL },
	{ "a - b", "(a b)", NULL },
	{ "-", "", NULL },
	{ "a -\"b c\"", "(a -\"b c\")", NULL },
	{ "from:alice@example.org", "from:alice@example.org", NULL },
	{ "FROM:alice", "from:alice", NULL },
	{ "from: alice", "from:alice", NULL },
	{ "from:", "", "needs something" },
	{ "from:\"Alice Brown\" to:bob", "(from:\"Alice Brown\" to:bob)", NULL },
	{ "-from:alice", "-from:alice", NULL },
	{ "from:(alice OR bob) rope", "((from:alice OR from:bob) rope)", NULL },
	{ "with:alice", "(from:alice OR to:alice)", NULL },
	{ "has:attachment", "has:attachment", NULL },
	{ "has:Attachments -has:file", "(has:attachment -has:attachment)", NULL },
	{ "has:wings x", "x", "has:wings" },
	{ "has:atachment", "", "Did you mean has:attachment?" },
	{ "has:pdf", "type:\"pdf\"", NULL },
	{ "after:2026-01-02", "[1767312000]", NULL },
	{ "before:1970", "[..0]", NULL },
	{ "on:1970-01-02", "[86400..172800]", NULL },
	{ "on:02.01.1970", "[86400..172800]", NULL },
	{ "after:soon x", "x", "after:soon" },
	{ "before:yesteryear x", "x", "Did you mean before:yesterday?" },
	{ "newer:1d", "[1795132800]", NULL },
	{ "older:2w", "[..1794009600]", NULL },
	{ "newer_than:1y", "[1763683200]", NULL },
	{ "older:2026", "[..1767225600]", NULL },
	{ "newer:2h", "[1795217400]", NULL },
	{ "on:7d", "", "on:7d" },
	{ "larger:5M", "[5000000]", NULL },
	{ "larger:1.5mb", "[1500000]", NULL },
	{ "smaller:300k", "[..300000]", NULL },
	{ "larger:10", "[10]", NULL },
	{ "larger:big x", "x", "larger:big" },
	{ "is:unread", "is:unread", NULL },
	{ "is:Starred -is:seen", "(is:flagged -is:read)", NULL },
	{ "is:unred x", "x", "Did you mean is:unread?" },
	{ "is:(unread OR flagged)", "(is:unread OR is:flagged)", NULL },
	{ "is:blue x", "x", "is:blue" },
	{ "type:pdf", "type:\"pdf\"", NULL },
	{ "type:(pdf OR dwg)", "(type:\"pdf\" OR type:\"dwg\")", NULL },
	{ "type:pfd", "type:\"pfd\"", "Did you mean type:pdf?" },
	{ "cc:ann -bcc:\"Ben B\"", "(cc:ann -bcc:\"Ben B\")", NULL },
	{ "filename:plan*", "filename:plan*", NULL },
	{ "label:work in:inbox", "(label:work folder:inbox)", NULL },
	{ "form:bob", "form:bob", "Did you mean from:bob?" },
	{ "subjet:\"a b\"", "(subjet: \"a b\")", NULL },
	{ "sender:bob", "sender:bob", "Did you mean from:bob?" },
	{ "-form:bob", "-form:bob", "Did you mean from:bob?" },
	{ "colour:red", "colour:red", "no filter colour:" },
	{ "note: this", "(note: this)", NULL },
	{ "account:\"Ship yard\"", "account:\"Ship yard\"", NULL },
	{ "folder:INBOX x", "(folder:INBOX x)", NULL },
	{ "company:x y", "y", "company:" },
	{ "a OR b", "(a OR b)", NULL },
	{ "a b OR c", "((a b) OR c)", NULL },
	{ "a AND b", "(a b)", NULL },
	{ "a or b", "(a or b)", NULL },
	{ "a (b OR c) -(d e)", "(a (b OR c) -(d e))", NULL },
	{ "-(-a)", "a", NULL },
	{ "OR", "", NULL },
	{ "a OR", "a", "both sides" },
	{ "OR a", "a", "both sides" },
	{ "(a b", "(a b)", "open bracket" },
	{ "a) b", "(a b)", "closing bracket" },
	{ "()", "", NULL },
	{ "a() b", "(a b)", NULL },
	{ "a & b", "(a b)", NULL },
	{ "12:30", "12:30", NULL },
	{ "https://example.org/x?y=1", "https://example.org/x?y=1", NULL },
	{ "re:anchor", "re:anchor", NULL },
	{ "020 8390", "(020 8390)", NULL },
	{ "a\xFF"
	  "b",
	  "a\xEF\xBF\xBD"
	  "b",
	  NULL },
	{ "a\x01"
	  "b",
	  "(a b)", NULL },
	{ "東京\xE3\x80\x80タワー", "(東京 タワー)", NULL },
};

static void input_becomes_the_expected_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(query_tree_freep)
		struct query_tree *tree = parse(cases[i].input, strlen(cases[i].input));
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(8192);

		tree_print(&text, tree->root);
		if (strcmp(strbuf_str(&text), cases[i].tree) != 0)
			fail_msg("%s: %s, not %s", cases[i].input, strbuf_str(&text),
				 cases[i].tree);
		if (!cases[i].hint && tree->hint_count)
			fail_msg("%s: hint %s", cases[i].input, tree->hints[0]);
		if (cases[i].hint && (!tree->hint_count || !strstr(tree->hints[0], cases[i].hint)))
			fail_msg("%s: hint lacks %s", cases[i].input, cases[i].hint);
	}
}

static void tokens_cover_what_was_typed(void **state)
{
	static const char input[] = "rope -from:alice \"a b\" an* OR (x -y)";
	static const struct {
		const char *text, *name, *value;
		enum query_token_kind kind;
		bool negated;
	} want[] = {
		{ "rope", "", "rope", QUERY_TOKEN_WORD, false },
		{ "-from:alice", "from", "alice", QUERY_TOKEN_OPERATOR, true },
		{ "\"a b\"", "", "a b", QUERY_TOKEN_PHRASE, false },
		{ "an*", "", "an", QUERY_TOKEN_PREFIX, false },
		{ "x", "", "x", QUERY_TOKEN_WORD, false },
		{ "-y", "", "y", QUERY_TOKEN_WORD, true },
	};
	CLEANUP(query_tree_freep) struct query_tree *tree = parse(input, strlen(input));

	(void)state;
	assert_int_equal(tree->token_count, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const struct query_token *token = &tree->tokens[i];

		assert_int_equal(token->end - token->start, strlen(want[i].text));
		assert_memory_equal(input + token->start, want[i].text, strlen(want[i].text));
		assert_string_equal(token->name, want[i].name);
		assert_string_equal(token->value, want[i].value);
		assert_int_equal(token->kind, want[i].kind);
		assert_int_equal(token->negated, want[i].negated);
	}
}

static void a_minus_before_a_group_negates_its_tokens(void **state)
{
	CLEANUP(query_tree_freep) struct query_tree *tree = parse("-(x -y)", 7);

	(void)state;
	assert_true(tree->tokens[0].negated);
	assert_false(tree->tokens[1].negated);
}

static void limits_cut_with_a_hint(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(1 << 20);

	(void)state;
	for (int i = 0; i < 100; i++)
		strbuf_add_str(&text, "ab ");
	CLEANUP(query_tree_freep) struct query_tree *words = parse(strbuf_str(&text), text.len);

	assert_int_equal(words->token_count, QUERY_TERMS_MAX);
	assert_non_null(strstr(words->hints[0], "first 64 words"));
	strbuf_reset(&text);
	for (int i = 0; i < 3000; i++)
		strbuf_add_str(&text, "é");
	CLEANUP(query_tree_freep) struct query_tree *bytes = parse(strbuf_str(&text), text.len);

	assert_int_equal(strlen(bytes->root->text), QUERY_BYTES_MAX);
	assert_non_null(strstr(bytes->hints[0], "1,024"));
	strbuf_reset(&text);
	for (int i = 0; i < 40; i++)
		strbuf_add_str(&text, "(");
	strbuf_add_str(&text, "a");
	CLEANUP(query_tree_freep) struct query_tree *deep = parse(strbuf_str(&text), text.len);

	assert_string_equal(deep->root->text, "a");
	assert_true(deep->hint_count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_becomes_the_expected_tree),
		cmocka_unit_test(tokens_cover_what_was_typed),
		cmocka_unit_test(a_minus_before_a_group_negates_its_tokens),
		cmocka_unit_test(limits_cut_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
