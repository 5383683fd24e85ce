/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mime/html_text.h"

static const struct {
	const char *name, *html, *text;
} cases[] = {
	{ "empty", "", "" },
	{ "plain text", "hello", "hello" },
	{ "blocks break", "<p>a<p>b<br>c", "a\nb\nc" },
	{ "cells are spaced", "<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc" },
	{ "spaces collapse", "  a \n\t b  ", "a b" },
	{ "inline keeps word", "fo<b>o</b>bar", "foobar" },
	{ "script dropped", "a<script>x<p>y</SCRIPT>b", "ab" },
	{ "style dropped", "a<style>p{}</style>b", "ab" },
	{ "head matter dropped", "<head><title>t</title></head><body>b", "b" },
	{ "unclosed script", "a<script>x", "a" },
	{ "comment dropped", "a<!-- <p>x --!>y -->b", "ab" },
	{ "empty comment", "a<!-->b", "ab" },
	{ "outlook comment", "a<!--[if mso]><p>x</p><![endif]-->b", "ab" },
	{ "not outlook", "<!--[if !mso]><!-->a<!--<![endif]-->b", "ab" },
	{ "quoted >", "<a title=\"1>2\">x</a>", "x" },
	{ "lone <", "a < b", "a < b" },
	{ "named entity", "a&amp;b&lt;c&nbsp;d", "a&b<c d" },
	{ "entity of HTML 4", "&eacute;&Omega;&euro;&rarr;",
	  "\xC3\xA9\xCE\xA9\xE2\x82\xAC\xE2\x86\x92" },
	{ "without semicolon", "&copy 2024, AT&T", "\xC2\xA9 2024, AT&T" },
	{ "query is no entity", "?a=1&copy=2&lang=x", "?a=1&copy=2&lang=x" },
	{ "unknown entity", "AT&T &bogus;", "AT&T &bogus;" },
	{ "numeric entities", "&#65;&#x1F600;&#0;", "A\xF0\x9F\x98\x80\xEF\xBF\xBD" },
	{ "windows numbers", "&#147;x&#148;", "\xE2\x80\x9Cx\xE2\x80\x9D" },
	{ "huge number", "&#99999999999999999999;", "\xEF\xBF\xBD" },
	{ "invisible padding", "a&zwnj;&#8203;&shy;b", "ab" },
	{ "cut tag", "a<b", "a" },
	{ "hidden attribute", "a<div hidden>b<div>c</div>d</div>e", "a\ne" },
	{ "hidden by style", "a<span style='color:red; DISPLAY : none'>b</span>c", "ac" },
	{ "outlook hides", "a<p style=\"mso-hide:all\">b</p>c", "a\nc" },
	{ "other style shows", "a<span style=\"display:block\">b</span>c", "abc" },
	{ "hidden is no name", "a<span title=hidden>b</span>c", "abc" },
	{ "paragraph ends hidden one", "<p hidden>a<p>b", "b" },
	{ "void hides nothing", "<br hidden>a", "a" },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1024);

		html_text_append(&out, cases[i].html, strlen(cases[i].html));
		if (strcmp(strbuf_str(&out), cases[i].text) != 0)
			fail_msg("%s: got \"%s\"", cases[i].name, strbuf_str(&out));
	}
}

static void test_output_limit_is_reported(void **state)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(8);
	struct threads_error err;

	(void)state;
	html_text_append(&out, "0123456 89", 10);
	assert_int_equal(strbuf_check(&out, &err), THREADS_ELIMIT);
	assert_true(out.len <= 8);
}

static void test_escaped_text_reads_back(void **state)
{
	static const char text[] = "a <b> & \"c\" &amp;";
	CLEANUP(strbuf_release) struct strbuf html = STRBUF_INIT(1024);
	CLEANUP(strbuf_release) struct strbuf back = STRBUF_INIT(1024);

	(void)state;
	html_escape_append(&html, text, strlen(text));
	assert_null(strstr(html.data + 5, "<b>"));
	html_text_append(&back, html.data, html.len);
	assert_string_equal(strbuf_str(&back), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_output_limit_is_reported),
		cmocka_unit_test(test_escaped_text_reads_back),
	};

	return cmocka_run_group_tests_name("mime/html_text", tests, NULL, NULL);
}
