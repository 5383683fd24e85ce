/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/json.h"
#include "store/audience.h"
#include "store/db_check.h"
#include "store/people.h"
#include "store/verify_internal.h"

enum { PROGRESS_STEPS = 10000 };

/* A statement that must give 0. */
struct count_of_faults {
	const char *sql, *words;
};

static const struct count_of_faults shallow_counts[] = {
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM sighting s WHERE s.message_id = m.id)",
	  "messages that were seen nowhere" },
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM message_body b WHERE b.message_id = m.id)",
	  "messages without a text row" },
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM message_fts_docsize d WHERE d.id = m.id)",
	  "messages that the search index does not know" },
	{ "SELECT count(*) FROM message_fts_docsize d WHERE NOT EXISTS"
	  " (SELECT 1 FROM message m WHERE m.id = d.id)",
	  "search rows without a message" },
	{ "SELECT count(*) FROM blob b JOIN pack p ON p.id = b.pack_id"
	  " WHERE b.offset + b.length > p.committed_bytes",
	  "blobs beyond the committed end of their pack" },
	{ "SELECT count(*) FROM sighting s JOIN folder f ON f.id = s.folder_id"
	  " WHERE f.account_id <> s.account_id",
	  "sightings whose folder belongs to another account" },
	{ "SELECT count(*) FROM conversation c WHERE NOT EXISTS"
	  " (SELECT 1 FROM message m WHERE m.conversation_id = c.id)",
	  "conversations without a message" },
};

/* What ingest joined into the texts of the search index must stand there still (columns_fill). */
static const struct count_of_faults deep_counts[] = {
	{ "SELECT count(*) FROM participant p JOIN message_body b ON b.message_id = p.message_id"
	  " WHERE p.role IN (0, 1, 3, 4) AND (NOT instr(iif(p.role < 2, b.sender, b.recipient), p.name)"
	  " OR NOT instr(iif(p.role < 2, b.sender, b.recipient), p.address))",
	  "people of messages who are not those of the search index" },
	{ "SELECT count(*) FROM message m JOIN message_body b ON b.message_id = m.id"
	  " WHERE NOT instr(b.sender, m.sender_name) OR NOT instr(b.sender, m.sender_address)",
	  "messages whose sender is not that of the search index" },
	{ "SELECT count(*) FROM message_attachment a JOIN message_body b"
	  " ON b.message_id = a.message_id WHERE NOT instr(b.filename, a.filename)",
	  "attachments whose name is not that of the search index" },
	{ "SELECT count(*) FROM message m WHERE attachment_count <>"
	  " (SELECT count(*) FROM message_attachment a WHERE a.message_id = m.id)",
	  "messages with another count of attachments than they have" },
};

static const struct {
	const char *sql, *name;
} figures[] = {
	{ "SELECT count(*) FROM message", "messages" },
	{ "SELECT count(*) FROM sighting", "sightings" },
	{ "SELECT count(*) FROM blob", "blobs" },
	{ "SELECT count(*) FROM message_fts_docsize", "index_rows" },
	{ "SELECT count(*) FROM ledger", "ledger" },
};

static const char fts_check[] = "INSERT INTO message_fts (message_fts) VALUES ('integrity-check')";
static const char fts_compare[] =
	"INSERT INTO message_fts (message_fts, rank) VALUES ('integrity-check', 1)";

int verify_go_on(const struct verify *v, struct threads_error *err)
{
	if (v->order->stop && atomic_load(v->order->stop))
		return threads_error_set(err, THREADS_EAGAIN, "the check was stopped");
	return 0;
}

static int figures_add(const struct verify *v, json_t *report, struct threads_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		int64_t count = 0;
		int rc = query_number(v->store->db, figures[i].sql, &count, err);

		if (rc < 0 && rc != THREADS_EIO)
			return rc;
		json_object_set_new(report, figures[i].name, json_integer(count));
	}
	return 0;
}

