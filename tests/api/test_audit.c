/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log by its routes, and the socket's reader of requests. */
#include "harness.h"

#include "api/metrics_socket.h"

enum { ROWS = 45000 }; /* more than two windows */

#define DAY_MS INT64_C(86400000)

static int setup(void **state)
{
	static struct harness h;

	harness_open(&h);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	harness_close(*state);
	return 0;
}

/* One row a minute; Ben signs in once, at the very begin. */
static void many_rows(struct harness *h)
{
	fixture_sql(
		h->store,
		"INSERT INTO audit (id, at_ms, actor, action, object, detail, origin, hash)"
		" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)"
		" SELECT i, i * 60000, iif(i = 1, '" BEN "', '" ANN "'), iif(i = 1, 'signin',"
		" 'message.read'), '', '', '', x'00' FROM n");
}

static size_t rows_of(struct harness *h, const char *path, struct answer *a)
{
	answer_release(a);
	harness_do(h, EVE, "GET", path, NULL, a);
	assert_int_equal(a->status, 200);
	return json_array_size(json_object_get(a->json, "entries"));
}

static int64_t row_at(const struct answer *a, size_t i)
{
	const json_t *entries = json_object_get(a->json, "entries");

	return json_integer_value(json_object_get(json_array_get(entries, i), "row"));
}

static void pages_follow_each_other(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	char path[400];

	many_rows(h);
	assert_int_equal(rows_of(h, "audit", &a), 100);
	assert_int_equal(row_at(&a, 0), ROWS);
	snprintf(path, sizeof(path), "audit?cursor=%s",
		 json_string_value(json_object_get(a.json, "next")));
	assert_int_equal(rows_of(h, path, &a), 100);
	assert_int_equal(row_at(&a, 0), ROWS - 100);
}

static void a_rare_row_is_found_window_by_window(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	char path[400] = "audit?action=signin";
	size_t found = 0;
	int pages = 0;

	many_rows(h);
	while (*path) {
		const char *next;

		found += rows_of(h, path, &a);
		next = json_string_value(json_object_get(a.json, "next"));
		snprintf(path, sizeof(path), next ? "audit?action=signin&cursor=%s" : "%s",
			 next ? next : "");
		pages++;
	}
	assert_int_equal(found, 1);
	assert_int_equal(row_at(&a, 0), 1);
	assert_int_equal(pages, 3);
	assert_int_equal(rows_of(h, "audit?user=" BEN "&to=1970-01-02T00:00:00Z", &a), 1);
	assert_int_equal(rows_of(h, "audit?user=" CY "&to=1970-01-02T00:00:00Z", &a), 0);
}

static void days_have_bounds(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };

	many_rows(h);
	assert_int_equal(rows_of(h, "audit?from=1970-01-03T00:00:00Z&to=1970-01-03T00:05:00Z", &a),
			 5);
	assert_int_equal(row_at(&a, 4), 2 * DAY_MS / 60000);
	assert_true(json_is_null(json_object_get(a.json, "next")));
	assert_int_equal(rows_of(h, "audit?from=2030-01-01T00:00:00Z", &a), 0);
	assert_int_equal(rows_of(h, "audit?to=1970-01-01T00:00:30Z", &a), 0);
	answer_release(&a);
	harness_do(h, EVE, "GET", "audit?from=yesterday", NULL, &a);
	assert_int_equal(a.status, 400);
}

static void the_chain_is_followed_and_its_break_told(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	struct threads_error err;

	for (int i = 0; i < 5; i++)
		assert_rc(audit_add(h->store, ANN, "signin", "", "", 1000 + i, &err), 0, &err);
	harness_do(h, EVE, "GET", "audit/chain", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_integer_value(json_object_get(a.json, "checked")), 5);
	assert_true(json_is_null(json_object_get(a.json, "broken_at")));
	fixture_sql(h->store, "UPDATE audit SET action = 'message.read' WHERE id = 3");
	answer_release(&a);
	harness_do(h, EVE, "GET", "audit/chain?again=1", NULL, &a);
	assert_int_equal(json_integer_value(json_object_get(a.json, "broken_at")), 3);
	assert_int_equal(json_integer_value(json_object_get(a.json, "checked")), 2);
}

