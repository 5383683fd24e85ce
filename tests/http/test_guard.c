/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of http: guard, targets, fields, policy. */
#include "test.h"

#include "http/fields.h"
#include "http/guard.h"
#include "http/policy.h"
#include "http/problem.h"
#include "http/target.h"

enum { FIELDS_MAX = GUARD_FIELDS_MAX + 2 };

struct head_case {
	const char *name, *method, *version;
	const char *fields[8]; /* name, value, ... */
	int status;
};

#define HOST "Host", "localhost"

static const struct head_case heads[] = {
	{ "plain", "GET", "HTTP/1.1", { HOST }, 0 },
	{ "1.0 without host", "GET", "HTTP/1.0", { NULL }, 0 },
	{ "1.1 without host", "GET", "HTTP/1.1", { NULL }, 400 },
	{ "two hosts", "GET", "HTTP/1.1", { HOST, "hOST", "b" }, 400 },
	{ "host with path", "GET", "HTTP/1.1", { "Host", "a/b" }, 400 },
	{ "empty host", "GET", "HTTP/1.1", { "Host", "" }, 400 },
	{ "lower case method", "get", "HTTP/1.1", { HOST }, 405 },
	{ "trace", "TRACE", "HTTP/1.1", { HOST }, 405 },
	{ "options", "OPTIONS", "HTTP/1.1", { HOST }, 405 },
	{ "version 1.2", "GET", "HTTP/1.2", { HOST }, 505 },
	{ "version 2.0", "GET", "HTTP/2.0", { HOST }, 505 },
	{ "no version", "GET", "", { HOST }, 505 },
	{ "empty name", "GET", "HTTP/1.1", { HOST, "", "x" }, 400 },
	{ "space in name", "GET", "HTTP/1.1", { HOST, "A b", "x" }, 400 },
	{ "space before colon", "GET", "HTTP/1.1", { HOST, "A ", "x" }, 400 },
	{ "control in value", "GET", "HTTP/1.1", { HOST, "A", "x\ry" }, 400 },
	{ "delete in value", "GET", "HTTP/1.1", { HOST, "A", "x\177y" }, 400 },
	{ "tab in value", "GET", "HTTP/1.1", { HOST, "A", "x\ty" }, 0 },
	{ "two lengths, same",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Content-Length", "1", "content-length", "1" },
	  400 },
	{ "two lengths",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Content-Length", "0", "Content-Length", "43" },
	  400 },
	{ "length list", "POST", "HTTP/1.1", { HOST, "Content-Length", "1, 1" }, 400 },
	{ "length +1", "POST", "HTTP/1.1", { HOST, "Content-Length", "+1" }, 400 },
	{ "length hex", "POST", "HTTP/1.1", { HOST, "Content-Length", "0x1" }, 400 },
	{ "length empty", "POST", "HTTP/1.1", { HOST, "Content-Length", "" }, 400 },
	{ "length huge",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Content-Length", "99999999999999999999" },
	  400 },
	{ "length and chunked",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Content-Length", "1", "Transfer-Encoding", "chunked" },
	  400 },
	{ "chunked", "POST", "HTTP/1.1", { HOST, "Transfer-Encoding", "Chunked" }, 0 },
	{ "chunked on 1.0", "POST", "HTTP/1.0", { "Transfer-Encoding", "chunked" }, 400 },
	{ "xchunked", "POST", "HTTP/1.1", { HOST, "Transfer-Encoding", "xchunked" }, 501 },
	{ "gzip, chunked",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Transfer-Encoding", "gzip, chunked" },
	  501 },
	{ "two codings",
	  "POST",
	  "HTTP/1.1",
	  { HOST, "Transfer-Encoding", "chunked", "Transfer-Encoding", "identity" },
	  400 },
	{ "get with body", "GET", "HTTP/1.1", { HOST, "Content-Length", "1" }, 400 },
	{ "get with empty body", "GET", "HTTP/1.1", { HOST, "Content-Length", "0" }, 0 },
	{ "get chunked", "GET", "HTTP/1.1", { HOST, "Transfer-Encoding", "chunked" }, 400 },
	{ "expect continue", "POST", "HTTP/1.1", { HOST, "Expect", "100-continue" }, 0 },
	{ "expect else", "POST", "HTTP/1.1", { HOST, "Expect", "fish" }, 417 },
	{ "two cookies", "GET", "HTTP/1.1", { HOST, "Cookie", "a", "Cookie", "b" }, 400 },
	{ "two origins", "GET", "HTTP/1.1", { HOST, "Origin", "a", "Origin", "b" }, 400 },
};