static int counts_check(struct verify *v, const struct count_of_faults *counts, size_t n,
			struct threads_error *err)
{
	for (size_t i = 0; i < n; i++) {
		char words[160];
		int64_t count = 0;
		int rc = query_number(v->store->db, counts[i].sql, &count, err);

		if (rc < 0)
			return rc;
		snprintf(words, sizeof(words), "%lld %s", (long long)count, counts[i].words);
		if (count > 0)
			db_fault_add(v->faults, "hub.db", words);
	}
	return 0;
}

static int shallow_check(struct verify *v, struct threads_error *err)
{
	return counts_check(v, shallow_counts, ARRAY_SIZE(shallow_counts), err);
}

static int deep_check(struct verify *v, struct threads_error *err)
{
	return counts_check(v, deep_counts, ARRAY_SIZE(deep_counts), err);
}

static int pages_check(struct verify *v, struct threads_error *err)
{
	return db_check(v->store->db, "hub.db", v->faults, err);
}

static int search_check(struct verify *v, struct threads_error *err)
{
	struct threads_error why = { .text = "" };
	int rc;

	if (db_exec(v->store->db, v->order->deep ? fts_compare : fts_check, &why) == 0)
		return 0;
	rc = verify_go_on(v, err);
	if (rc == 0)
		db_fault_add(v->faults, "hub.db", "the search index does not match the messages");
	return rc;
}

static int audit_check(struct verify *v, struct threads_error *err)
{
	char words[96];
	int64_t bad_id = 0;
	int rc = audit_verify(v->store, &bad_id, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	snprintf(words, sizeof(words), "the audit log was changed at or before row %lld",
		 (long long)bad_id);
	db_fault_add(v->faults, "hub.db", words);
	return 0;
}

/* Who may see a message must be what it was when it was decided. */
static int audiences_check(struct verify *v, struct threads_error *err)
{
	char words[96];
	int64_t bad = 0;
	int rc = audience_verify(v->store, &bad, err);

	if (rc < 0 || bad == 0)
		return rc;
	snprintf(words, sizeof(words), "%lld audiences have other members than they had",
		 (long long)bad);
	db_fault_add(v->faults, "hub.db", words);
	return 0;
}

/* A database with a broken page refuses some of the checks: that is a fault, and the others go on. */
static int checks_run(struct verify *v, struct threads_error *err)
{
	static const struct {
		int (*check)(struct verify *v, struct threads_error *err);
		bool deep;
	} checks[] = { { pages_check, false },   { shallow_check, false },
		       { search_check, false },  { verify_packs, false },
		       { audit_check, false },   { audiences_check, false },
		       { deep_check, true },     { verify_blobs, true },
		       { verify_messages, true } };

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct threads_error why = { 0 };
		int rc = verify_go_on(v, err);

		if (rc < 0)
			return rc;
		if (checks[i].deep && !v->order->deep)
			continue;
		rc = checks[i].check(v, &why);
		if (rc < 0 && rc != THREADS_EIO && rc != THREADS_EINVAL)
			return threads_error_set(err, rc, "%s", why.text);
		if (rc < 0 && verify_go_on(v, err) < 0)
			return THREADS_EAGAIN;
		if (rc < 0)
			db_fault_add(v->faults, "hub.db", why.text);
	}
	return 0;
}

/* Called by SQLite between two steps of a long statement; 1 interrupts it. */
static int on_progress(void *arg)
{
	const struct verify *v = arg;

	return verify_go_on(v, NULL) < 0;
}

int store_verify(struct store *store, const struct verify_order *order, struct strbuf *out_json,
		 int *ret_faults, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *report = json_object();
	struct verify v = { .store = store, .order = order, .faults = json_array() };
	int rc;

	if (!report || !v.faults || json_object_set_new(report, "faults", v.faults) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	sqlite3_progress_handler(store->db->handle, PROGRESS_STEPS, on_progress, &v);
	rc = figures_add(&v, report, err);
	if (rc == 0)
		rc = checks_run(&v, err);
	sqlite3_progress_handler(store->db->handle, 0, NULL, NULL);
	if (rc == 0)
		rc = json_append(out_json, report, err);
	if (rc == 0)
		*ret_faults = (int)json_array_size(v.faults);
	return rc;
}
