/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_names.h"

#include <strings.h>

static const char sql_held_accounts[] =
	"SELECT id, name, '' FROM account WHERE owner_id = :viewer OR :operator ORDER BY id";
static const char sql_held_folders[] =
	"SELECT f.id, iif(f.display = '', f.name, f.display), f.special"
	" FROM folder f JOIN account a ON a.id = f.account_id"
	" WHERE a.owner_id = :viewer OR :operator ORDER BY f.id";
static const char sql_held_labels[] =
	"SELECT l.id, l.name, '' FROM label l JOIN account a ON a.id = l.account_id"
	" WHERE a.owner_id = :viewer OR :operator ORDER BY l.id";

/* What people call folders of a special use, whatever the server names them. */
static const struct {
	const char *name, *special;
} specials[] = {
	{ "sent", "sent" }, { "drafts", "drafts" },   { "draft", "drafts" },
	{ "junk", "junk" }, { "spam", "junk" },       { "trash", "trash" },
	{ "bin", "trash" }, { "archive", "archive" }, { "all", "all" },
};

void search_ids_release(struct search_ids *ids)
{
	free(ids->ids);
	*ids = (struct search_ids){ 0 };
}

bool search_ids_have(const struct search_ids *ids, int64_t id)
{
	size_t low = 0, high = ids->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (ids->ids[middle] == id)
			return true;
		if (ids->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_special(const char *text, const char *special)
{
	for (size_t i = 0; *special && i < ARRAY_SIZE(specials); i++)
		if (strcasecmp(text, specials[i].name) == 0 &&
		    strcmp(special, specials[i].special) == 0)
			return true;
	return false;
}

static int ids_add(struct search_ids *ids, int64_t id, struct threads_error *err)
{
	/* Grows at every power of two. */
	if ((ids->count & (ids->count - 1)) == 0) {
		const size_t room = ids->count ? ids->count * 2 : 1;
		int64_t *grown = realloc(ids->ids, room * sizeof(*grown));

		if (!grown)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		ids->ids = grown;
	}
	ids->ids[ids->count++] = id;
	return 0;
}

static const char *statement_of(enum query_field field)
{
	if (field == QUERY_FOLDER)
		return sql_held_folders;
	return field == QUERY_LABEL ? sql_held_labels : sql_held_accounts;
}

int search_names_find(struct reader *reader, const struct query_node *node,
		      const struct search_term *term, struct search_ids *ret_ids,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, statement_of(node->field));
	CLEANUP(search_ids_release) struct search_ids ids = { 0 };
	int rc;

	query_bind_int(&q, ":viewer", reader->viewer->id);
	query_bind_int(&q, ":operator", reader->viewer->role == VIEWER_OPERATOR);
	while ((rc = query_step(&q, err)) == 1) {
		int fits = !term || term->token_count == 0 ||
			   is_special(node->text, query_text(&q, 2));

		if (!fits)
			fits = search_term_in(reader->tokenizer, term, query_text(&q, 1), err);
		if (fits == 1 && ids.count < SEARCH_IDS_MAX)
			fits = ids_add(&ids, query_int(&q, 0), err);
		if (fits < 0)
			return fits;
	}
	if (rc < 0)
		return rc;
	*ret_ids = ids;
	ids = (struct search_ids){ 0 };
	return 0;
}