static int check(const struct head_case *c, struct guard_framing *framing)
{
	struct guard_field fields[4] = { { 0 } };
	struct guard_head head = { c->method, c->version, fields, 0 };
	const char *words = NULL;
	int status;

	for (size_t i = 0; i + 1 < ARRAY_SIZE(c->fields) && c->fields[i]; i += 2) {
		struct guard_field *field = &fields[head.field_count++];

		field->name = c->fields[i];
		field->name_len = strlen(field->name);
		field->value = c->fields[i + 1];
		field->value_len = strlen(field->value);
	}
	status = guard_check(&head, framing, &words);
	assert_true(status == 0 || words);
	return status;
}

static void test_guard_judges_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct guard_framing framing = { 0 };
		const int status = check(&heads[i], &framing);

		if (status != heads[i].status)
			fail_msg("%s: %d, not %d", heads[i].name, status, heads[i].status);
	}
}

static void test_guard_counts_fields(void **state)
{
	struct guard_field fields[FIELDS_MAX];
	struct guard_head head = { "GET", "HTTP/1.0", fields, GUARD_FIELDS_MAX };
	struct guard_framing framing;
	const char *words;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = (struct guard_field){ "A", "b", 1, 1 };
	assert_int_equal(guard_check(&head, &framing, &words), 0);
	head.field_count++;
	assert_int_equal(guard_check(&head, &framing, &words), 400);
}

static void test_guard_sees_nul_and_framing(void **state)
{
	struct guard_field fields[] = { { "Host", "a", 4, 1 }, { "A", "x\0y", 1, 3 } };
	struct guard_head head = { "GET", "HTTP/1.1", fields, 2 };
	struct guard_framing framing = { 0 };
	const char *words;

	(void)state;
	assert_int_equal(guard_check(&head, &framing, &words), 400);
	fields[1] = (struct guard_field){ "Content-Length", "42", 14, 2 };
	head.method = "PUT";
	assert_int_equal(guard_check(&head, &framing, &words), 0);
	assert_int_equal(framing.length, 42);
	assert_false(framing.chunked);
}

static const struct {
	const char *raw, *path, *query; /* path NULL: refused */
} targets[] = {
	{ "/", "/", "" },
	{ "/a/b?c=d?e", "/a/b", "c=d?e" },
	{ "//a///b//", "/a/b/", "" },
	{ "/a%20b", "/a b", "" },
	{ "/%C3%A9", "/\303\251", "" },
	{ "/a%2520b", "/a%20b", "" },
	{ "http://hub.test/x?y", "/x", "y" },
	{ "HTTPS://HUB.test", "/", "" },
	{ "http://hub.test?q", "/", "q" },
	{ "http://other.test/x", NULL, NULL },
	{ "", NULL, NULL },
	{ "*", NULL, NULL },
	{ "x/y", NULL, NULL },
	{ "/%00", NULL, NULL },
	{ "/%0a", NULL, NULL },
	{ "/%7f", NULL, NULL },
	{ "/%2F", NULL, NULL },
	{ "/%5c", NULL, NULL },
	{ "/a\\b", NULL, NULL },
	{ "/%", NULL, NULL },
	{ "/%4", NULL, NULL },
	{ "/%zz", NULL, NULL },
	{ "/%ff", NULL, NULL },
	{ "/.", NULL, NULL },
	{ "/..", NULL, NULL },
	{ "/a/../b", NULL, NULL },
	{ "/a/%2e%2e/b", NULL, NULL },
	{ "/a/./b", NULL, NULL },
	{ "/a/...", "/a/...", "" },
	{ "/a b", NULL, NULL },
	{ "/\303\251", NULL, NULL },
};

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT(1000);
		const char *query = NULL;
		struct threads_error err;
		const int rc = target_parse(targets[i].raw, "hub.test", &path, &query, &err);

		if ((rc == 0) != (targets[i].path != NULL))
			fail_msg("'%s' gave %d '%s'", targets[i].raw, rc, strbuf_str(&path));
		if (rc < 0)
			continue;
		assert_string_equal(strbuf_str(&path), targets[i].path);
		assert_string_equal(query, targets[i].query);
	}
}

