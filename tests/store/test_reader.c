/* SPDX-License-Identifier: Apache-2.0 */
/* What readers leave out for whom. Each absence has its control: somebody sees it. */
#include "test.h"

#include <stdio.h>

#include "core/json.h"
#include "store/ingest.h"
#include "store/mail_fixture.h"
#include "store/reader.h"
#include "threads/protocol.h"

#define ID1 "message0000000000000000001"
#define ID2 "message0000000000000000002"

struct fixture {
	struct store *store;
	struct reader *reader;
	struct viewer ann, ben, admin;
};

/* Message 1: both see it, held by Ann (with a Bcc) and Ben (without). 2: Ann's alone. */
static int setup(void **state)
{
	static struct fixture f;
	struct threads_error err;

	f.store = fixture_open();
	fixture_mail(f.store, &(struct mail){ .id = 1,
					      .date_ms = 60000,
					      .audience = 3,
					      .account = 1,
					      .name = "Ann",
					      .address = "ann@example.org",
					      .to_name = "Ben",
					      .to_address = "ben@example.com",
					      .subject = "Keel",
					      .body = "The keel is laid." });
	fixture_mail(f.store, &(struct mail){ .id = 2,
					      .date_ms = 120000,
					      .audience = 1,
					      .account = 1,
					      .subject = "Re: Keel",
					      .body = "Just for me." });
	fixture_sql(
		f.store,
		"INSERT INTO sighting (folder_id, uid, account_id, message_id, raw_sha256,"
		" size_bytes, flags, received_ms, seen_ms) VALUES (2, 1, 2, 1, x'00', 99, 0, 5, 6);"
		"INSERT INTO sighting_bcc (folder_id, uid, position, message_id, name, address)"
		" VALUES (1, 1, 0, 1, 'Cy', 'cy@example.net');"
		"INSERT INTO participant (message_id, position, role, name, address) VALUES"
		" (1, 2, 4, 'Dee', 'dee@example.net'), (1, 3, 2, '', 'answers@example.org');"
		"INSERT INTO channel (id, kind, key, privacy, user_id, created_ms)"
		" VALUES (1, 1, 'ben@example.com', 1, 2, 0);"
		"UPDATE participant SET channel_id = 1 WHERE address = 'ben@example.com';"
		"INSERT INTO ledger (at_ms, account_id, uid, header_id, reason, detail)"
		" VALUES (1, 1, 7, 'lost@example.org', 'failed', 'too large');"
		"INSERT INTO user (id, public_id, name, display_name, role, state, created_ms)"
		" VALUES (4, 'dddddddddddddddddddddddddd', 'dee', 'Dee', 'admin', 'active', 0);");
	assert_rc(reader_new(f.store, &f.reader, &err), 0, &err);
	assert_rc(reader_viewer_by_name(f.reader, "ann", &f.ann, &err), 1, &err);
	assert_rc(reader_viewer_by_name(f.reader, "ben", &f.ben, &err), 1, &err);
	assert_rc(reader_viewer_by_name(f.reader, "dee", &f.admin, &err), 1, &err);
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

static json_t *read_message(struct fixture *f, const struct viewer *viewer, const char *id)
{
	struct threads_error err;
	json_t *message = NULL;
	int rc = reader_message(f->reader, viewer, id, &message, &err);

	assert_rc(rc < 0 ? rc : 0, 0, &err);
	return message;
}

static size_t count_in(const json_t *json, const char *name)
{
	return json_array_size(json_object_get(json, name));
}

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "";
}

static void a_message_has_its_parts(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *m = read_message(f, &f->ann, ID1);

	assert_string_equal(text_in(m, "text"), "The keel is laid.");
	assert_string_equal(text_in(m, "subject"), "Keel");
	assert_string_equal(text_in(json_object_get(m, "from"), "address"), "ann@example.org");
	assert_int_equal(count_in(m, "to"), 1);
	assert_int_equal(count_in(m, "cc"), 1);
	assert_int_equal(count_in(m, "reply_to"), 1);
	assert_true(json_is_true(json_object_get(m, "has_html")));
}

