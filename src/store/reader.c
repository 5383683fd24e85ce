/* SPDX-License-Identifier: Apache-2.0 */
#include "store/reader.h"

#include "core/clock.h"
#include "store/reader_internal.h"

enum { PROGRESS_STEPS = 4000, CONVERSATION_SIZE_MAX = 1000 };

static const char sql_viewer[] =
	"SELECT id, role, public_id FROM user WHERE public_id = :public_id AND state = 'active'";
static const char sql_viewer_by_name[] =
	"SELECT id, role, public_id FROM user WHERE name = :name AND state = 'active'";
static const char sql_account_held[] =
	"SELECT a.public_id, a.name FROM sighting s JOIN account a ON a.id = s.account_id"
	" WHERE s.message_id = :message_id AND (a.owner_id = :viewer OR :operator)"
	" ORDER BY a.id LIMIT 1";
static const char sql_conversation_size[] =
	"SELECT count(*) FROM (SELECT 1 FROM message m WHERE m.conversation_id = :conversation_id"
	" AND visible(:set, m.audience_id, m.id) LIMIT :most)";
static const char sql_recipients[] =
	"SELECT name, address FROM participant"
	" WHERE message_id = :message_id AND role IN (3, 4) ORDER BY position LIMIT 100";

int reader_new(struct store *store, struct reader **ret_reader, struct threads_error *err)
{
	CLEANUP(reader_closep) struct reader *reader = calloc(1, sizeof(*reader));
	int rc;

	if (!reader)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	reader->store = store;
	reader->db = store_db(store);
	rc = visible_cache_new(&reader->cache, err);
	if (rc == 0)
		rc = tokenizer_open(reader->db, &reader->tokenizer, err);
	if (rc < 0)
		return rc;
	*ret_reader = TAKE_PTR(reader);
	return 0;
}

int reader_open(const char *path, struct reader **ret_reader, struct threads_error *err)
{
	CLEANUP(store_closep) struct store *store = NULL;
	int rc = store_open(path, STORE_READER, &store, err);

	if (rc == 0)
		rc = reader_new(store, ret_reader, err);
	if (rc < 0)
		return rc;
	store = NULL;
	(*ret_reader)->owns_store = true;
	return 0;
}

struct reader *reader_close(struct reader *reader)
{
	if (!reader)
		return NULL;
	tokenizer_close(reader->tokenizer);
	visible_cache_free(reader->cache);
	if (reader->owns_store)
		store_close(reader->store);
	free(reader);
	return NULL;
}

void reader_closep(struct reader **reader)
{
	*reader = reader_close(*reader);
}

/* ---- who looks -------------------------------------------------------------------- */

static enum viewer_role role_of(const char *name)
{
	if (strcmp(name, "owner") == 0)
		return VIEWER_OWNER;
	if (strcmp(name, "admin") == 0)
		return VIEWER_ADMIN;
	return strcmp(name, "auditor") == 0 ? VIEWER_AUDITOR : VIEWER_USER;
}

static int viewer_read(struct query *q, struct viewer *ret_viewer, struct threads_error *err)
{
	const char *public_id;
	int rc = query_step(q, err);

	if (rc <= 0)
		return rc;
	*ret_viewer = (struct viewer){ .id = query_int(q, 0), .role = role_of(query_text(q, 1)) };
	public_id = query_text(q, 2);
	memcpy(ret_viewer->public_id, public_id, strnlen(public_id, PUBLIC_ID_LEN));
	return 1;
}

int reader_viewer(struct reader *reader, const char *public_id, struct viewer *ret_viewer,
		  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_viewer);

	query_bind_text(&q, ":public_id", public_id);
	return viewer_read(&q, ret_viewer, err);
}

int reader_viewer_by_name(struct reader *reader, const char *name, struct viewer *ret_viewer,
			  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_viewer_by_name);

	query_bind_text(&q, ":name", name);
	return viewer_read(&q, ret_viewer, err);
}

bool viewer_manages(const struct viewer *viewer)
{
	return viewer->role >= VIEWER_ADMIN;
}

/* ---- the scope of a read ---------------------------------------------------------- */

int reader_begin(struct reader *reader, const struct viewer *viewer, struct reader **ret_scope,
		 struct threads_error *err)
{
	int rc;

