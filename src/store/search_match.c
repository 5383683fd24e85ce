/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_match.h"

#include "query/query_value.h"
#include "store/ingest.h"

enum { LEAF_BLOCK_MIN = 8, ROLE_CC = DRAFT_CC, PERSON_TEXT_MAX = 64 * 1024 };

static const char sql_match_leaf[] =
	"SELECT rowid FROM message_fts WHERE message_fts MATCH :match AND rowid <= :id"
	" ORDER BY rowid DESC LIMIT :most";
static const char sql_match_sightings[] =
	"SELECT account_id, folder_id, flags FROM sighting WHERE message_id = :id";
static const char sql_match_labels[] = "SELECT label_id FROM sighting_label WHERE message_id = :id";
static const char sql_match_files[] =
	"SELECT content_type, filename FROM message_attachment WHERE message_id = :id";
static const char sql_match_people[] =
	"SELECT name, address FROM participant WHERE message_id = :id AND role = :role";
/* Only of copies that the viewer holds. */
static const char sql_match_bcc[] =
	"SELECT b.name, b.address FROM sighting_bcc b JOIN folder f ON f.id = b.folder_id"
	" JOIN account a ON a.id = f.account_id"
	" WHERE b.message_id = :id AND (a.owner_id = :viewer OR :operator)";

void search_match_release(struct search_match *match)
{
	for (size_t i = 0; i < match->fact_count; i++) {
		free(match->facts[i].term);
		search_ids_release(&match->facts[i].ids);
	}
	match->fact_count = 0;
}

/* ---- words ---------------------------------------------------------------------------- */

/* Looks up the next block from id down; a longer one while the candidates are close. */
static int walk_fill(struct search_match *match, struct leaf_walk *walk, const char *expression,
		     int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(match->reader->db, sql_match_leaf);
	int rc;

	walk->asked = walk->served > 1 ? walk->asked * 2 : LEAF_BLOCK_MIN;
	if (walk->asked > SEARCH_LEAF_BLOCK)
		walk->asked = SEARCH_LEAF_BLOCK;
	walk->count = walk->next = walk->served = 0;
	query_bind_text(&q, ":match", expression);
	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":most", (int64_t)walk->asked);
	while (walk->count < walk->asked && (rc = query_step(&q, err)) != 0) {
		if (rc < 0)
			return rc;
		walk->ids[walk->count++] = query_int(&q, 0);
	}
	walk->ended = walk->count < walk->asked;
	return 0;
}

static int leaf_holds(struct search_match *match, const struct search_leaf *leaf, int64_t id,
		      struct threads_error *err)
{
	struct leaf_walk *walk = &match->walks[leaf - match->plan->leaves];

	while (walk->next < walk->count && walk->ids[walk->next] > id)
		walk->next++;
	if (walk->next == walk->count && !walk->ended) {
		int rc = walk_fill(match, walk, strbuf_str(&leaf->match), id, err);

		if (rc < 0)
			return rc;
	}
	walk->served++;
	return walk->next < walk->count && walk->ids[walk->next] == id;
}

/* ---- names and people ------------------------------------------------------------------ */

static int facts_make(struct search_match *match, const struct query_node *node,
		      struct match_facts *facts, struct threads_error *err)
{
	int rc = 0;

	facts->node = node;
	if (node->field != QUERY_STATE)
		rc = search_term_new(match->reader->tokenizer, node, &facts->term, err);
	if (rc < 0)
		return rc;
	/* A name is found by its beginning, as the suggestions of the search field do. */
	if (node->field == QUERY_ACCOUNT)
		facts->term->prefix = true;
	if (node->field != QUERY_CC && node->field != QUERY_BCC)
		rc = search_names_find(match->reader, node, facts->term, &facts->ids, err);
	return rc;
}

static int facts_of(struct search_match *match, const struct query_node *node,
		    const struct match_facts **ret_facts, struct threads_error *err)
{
	for (size_t i = 0; i < match->fact_count; i++)
		if (match->facts[i].node == node) {
			*ret_facts = &match->facts[i];
			return 0;
		}
	if (match->fact_count == ARRAY_SIZE(match->facts))
		return threads_error_set(err, THREADS_EBUG, "more terms than a tree has");
	*ret_facts = &match->facts[match->fact_count];
	match->facts[match->fact_count] = (struct match_facts){ 0 };
	return facts_make(match, node, &match->facts[match->fact_count++], err);
}

int search_match_ids(struct search_match *match, const struct query_node *node,
		     const struct search_ids **ret_ids, struct threads_error *err)
{
	const struct match_facts *facts = NULL;
	const int rc = facts_of(match, node, &facts, err);

	if (rc < 0)
		return rc;
	*ret_ids = &facts->ids;
	return 0;
}

static bool state_holds(enum query_state state, int64_t flags)
{
	const bool known = !(flags & SIGHTING_STATE_UNKNOWN);

	if (state == QUERY_UNREAD)
		return known && !(flags & SIGHTING_SEEN);
	if (state == QUERY_READ)
		return known && flags & SIGHTING_SEEN;
	return flags & (state == QUERY_FLAGGED ? SIGHTING_FLAGGED : SIGHTING_ANSWERED);
}

/* One of the copies is in such an account or folder, has such a label, or is in such a state. */
static int copy_holds(struct search_match *match, const struct query_node *node, int64_t id,
		      struct threads_error *err)
{
	const char *sql = node->field == QUERY_LABEL ? sql_match_labels : sql_match_sightings;
	CLEANUP(query_end) struct query q = query_begin(match->reader->db, sql);
	const struct search_ids *ids = NULL;
	int rc = search_match_ids(match, node, &ids, err);