static void test_cookies(void **state)
{
	static const struct {
		const char *cookies, *value;
	} cases[] = {
		{ "s=1", "1" },        { "a=b; s=1; c=2", "1" }, { "s=1; s=2", "" },
		{ "s=1;s=1;s=1", "" }, { "xs=1", "" },           { "s", "" },
		{ " s=1 ; b=2", "1" }, { "a=s=1", "" },          { "", "" },
		{ ";;; s=", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(100);

		field_cookie(cases[i].cookies, "s", &out);
		assert_string_equal(strbuf_str(&out), cases[i].value);
	}
}

static void test_encodings(void **state)
{
	static const bool all[ENCODING_COUNT] = { true, true, true };
	static const bool gz[ENCODING_COUNT] = { true, true, false };

	(void)state;
	assert_int_equal(field_encoding("gzip, deflate, br", all), ENCODING_BR);
	assert_int_equal(field_encoding("gzip, deflate, br", gz), ENCODING_GZIP);
	assert_int_equal(field_encoding("br;q=0, gzip;q=0.5", all), ENCODING_GZIP);
	assert_int_equal(field_encoding("br; q=0.000,gzip;q=0", all), ENCODING_IDENTITY);
	assert_int_equal(field_encoding("", all), ENCODING_IDENTITY);
	assert_int_equal(field_encoding("brx, xgzip", all), ENCODING_IDENTITY);
}

static void test_etags_and_media(void **state)
{
	CLEANUP(strbuf_release) struct strbuf client = STRBUF_INIT(100);

	(void)state;
	assert_true(field_etag_listed("\"a\", W/\"b\"", "\"b\""));
	assert_true(field_etag_listed("*", "\"b\""));
	assert_false(field_etag_listed("\"a\"", "\"b\""));
	assert_false(field_etag_listed("", "\"b\""));
	assert_true(field_media_is("application/json; charset=utf-8", "application/json"));
	assert_true(field_media_is("Application/JSON", "application/json"));
	assert_false(field_media_is("application/jsonx", "application/json"));
	assert_false(field_media_is("text/plain", "application/json"));
	field_forwarded("10.0.0.1, 192.0.2.7 ", &client);
	assert_string_equal(strbuf_str(&client), "192.0.2.7");
}

static void test_ranges(void **state)
{
	static const struct {
		const char *range;
		enum field_range_result result;
		unsigned first, length;
	} cases[] = {
		{ "bytes=0-9", RANGE_PART, 0, 10 },
		{ "bytes=90-", RANGE_PART, 90, 10 },
		{ "bytes=-5", RANGE_PART, 95, 5 },
		{ "bytes=-500", RANGE_PART, 0, 100 },
		{ "bytes=50-1000", RANGE_PART, 50, 50 },
		{ "bytes=100-", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-0", RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=5-4", RANGE_NONE, 0, 0 },
		{ "bytes=0-1,3-4", RANGE_NONE, 0, 0 },
		{ "bytes=", RANGE_NONE, 0, 0 },
		{ "bytes=-", RANGE_NONE, 0, 0 },
		{ "bytes=99999999999999999999-", RANGE_NONE, 0, 0 },
		{ "lines=0-9", RANGE_NONE, 0, 0 },
		{ "", RANGE_NONE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t first = 0, length = 0;

		assert_int_equal(field_range(cases[i].range, 100, &first, &length),
				 cases[i].result);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(length, cases[i].length);
	}
}

static void test_same_origin(void **state)
{
	static const struct {
		struct policy_source source;
		bool same;
	} cases[] = {
		{ { "same-origin", "", "h", "" }, true },
		{ { "same-site", "http://h", "h", "" }, false },
		{ { "cross-site", "http://h", "h", "" }, false },
		{ { "none", "", "h", "" }, false },
		{ { "", "", "h", "" }, false },
		{ { "", "http://h:8420", "h:8420", "" }, true },
		{ { "", "http://evil.test", "h", "" }, false },
		{ { "", "https://hub.test", "backend", "https://hub.test/" }, true },
		{ { "", "https://hub.test.evil.test", "backend", "https://hub.test" }, false },
		{ { "", "null", "h", "" }, false },
		{ { "", "http://", "", "" }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(policy_same_origin(&cases[i].source), cases[i].same);
}

static void test_problem(void **state)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(PROBLEM_MAX);
	const struct problem problem = { 404, "not-found", "No \"such\" thing", NULL };

	(void)state;
	problem_append(&out, &problem);
	assert_string_equal(strbuf_str(&out), "{\"type\":\"/problems/not-found\",\"title\":\"No "
					      "\\\"such\\\" thing\",\"status\":404}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard_judges_heads),
		cmocka_unit_test(test_guard_counts_fields),
		cmocka_unit_test(test_guard_sees_nul_and_framing),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_etags_and_media),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_same_origin),
		cmocka_unit_test(test_problem),
	};

	return cmocka_run_group_tests_name("http/guard", tests, NULL, NULL);
}