	if (reader->viewer) {
		*ret_scope = NULL;
		return 0;
	}
	rc = db_begin_read(reader->db, err);
	if (rc < 0)
		return rc;
	reader->viewer = viewer;
	*ret_scope = reader;
	if (viewer->role == VIEWER_OPERATOR) {
		reader->set = visible_everything(reader->cache);
		return 0;
	}
	rc = visible_get(reader->store, reader->cache, viewer->id, clock_now_ms(NULL), &reader->set,
			 err);
	if (rc < 0)
		reader_end(ret_scope);
	return rc;
}

void reader_end(struct reader **scope)
{
	struct reader *reader = *scope;

	if (!reader)
		return;
	db_rollback(reader->db);
	reader_limit(reader, -1);
	reader->viewer = NULL;
	reader->set = NULL;
	*scope = NULL;
}

static int progress(void *arg)
{
	struct reader *reader = arg;

	reader->interrupted |= clock_monotonic_ms() > reader->deadline_ms;
	return reader->interrupted;
}

void reader_limit(struct reader *reader, int64_t most_ms)
{
	reader->interrupted = false;
	reader->deadline_ms = most_ms < 0 ? INT64_MAX : clock_monotonic_ms() + most_ms;
	sqlite3_progress_handler(reader->db->handle, PROGRESS_STEPS, most_ms < 0 ? NULL : progress,
				 reader);
}

/* ---- JSON ------------------------------------------------------------------------- */

void json_put(json_t *object, const char *name, json_t *value)
{
	/* A NULL value or object makes the whole document incomplete; the caller of
	 * json_append() would write it. Out of memory is rare enough to end in null. */
	(void)json_object_set_new(object, name, value ? value : json_null());
}

void json_put_text(json_t *object, const char *name, const char *text)
{
	json_put(object, name, json_string(text));
}

void json_put_int(json_t *object, const char *name, int64_t value)
{
	json_put(object, name, json_integer(value));
}

void json_put_bool(json_t *object, const char *name, bool value)
{
	json_put(object, name, json_boolean(value));
}

void json_put_time(json_t *object, const char *name, int64_t ms)
{
	(void)json_set_time(object, name, ms);
}

void json_put_null(json_t *object, const char *name)
{
	json_put(object, name, json_null());
}

/* ---- pieces of a message ----------------------------------------------------------- */

/* Nothing is known about how far a sender can be believed until Authentication-Results
 * are read: everybody is "unknown", and a name is never shown as more than that. */
json_t *reader_person(const char *name, const char *address)
{
	json_t *person = json_object();

	json_put_text(person, "name", name);
	json_put_text(person, "address", address);
	json_put_text(person, "level", "unknown");
	return person;
}

int reader_held_account(struct reader *reader, int64_t message_id, json_t **ret_account,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_account_held);
	int rc;

	query_bind_int(&q, ":message_id", message_id);
	query_bind_int(&q, ":viewer", reader->viewer->id);
	query_bind_int(&q, ":operator", reader->viewer->role == VIEWER_OPERATOR);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_account = rc ? json_object() : json_null();
	if (rc) {
		json_put_text(*ret_account, "id", query_text(&q, 0));
		json_put_text(*ret_account, "name", query_text(&q, 1));
	}
	return 0;
}

int reader_conversation_size(struct reader *reader, int64_t conversation_id, int64_t *ret_count,
			     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_conversation_size);
	int rc;

	query_bind_int(&q, ":conversation_id", conversation_id);
	visible_bind(&q, ":set", reader->set);
	query_bind_int(&q, ":most", CONVERSATION_SIZE_MAX);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_count = query_int(&q, 0);
	return 0;
}

int reader_recipients(struct reader *reader, int64_t message_id, struct strbuf *out,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_recipients);
	int rc, count = 0;

	query_bind_int(&q, ":message_id", message_id);
	while ((rc = query_step(&q, err)) == 1) {
		const char *name = query_text(&q, 0);

		if (++count > 2)
			continue;
		strbuf_addf(out, "%s%s", count > 1 ? ", " : "", *name ? name : query_text(&q, 1));
	}
	if (count > 2)
		strbuf_addf(out, " +%d", count - 2);
	return rc;
}
