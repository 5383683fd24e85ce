/* SPDX-License-Identifier: Apache-2.0 */
/* growth HUB_DB N: a database of N messages for growth.sh, in which each kind of query has
 * more hits than are counted, or always the same few. */
#include "test.h"

#include "core/number.h"
#include "mail_fixture.h"

static void conversation_add(struct store *store, int64_t i)
{
	char sql[160];

	snprintf(
		sql, sizeof(sql),
		"INSERT INTO conversation (id, public_id, created_ms) VALUES (%lld, 'c%025lld', 0)",
		(long long)i, (long long)i);
	fixture_sql(store, sql);
}

static void message_add(struct store *store, int64_t i, int64_t n)
{
	const int64_t half_day_ms = 43200000;
	char body[400];

	snprintf(body, sizeof(body),
		 "common words of letter w%lld kind%lld %s %s %s and what follows them to the end",
		 (long long)i, (long long)i % 20, i % 2 ? "odd" : "even",
		 i % 3 ? "many quick foxes" : "few", i % (n / 5) == 0 ? "rarely" : "");
	const struct mail mail = {
		.date_ms = half_day_ms * (i + 1),
		.conversation = 100 + i,
		.account = 1,
		.name = i % 2 ? "Ada" : "Zoe",
		.address = i % 2 ? "ada@example.org" : "zoe@example.org",
		.subject = "A letter",
		.body = body,
	};

	conversation_add(store, mail.conversation);
	fixture_mail(store, &mail);
}

int main(int argc, char **argv)
{
	CLEANUP(store_closep) struct store *store = NULL;
	struct threads_error err = { .text = "" };
	int64_t n = 0;

	assert_int_equal(argc, 3);
	assert_rc(parse_int(argv[2], 5, 1000000, &n, &err), 0, &err);
	assert_rc(store_open(argv[1], STORE_WRITER, &store, &err), 0, &err);
	fixture_sql(store, fixture_people);
	fixture_sql(store, "BEGIN");
	for (int64_t i = 0; i < n; i++)
		message_add(store, i, n);
	fixture_sql(store, "COMMIT");
	return 0;
}