static void blind_copies_are_for_holders_of_a_copy_that_names_them(void **state)
{
	struct fixture *f = *state;
	const struct viewer operator_ = { .role = VIEWER_OPERATOR };
	CLEANUP(json_freep) json_t *ann = read_message(f, &f->ann, ID1);
	CLEANUP(json_freep) json_t *ben = read_message(f, &f->ben, ID1);
	CLEANUP(json_freep) json_t *all = read_message(f, &operator_, ID1);

	assert_int_equal(count_in(ann, "bcc"), 1);
	assert_int_equal(count_in(ben, "bcc"), 0);
	assert_int_equal(count_in(all, "bcc"), 1);
}

static void sightings_are_the_viewers_own(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *ann = read_message(f, &f->ann, ID1);
	CLEANUP(json_freep) json_t *ben = read_message(f, &f->ben, ID1);
	const json_t *sighting = json_array_get(json_object_get(ben, "sightings"), 0);

	assert_int_equal(count_in(ann, "sightings"), 1);
	assert_int_equal(count_in(ben, "sightings"), 1);
	assert_string_equal(text_in(json_object_get(sighting, "account"), "name"), "Rope works");
}

static void why_names_each_reason(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *ann = read_message(f, &f->ann, ID1);
	CLEANUP(json_freep) json_t *ben = read_message(f, &f->ben, ID1);

	assert_int_equal(count_in(ann, "why"), 1);
	assert_string_equal(text_in(json_array_get(json_object_get(ann, "why"), 0), "kind"),
			    "owner");
	assert_int_equal(count_in(ben, "why"), 2);
	assert_string_equal(text_in(json_array_get(json_object_get(ben, "why"), 1), "kind"),
			    "participant");
}

static void what_is_not_yours_does_not_exist(void **state)
{
	struct fixture *f = *state;
	struct reader_blob blob;
	struct threads_error err;

	assert_null(read_message(f, &f->ben, ID2));
	assert_null(read_message(f, &f->admin, ID1));
	assert_null(read_message(f, &f->ann, "nothing"));
	assert_rc(reader_blob(f->reader, &f->ben, BLOB_HTML, ID2, "", &blob, &err), 0, &err);
	assert_rc(reader_blob(f->reader, &f->admin, BLOB_RAW, ID1, "", &blob, &err), 0, &err);
	assert_rc(reader_blob(f->reader, &f->ann, BLOB_ATTACHMENT, ID1, "x", &blob, &err), 0, &err);
	/* The control. */
	assert_rc(reader_blob(f->reader, &f->ann, BLOB_HTML, ID2, "", &blob, &err), 1, &err);
	reader_blob_release(&blob);
}

/* Seen by sharing: text yes, raw source no. */
static void raw_bytes_need_a_copy_of_ones_own(void **state)
{
	struct fixture *f = *state;
	struct reader_blob blob;
	struct threads_error err;

	assert_rc(reader_blob(f->reader, &f->ben, BLOB_RAW, ID1, "", &blob, &err), 1, &err);
	assert_string_equal(blob.account, "Rope works");
	assert_int_equal(blob.size, 99);
	reader_blob_release(&blob);
	fixture_sql(f->store, "DELETE FROM sighting WHERE folder_id = 2");
	assert_rc(reader_blob(f->reader, &f->ben, BLOB_RAW, ID1, "", &blob, &err), 0, &err);
	assert_rc(reader_blob(f->reader, &f->ben, BLOB_HEADERS, ID1, "", &blob, &err), 0, &err);
	assert_rc(reader_blob(f->reader, &f->ben, BLOB_HTML, ID1, "", &blob, &err), 1, &err);
	reader_blob_release(&blob);
}

static void conversations_hold_visible_messages_only(void **state)
{
	static const char id[] = "conversationbaaaaaaaaaaaaa";
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *ann = NULL;
	CLEANUP(json_freep) json_t *ben = NULL;
	json_t *none = NULL;
	struct threads_error err;

	assert_rc(reader_conversation(f->reader, &f->ann, id, &ann, &err), 1, &err);
	assert_int_equal(count_in(ann, "messages"), 2);
	assert_string_equal(text_in(json_array_get(json_object_get(ann, "messages"), 0), "subject"),
			    "Keel");
	assert_rc(reader_conversation(f->reader, &f->ben, id, &ben, &err), 1, &err);
	assert_int_equal(count_in(ben, "messages"), 1);
	assert_rc(reader_conversation(f->reader, &f->admin, id, &none, &err), 0, &err);
	assert_rc(reader_conversation(f->reader, &f->ann, "x", &none, &err), 0, &err);
}