static void a_file_holds_no_formula(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	struct threads_error err;

	assert_rc(audit_add(h->store, ANN, "signin", "", "=1+\"2\"", 0, &err), 0, &err);
	assert_rc(audit_add(h->store, ANN, "signin", "", "\uFF1D3", 0, &err), 0, &err);
	assert_rc(audit_add(h->store, ANN, "signin", "", "\uFF21 name", 0, &err), 0, &err);
	harness_do(h, EVE, "GET", "audit/file", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_true(harness_heard(h, "audit " EVE " audit.export "));
	assert_non_null(strstr(a.body, ",\"'=1+\"\"2\"\"\"\n"));
	assert_non_null(strstr(a.body, ",\"'\uFF1D3\"\n"));
	assert_non_null(strstr(a.body, ",\"\uFF21 name\"\n"));
	assert_non_null(strstr(a.headers, "attachment"));
}

static void last_seen_is_ones_own_doing(void **state)
{
	struct harness *h = *state;
	CLEANUP(answer_release) struct answer a = { 0 };
	struct threads_error err;
	const char *seen;

	assert_rc(audit_add(h->store, BEN, "signin", "", "", DAY_MS, &err), 0, &err);
	assert_rc(audit_add(h->store, BEN, "signin-failed", "", "", 9 * DAY_MS, &err), 0, &err);
	harness_do(h, BEN, "GET", "users", NULL, &a);
	seen = json_string_value(
		json_object_get(json_array_get(json_object_get(a.json, "users"), 0), "last_seen"));
	assert_string_equal(seen, "1970-01-02T00:00:00.000Z");
}

static void requests_for_figures_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET /metrics HTTP/1.0\r\n\r\n", 200 },
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", 200 },
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n", 0 },
		{ "GET /metr", 0 },
		{ "GET /metrics HTTP/1.1\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\n\n", 400 },
		{ "GET  /metrics HTTP/1.0\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0 \r\n\r\n", 400 },
		{ "GET /metrics\r\n\r\n", 400 },
		{ "\r\n\r\n", 400 },
		{ "G(T /metrics HTTP/1.0\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\n folded: x\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\nName : x\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\nA: \x01\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.0\r\n\r\nGET", 400 },
		{ "GET /metrics HTTP/2.0\r\n\r\n", 505 },
		{ "GET /metrics?x HTTP/1.0\r\n\r\n", 404 },
		{ "GET /Metrics HTTP/1.0\r\n\r\n", 404 },
		{ "HEAD /metrics HTTP/1.0\r\n\r\n", 405 },
		{ "get /metrics HTTP/1.0\r\n\r\n", 405 },
		{ "GETS /metrics HTTP/1.0\r\n\r\n", 405 },
	};
	char long_head[SCRAPE_HEAD_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (metrics_request(cases[i].text, strlen(cases[i].text)) != cases[i].status)
			fail_msg("%s: not %d", cases[i].text, cases[i].status);
	memset(long_head, 'x', sizeof(long_head));
	assert_int_equal(metrics_request(long_head, sizeof(long_head)), 431);
	assert_int_equal(metrics_request(long_head, sizeof(long_head) - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_follow_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rare_row_is_found_window_by_window, setup,
						teardown),
		cmocka_unit_test_setup_teardown(days_have_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(the_chain_is_followed_and_its_break_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_holds_no_formula, setup, teardown),
		cmocka_unit_test_setup_teardown(last_seen_is_ones_own_doing, setup, teardown),
		cmocka_unit_test(requests_for_figures_are_read_strictly),
	};

	return cmocka_run_group_tests_name("api/audit", tests, NULL, NULL);
}