	if (rc < 0 || ids->count == 0)
		return rc;
	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1)
		if (search_ids_have(ids, query_int(&q, node->field == QUERY_FOLDER)) &&
		    (node->field != QUERY_STATE || state_holds(node->state, query_int(&q, 2))))
			return 1;
	return rc;
}

static int person_holds(struct search_match *match, const struct query_node *node, int64_t id,
			struct threads_error *err)
{
	const bool bcc = node->field == QUERY_BCC;
	CLEANUP(query_end)
	struct query q = query_begin(match->reader->db, bcc ? sql_match_bcc : sql_match_people);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(PERSON_TEXT_MAX);
	const struct match_facts *facts = NULL;
	int rc = facts_of(match, node, &facts, err);

	if (rc < 0)
		return rc;
	query_bind_int(&q, ":id", id);
	if (bcc) {
		query_bind_int(&q, ":viewer", match->reader->viewer->id);
		query_bind_int(&q, ":operator", match->reader->viewer->role == VIEWER_OPERATOR);
	} else {
		query_bind_int(&q, ":role", ROLE_CC);
	}
	while ((rc = query_step(&q, err)) == 1) {
		strbuf_reset(&text);
		strbuf_addf(&text, "%s %s", query_text(&q, 0), query_text(&q, 1));
		rc = search_term_in(match->reader->tokenizer, facts->term, strbuf_str(&text), err);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* ---- the other terms ------------------------------------------------------------------- */

static int type_holds(struct search_match *match, const struct query_node *node,
		      const struct candidate *c, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(match->reader->db, sql_match_files);
	bool mail;
	int rc = 0;

	if (query_type_is_message(node->text, &mail))
		return mail;
	query_bind_int(&q, ":id", c->id);
	while (c->attachments > 0 && (rc = query_step(&q, err)) == 1)
		if (query_type_matches(node->text, query_text(&q, 0), query_text(&q, 1)))
			return 1;
	return rc;
}

static int flag_holds(struct search_match *match, const struct query_node *node,
		      const struct candidate *c, struct threads_error *err)
{
	static const int64_t flags[QUERY_ENCRYPTED + 1] = {
		[QUERY_DRAFT] = MESSAGE_DRAFT,
		[QUERY_BULK] = MESSAGE_BULK,
		[QUERY_AUTOMATIC] = MESSAGE_AUTO_SUBMITTED,
		[QUERY_ENCRYPTED] = MESSAGE_ENCRYPTED,
	};

	if (flags[node->state])
		return (c->flags & flags[node->state]) != 0;
	return copy_holds(match, node, c->id, err);
}

static int term_holds(struct search_match *match, const struct query_node *node,
		      const struct candidate *c, struct threads_error *err)
{
	switch (node->field) {
	case QUERY_ATTACHMENT:
		return c->attachments > 0;
	case QUERY_DATE:
		return node->low <= c->date_ms && c->date_ms < node->high;
	case QUERY_SIZE:
		return node->low <= c->size_bytes && c->size_bytes < node->high;
	case QUERY_ACCOUNT:
	case QUERY_FOLDER:
	case QUERY_LABEL:
		return copy_holds(match, node, c->id, err);
	case QUERY_CC:
	case QUERY_BCC:
		return person_holds(match, node, c->id, err);
	case QUERY_TYPE:
		return type_holds(match, node, c, err);
	case QUERY_STATE:
		return flag_holds(match, node, c, err);
	case QUERY_TEXT:
	case QUERY_FROM:
	case QUERY_TO:
	case QUERY_SUBJECT:
	case QUERY_FILENAME:
		break;
	}
	return 1;
}

/* Trees are as deep as query_tree.h allows. */
/* NOLINTBEGIN(misc-no-recursion) */
static int node_holds(struct search_match *match, const struct query_node *node,
		      const struct candidate *c, struct threads_error *err);

/* A word without tokens ("—") decides nothing. */
static bool node_is_empty(const struct search_match *match, const struct query_node *node)
{
	return node->op == QUERY_TERM && node->field <= QUERY_FILENAME &&
	       !search_plan_leaf(match->plan, node);
}

static int children_hold(struct search_match *match, const struct query_node *node,
			 const struct candidate *c, struct threads_error *err)
{
	const bool any = node->op == QUERY_ANY;

	for (const struct query_node *child = node->first; child; child = child->next) {
		int rc;

		if (node_is_empty(match, child))
			continue;
		rc = node_holds(match, child, c, err);
		if (rc < 0 || (rc > 0) == any)
			return rc;
	}
	return !any;
}

/* 1, 0, or an error. */
static int node_holds(struct search_match *match, const struct query_node *node,
		      const struct candidate *c, struct threads_error *err)
{
	const struct search_leaf *leaf = search_plan_leaf(match->plan, node);
	int rc;

	if (leaf)
		return leaf_holds(match, leaf, c->id, err);
	switch (node->op) {
	case QUERY_NOT:
		if (node_is_empty(match, node->first))
			return 1;
		rc = node_holds(match, node->first, c, err);
		return rc < 0 ? rc : !rc;
	case QUERY_ALL:
	case QUERY_ANY:
		return children_hold(match, node, c, err);
	case QUERY_TERM:
		break;
	}
	return term_holds(match, node, c, err);
}

/* NOLINTEND(misc-no-recursion) */

int search_match_rest(struct search_match *match, const struct candidate *c,
		      struct threads_error *err)
{
	for (size_t i = 0; i < match->plan->rest_count; i++) {
		int rc = node_holds(match, match->plan->rest[i], c, err);

		if (rc <= 0)
			return rc;
	}
	return 1;
}