static void accounts_and_ledger_keep_to_owner_and_managers(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *ben = NULL;
	CLEANUP(json_freep) json_t *admin = NULL;
	CLEANUP(json_freep) json_t *mine = NULL;
	CLEANUP(json_freep) json_t *theirs = NULL;
	json_t *none = NULL;
	struct threads_error err;

	assert_rc(reader_accounts(f->reader, &f->ben, 0, &ben, &err), 0, &err);
	assert_int_equal(json_array_size(ben), 1);
	assert_rc(reader_accounts(f->reader, &f->admin, 0, &admin, &err), 0, &err);
	assert_int_equal(json_array_size(admin), 2);
	assert_true(json_is_false(json_object_get(json_array_get(admin, 0), "mine")));
	assert_rc(reader_account(f->reader, &f->ben, "Ship yard", 0, &none, &err), 0, &err);
	assert_rc(reader_ledger(f->reader, &f->ben, "Ship yard", 0, &none, &err), 0, &err);
	/* An administrator sees that something failed, not which message it was. */
	assert_rc(reader_ledger(f->reader, &f->admin, "ship YARD", 0, &theirs, &err), 1, &err);
	assert_string_equal(
		text_in(json_array_get(json_object_get(theirs, "entries"), 0), "message_id"), "");
	assert_rc(reader_ledger(f->reader, &f->ann, "Ship yard", 0, &mine, &err), 1, &err);
	assert_string_equal(
		text_in(json_array_get(json_object_get(mine, "entries"), 0), "message_id"),
		"lost@example.org");
}

static void settings_have_presets_and_refuse_other_kinds(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_freep) json_t *preset = NULL;
	CLEANUP(json_freep) json_t *changed = NULL;
	struct threads_error err;

	assert_rc(reader_settings(f->reader, &preset, &err), 0, &err);
	assert_string_equal(text_in(preset, "account_policy_default"), "closed");
	fixture_sql(f->store, "INSERT INTO setting VALUES ('organisation', '\"Yard\"'),"
			      " ('own_domains', '7'), ('everyone_group', 'false'),"
			      " ('secret', '\"x\"');");
	assert_rc(reader_settings(f->reader, &changed, &err), 0, &err);
	assert_string_equal(text_in(changed, "organisation"), "Yard");
	assert_int_equal(count_in(changed, "own_domains"), 0);
	assert_true(json_is_false(json_object_get(changed, "everyone_group")));
	assert_null(json_object_get(changed, "secret"));
}

static void disabled_users_are_no_viewers(void **state)
{
	struct fixture *f = *state;
	struct viewer viewer;
	struct threads_error err;

	assert_rc(reader_viewer_by_name(f->reader, "cy", &viewer, &err), 0, &err);
	assert_rc(reader_viewer(f->reader, "cccccccccccccccccccccccccc", &viewer, &err), 0, &err);
	assert_rc(reader_viewer_by_name(f->reader, "BEN", &viewer, &err), 1, &err);
	assert_int_equal(viewer.id, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_has_its_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			blind_copies_are_for_holders_of_a_copy_that_names_them, setup, teardown),
		cmocka_unit_test_setup_teardown(sightings_are_the_viewers_own, setup, teardown),
		cmocka_unit_test_setup_teardown(why_names_each_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_yours_does_not_exist, setup, teardown),
		cmocka_unit_test_setup_teardown(raw_bytes_need_a_copy_of_ones_own, setup, teardown),
		cmocka_unit_test_setup_teardown(conversations_hold_visible_messages_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(accounts_and_ledger_keep_to_owner_and_managers,
						setup, teardown),
		cmocka_unit_test_setup_teardown(settings_have_presets_and_refuse_other_kinds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(disabled_users_are_no_viewers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
