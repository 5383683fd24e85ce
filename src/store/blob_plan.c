/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_plan.h"

#include "core/phrases.h"
#include "store/store_internal.h"

enum { BLOB_SIGHTING_HEADER = 4 };

static const char sql_message[] =
	"SELECT b.pack_id, b.offset, b.length, b.coding, b.size_bytes,"
	" m.skeleton_bytes, m.html_bytes, m.header_bytes"
	" FROM message_body m JOIN blob b ON b.id = m.blob_id WHERE m.message_id = :id";
static const char sql_parts[] =
	"SELECT b.pack_id, b.offset, b.length, b.coding, b.size_bytes,"
	" a.raw_offset, a.raw_length, a.line_length, a.line_crlf"
	" FROM message_attachment a JOIN blob b ON b.id = a.blob_id"
	" WHERE a.message_id = :id AND a.line_length > 0 ORDER BY a.raw_offset";
static const char sql_sighting[] =
	"SELECT b.pack_id, b.offset, b.length, b.coding, b.size_bytes, b.kind"
	" FROM sighting s LEFT JOIN blob b ON b.id = s.raw_blob_id"
	" WHERE s.folder_id = :folder_id AND s.uid = :uid AND s.message_id = :id";
static const char sql_attachment[] =
	"SELECT b.pack_id, b.offset, b.length, b.coding, b.size_bytes,"
	" a.raw_offset, a.raw_length, a.encoding"
	" FROM message_attachment a LEFT JOIN blob b ON b.id = a.blob_id"
	" WHERE a.message_id = :id AND a.position = :position";
static const char sql_cut_before[] =
	"SELECT ifnull(sum(raw_length), 0) FROM message_attachment"
	" WHERE message_id = :id AND line_length > 0 AND raw_offset < :raw_offset";

static const char sql_text[] =
	"SELECT body_text(text, text_bytes) FROM message_body WHERE message_id = :id";

void blob_plan_release(struct blob_plan *plan)
{
	recipe_release(&plan->recipe);
	free(plan->blobs);
	*plan = (struct blob_plan){ 0 };
}

/* The first five columns of every query here. */
static int blob_take(struct blob_plan *plan, const struct query *q, struct threads_error *err)
{
	struct pack_location *grown =
		realloc(plan->blobs, (plan->count + 1) * sizeof(*plan->blobs));

	if (!grown)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	plan->blobs = grown;
	grown[plan->count++] = (struct pack_location){
		.pack = query_int(q, 0),
		.offset = query_int(q, 1),
		.length = query_int(q, 2),
		.coding = (enum pack_coding)query_int(q, 3),
		.size = query_int(q, 4),
	};
	return 0;
}

/* The message's own blob. Returns 1 or 0. */
static int message_take(struct store *store, int64_t message_id, struct blob_plan *plan,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_message);
	int rc;

	query_bind_int(&q, ":id", message_id);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	plan->recipe.skeleton_length = (uint64_t)query_int(&q, 5);
	plan->recipe.html_length = (uint64_t)query_int(&q, 6);
	plan->recipe.header_length = (uint64_t)query_int(&q, 7);
	rc = blob_take(plan, &q, err);
	return rc < 0 ? rc : 1;
}

static int parts_take(struct store *store, int64_t message_id, struct blob_plan *plan,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_parts);
	int rc;

	query_bind_int(&q, ":id", message_id);
	while ((rc = query_step(&q, err)) == 1) {
		struct recipe *recipe = &plan->recipe;
		struct recipe_part *grown =
			realloc(recipe->parts, (recipe->part_count + 1) * sizeof(*recipe->parts));

		if (!grown)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		recipe->parts = grown;
		grown[recipe->part_count++] = (struct recipe_part){
			.raw_offset = (uint64_t)query_int(&q, 5),
			.raw_length = (uint64_t)query_int(&q, 6),
			.line_length = (uint32_t)query_int(&q, 7),
			.crlf = query_int(&q, 8) != 0,
		};
		rc = blob_take(plan, &q, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* Returns 1 if the sighting has bytes of its own in plan (whole, or its header
 * behind what is there), 0 if it has the message's, THREADS_ENOENT if there is none. */
static int sighting_take(struct store *store, int64_t message_id, int64_t folder_id, int64_t uid,
			 struct blob_plan *own, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_sighting);
	int rc;

	query_bind_int(&q, ":folder_id", folder_id);
	query_bind_int(&q, ":uid", uid);
	query_bind_int(&q, ":id", message_id);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "no such sighting");
	if (rc < 0 || query_is_null(&q, 0))
		return rc < 0 ? rc : 0;
	own->recipe.own_header = query_int(&q, 5) == BLOB_SIGHTING_HEADER;
	own->recipe.whole = !own->recipe.own_header;
	rc = blob_take(own, &q, err);
	return rc < 0 ? rc : 1;
}

static int blob_append(struct blob_plan *plan, const struct pack_location *blob,
		       struct threads_error *err)
{
	struct pack_location *grown =
		realloc(plan->blobs, (plan->count + 1) * sizeof(*plan->blobs));

	if (!grown)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	plan->blobs = grown;
	grown[plan->count++] = *blob;
	return 0;
}

/* The message with its parts, and the sighting's own header behind them. */
static int raw_take(struct store *store, int64_t message_id, const struct blob_plan *own,
		    struct blob_plan *plan, struct threads_error *err)
{
	int rc = message_take(store, message_id, plan, err);

	if (rc != 1 || plan->recipe.kind != RECIPE_RAW)
		return rc;
	rc = parts_take(store, message_id, plan, err);
	if (rc == 0 && own->count == 1) {
		plan->recipe.own_header = true;
		rc = blob_append(plan, &own->blobs[0], err);
	}
	return rc < 0 ? rc : 1;
}

int blob_plan_raw(struct store *store, int64_t message_id, int64_t folder_id, int64_t uid,
		  enum recipe_kind kind, struct blob_plan *ret_plan, struct threads_error *err)
{
	struct blob_plan plan = { .recipe.kind = kind }, own = { .recipe.kind = kind };
	int rc = folder_id ? sighting_take(store, message_id, folder_id, uid, &own, err) : 0;

	if (rc == 1 && (own.recipe.whole || kind == RECIPE_HEADERS)) {
		own.recipe.whole = true; /* the header alone is all that HEADERS wants */
		own.recipe.own_header = false;
		*ret_plan = own;
		return 1;
	}
	if (rc >= 0)
		rc = raw_take(store, message_id, &own, &plan, err);
	blob_plan_release(&own);
	if (rc == 1)
		*ret_plan = plan;
	else
		blob_plan_release(&plan);
	return rc == THREADS_ENOENT ? 0 : rc;
}

int blob_plan_prefix(struct store *store, int64_t message_id, const struct pack_location *blobs,
		     size_t count, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_text);
	const char *text;
	size_t len;
	int rc;

	while (count > 0 && !pack_coding_refers(blobs->coding)) {
		blobs++;
		count--;
	}
	if (count == 0)
		return 1;
	query_bind_int(&q, ":id", message_id);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	text = query_blob(&q, 0, &len);
	rc = phrases_prefix(out, text, len, pack_coding_crlf(blobs->coding), err);
	return rc < 0 ? rc : 1;
}

int blob_plan_html(struct store *store, int64_t message_id, struct blob_plan *ret_plan,
		   struct threads_error *err)
{
	struct blob_plan plan = { .recipe.kind = RECIPE_HTML };
	int rc = message_take(store, message_id, &plan, err);

	if (rc == 1 && plan.recipe.html_length > 0) {
		*ret_plan = plan;
		return 1;
	}
	blob_plan_release(&plan);
	return rc < 0 ? rc : 0;
}

/* How many raw bytes before raw_offset are not in the skeleton. */
static int cut_before(struct store *store, int64_t message_id, int64_t raw_offset, int64_t *ret_cut,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_cut_before);
	int rc;

	query_bind_int(&q, ":id", message_id);
	query_bind_int(&q, ":raw_offset", raw_offset);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_cut = query_int(&q, 0);
	return 0;
}

/* q stands on the row of the attachment. Returns 1 or 0. */
static int attachment_take(struct store *store, int64_t message_id, const struct query *q,
			   struct blob_plan *plan, struct threads_error *err)
{
	int64_t cut = 0;
	int rc;

	plan->recipe.whole = !query_is_null(q, 0);
	if (plan->recipe.whole) {
		rc = blob_take(plan, q, err);
		return rc < 0 ? rc : 1;
	}
	rc = cut_before(store, message_id, query_int(q, 5), &cut, err);
	if (rc < 0)
		return rc;
	plan->recipe.slice_offset = (uint64_t)(query_int(q, 5) - cut);
	plan->recipe.slice_length = (uint64_t)query_int(q, 6);
	plan->recipe.encoding = (enum transfer)query_int(q, 7);
	return message_take(store, message_id, plan, err);
}

int blob_plan_attachment(struct store *store, int64_t message_id, int64_t position,
			 struct blob_plan *ret_plan, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_attachment);
	struct blob_plan plan = { .recipe.kind = RECIPE_ATTACHMENT };
	int rc;

	query_bind_int(&q, ":id", message_id);
	query_bind_int(&q, ":position", position);
	rc = query_step(&q, err);
	if (rc == 1)
		rc = attachment_take(store, message_id, &q, &plan, err);
	if (rc == 1)
		*ret_plan = plan;
	else
		blob_plan_release(&plan);
	return rc;
}
