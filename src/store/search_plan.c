/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_plan.h"

/* What the compiler of expressions carries along. */
struct compiler {
	struct search_plan *plan;
	struct reader *reader;
	struct threads_error *err;
	int rc; /* first failure */
};

static int token_count(const char *token, size_t len, size_t start, size_t end, bool colocated,
		       void *arg)
{
	size_t *count = arg;

	(void)token, (void)len, (void)start, (void)end, (void)colocated;
	++*count;
	return 0;
}

/* Number of tokens: a term without any ("—") cannot be asked for, so it counts as found. */
static size_t tokens_in(struct compiler *c, const char *text)
{
	size_t count = 0;
	int rc = tokenizer_run(c->reader->tokenizer, TOKENIZER_QUERY, text, strlen(text),
			       token_count, &count, c->err);

	if (rc < 0 && c->rc == 0)
		c->rc = rc;
	return count;
}

static bool node_is_text(const struct query_node *node)
{
	return node->op == QUERY_TERM && node->field <= QUERY_FILENAME;
}

static const char *columns_of(const struct query_node *node)
{
	if (node->field == QUERY_FROM)
		return "{sender} : ";
	if (node->field == QUERY_TO || node->field == QUERY_CC)
		return "{recipient} : ";
	if (node->field == QUERY_SUBJECT)
		return "{subject} : ";
	if (node->field == QUERY_FILENAME)
		return "{filename} : ";
	return node->narrow ? "{subject sender recipient} : " : "";
}

static bool node_is_prefix(const struct query_node *node)
{
	return node->prefix || search_term_ends_alone(node->text);
}

static int words_find(struct compiler *c, struct search_words *spelled)
{
	AUTO_FREE struct search_term *term = NULL;
	int rc = search_term_new(c->reader->tokenizer, spelled->node, &term, c->err);

	if (rc < 0 || term->token_count != 1)
		return rc;
	rc = search_prefix_spell(c->reader, term, c->plan->words_left, &spelled->words, c->err);
	if (rc > 0)
		c->plan->words_left -= (size_t)rc;
	if (rc >= 0 || !c->reader->interrupted)
		return rc;
	/* The time was up: this one and the others stay what they are. */
	strbuf_reset(&spelled->words);
	c->plan->words_left = 0;
	return 0;
}

/* The words of a prefix, looked up once for a plan; NULL: there is no room for them. */
static const struct search_words *words_of(struct compiler *c, const struct query_node *node)
{
	struct search_plan *plan = c->plan;
	struct search_words *spelled = plan->spelled;
	int rc;

	for (; spelled < plan->spelled + plan->spelled_count; spelled++)
		if (spelled->node == node)
			return spelled;
	if (plan->words_left == 0 || plan->spelled_count == ARRAY_SIZE(plan->spelled))
		return NULL;
	plan->spelled_count++;
	spelled->node = node;
	spelled->words = (struct strbuf)STRBUF_INIT(SEARCH_PREFIX_BYTES);
	rc = words_find(c, spelled);
	if (rc < 0 && c->rc == 0)
		c->rc = rc;
	return spelled;
}

static void text_append(struct strbuf *out, const char *text)
{
	strbuf_add_char(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			strbuf_add_char(out, '"');
		strbuf_add_char(out, *p);
	}
	strbuf_add_char(out, '"');
}

/* columns : "text", columns : "text" * or columns : ("word" OR "word") */
static void term_append(struct compiler *c, struct strbuf *out, const struct query_node *node)
{
	const bool prefix = node_is_prefix(node);
	const struct search_words *spelled = prefix ? words_of(c, node) : NULL;

	strbuf_add_str(out, columns_of(node));
	if (spelled && spelled->words.len) {
		strbuf_addf(out, "(%s)", strbuf_str(&spelled->words));
		return;
	}
	text_append(out, node->text);
	if (prefix)
		strbuf_add_str(out, " *");
}

/* Trees are as deep as query_tree.h allows. */
/* NOLINTBEGIN(misc-no-recursion) */

/*
 * Whether the node is an FTS5 expression: words only, and NOT only beside
 * something that is looked for. Terms without a token make it none.
 */
static bool node_compiles(struct compiler *c, const struct query_node *node)
{
	size_t positive = 0;

	if (node->op == QUERY_TERM)
		return node_is_text(node) && tokens_in(c, node->text) > 0;
	if (node->op == QUERY_NOT)
		return false;
	for (const struct query_node *child = node->first; child; child = child->next) {
		const bool negative = node->op == QUERY_ALL && child->op == QUERY_NOT;

		if (!node_compiles(c, negative ? child->first : child))
			return false;
		positive += !negative;
	}
	return positive > 0;
}

static void node_append(struct compiler *c, struct strbuf *out, const struct query_node *node);

static void children_append(struct compiler *c, struct strbuf *out, const struct query_node *node,
			    bool negative)
{
	const char *between = node->op == QUERY_ALL ? " AND " : " OR ";
	bool first = true;

	for (const struct query_node *child = node->first; child; child = child->next) {
		if ((child->op == QUERY_NOT) != negative)
			continue;
		if (!first || negative)
			strbuf_add_str(out, negative ? " NOT " : between);
		node_append(c, out, negative ? child->first : child);
		first = false;
	}
}

/* NOT binds tighter than AND, and to the left: (a AND b) NOT c NOT d. */
static void node_append(struct compiler *c, struct strbuf *out, const struct query_node *node)
{
	if (node->op == QUERY_TERM) {
		term_append(c, out, node);
		return;
	}
	strbuf_add_str(out, "((");
	children_append(c, out, node, false);
	strbuf_add_str(out, ")");
	if (node->op == QUERY_ALL)
		children_append(c, out, node, true);
	strbuf_add_str(out, ")");
}

/* Finds the largest parts of a rest that are expressions. */
static void leaves_collect(struct compiler *c, const struct query_node *node)
{
	struct search_plan *plan = c->plan;

	if (node_compiles(c, node)) {
		struct search_leaf *leaf;

		if (plan->leaf_count == ARRAY_SIZE(plan->leaves))
			return;
		leaf = &plan->leaves[plan->leaf_count++];
		leaf->node = node;
		leaf->match = (struct strbuf)STRBUF_INIT(SEARCH_MATCH_MAX);
		node_append(c, &leaf->match, node);
		return;
	}
	for (const struct query_node *child = node->first; child; child = child->next)
		leaves_collect(c, child);
}

static void term_add(struct compiler *c, const struct query_node *node)
{
	struct search_plan *plan = c->plan;
	int rc;

	if (!node_is_text(node) || plan->term_count == QUERY_TERMS_MAX || c->rc < 0)
		return;
	rc = search_term_new(c->reader->tokenizer, node, &plan->terms[plan->term_count], c->err);
	if (rc < 0)
		c->rc = rc;
	else
		plan->term_count++;
}

/* Terms that a hit may contain; what is negated is not marked. */
static void terms_collect(struct compiler *c, const struct query_node *node)
{
	if (node->op == QUERY_TERM)
		term_add(c, node);
	else if (node->op != QUERY_NOT)
		for (const struct query_node *child = node->first; child; child = child->next)
			terms_collect(c, child);
}

/* NOLINTEND(misc-no-recursion) */

static void rest_add(struct compiler *c, const struct query_node *node)
{
	struct search_plan *plan = c->plan;

	if (plan->rest_count < ARRAY_SIZE(plan->rest))
		plan->rest[plan->rest_count++] = node;
	leaves_collect(c, node);
}

static void match_add(struct compiler *c, const char *between, const struct query_node *node)
{
	struct search_plan *plan = c->plan;

	if (plan->match.len)
		strbuf_add_str(&plan->match, between);
	node_append(c, &plan->match, node);
}

/* One of the parts that all must hold; NOT comes in a second round, when it is
 * known whether there is something to take away from. */
static void part_place(struct compiler *c, const struct query_node *node, bool second_round)
{
	struct search_plan *plan = c->plan;

	if ((node->op == QUERY_NOT) != second_round)
		return;
	if (node->op == QUERY_NOT) {
		if (plan->match.len && node_compiles(c, node->first))
			match_add(c, " NOT ", node->first);
		else
			rest_add(c, node);
	} else if (node->op == QUERY_TERM && node->field == QUERY_DATE) {
		plan->from_ms = node->low > plan->from_ms ? node->low : plan->from_ms;
		plan->before_ms = node->high < plan->before_ms ? node->high : plan->before_ms;
	} else if (node->op == QUERY_TERM && node->field == QUERY_ATTACHMENT) {
		plan->attachment = true;
	} else if (node_compiles(c, node)) {
		match_add(c, " AND ", node);
	} else if (node->op == QUERY_TERM && node->field == QUERY_CC &&
		   tokens_in(c, node->text) > 0) {
		/* The column holds To as well: it gives candidates. */
		match_add(c, " AND ", node);
		rest_add(c, node);
	} else if (!node_is_text(node)) {
		rest_add(c, node);
	}
}

static void plan_fill(struct compiler *c)
{
	struct search_plan *plan = c->plan;
	const struct query_node *root = plan->root;

	if (!root)
		return;
	strbuf_reset(&plan->match);
	for (int round = 0; round < 2; round++) {
		if (root->op != QUERY_ALL)
			part_place(c, root, round == 1);
		else
			for (const struct query_node *n = root->first; n; n = n->next)
				part_place(c, n, round == 1);
		if (round == 0 && plan->match.len) {
			/* (a AND b) NOT c: the brackets of the first round. */
			CLEANUP(strbuf_release) struct strbuf all = STRBUF_INIT(SEARCH_MATCH_MAX);

			strbuf_addf(&all, "(%s)", strbuf_str(&plan->match));
			strbuf_reset(&plan->match);
			strbuf_add(&plan->match, strbuf_str(&all), all.len);
		}
	}
	terms_collect(c, root);
}

static int plan_check(const struct compiler *c)
{
	const struct search_plan *plan = c->plan;
	int rc = c->rc < 0 ? c->rc : strbuf_check(&plan->match, c->err);

	for (size_t i = 0; i < plan->leaf_count && rc == 0; i++)
		rc = strbuf_check(&plan->leaves[i].match, c->err);
	return rc;
}

int search_plan_make(const struct query_tree *tree, struct reader *reader, bool scored,
		     struct search_plan **ret_plan, struct threads_error *err)
{
	CLEANUP(search_plan_freep) struct search_plan *plan = calloc(1, sizeof(*plan));
	struct compiler c = { .plan = plan, .reader = reader, .err = err };
	int rc;

	if (!plan)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	plan->root = tree->root;
	plan->words_left = scored ? 0 : SEARCH_PREFIX_WORDS_MAX;
	plan->match = (struct strbuf)STRBUF_INIT(SEARCH_MATCH_MAX);
	plan->from_ms = INT64_MIN;
	plan->before_ms = INT64_MAX;
	plan_fill(&c);
	rc = plan_check(&c);
	if (rc < 0)
		return threads_error_wrap(err, rc, "plan the search");
	*ret_plan = TAKE_PTR(plan);
	return 0;
}

static void leaves_release(struct search_plan *plan)
{
	for (size_t i = 0; i < plan->leaf_count; i++)
		strbuf_release(&plan->leaves[i].match);
	plan->leaf_count = 0;
}

int search_plan_by_row(struct search_plan *plan, struct reader *reader, struct threads_error *err)
{
	struct compiler c = { .plan = plan, .reader = reader, .err = err };

	leaves_release(plan);
	strbuf_reset(&plan->match);
	plan->rest_count = 0;
	plan->attachment = false;
	plan->from_ms = INT64_MIN;
	plan->before_ms = INT64_MAX;
	if (plan->root)
		rest_add(&c, plan->root);
	return plan_check(&c);
}

struct search_plan *search_plan_free(struct search_plan *plan)
{
	if (!plan)
		return NULL;
	leaves_release(plan);
	strbuf_release(&plan->match);
	for (size_t i = 0; i < plan->spelled_count; i++)
		strbuf_release(&plan->spelled[i].words);
	for (size_t i = 0; i < plan->term_count; i++)
		free(plan->terms[i]);
	free(plan);
	return NULL;
}

void search_plan_freep(struct search_plan **plan)
{
	*plan = search_plan_free(*plan);
}

const struct search_leaf *search_plan_leaf(const struct search_plan *plan,
					   const struct query_node *node)
{
	for (size_t i = 0; i < plan->leaf_count; i++)
		if (plan->leaves[i].node == node)
			return &plan->leaves[i];
	return NULL;
}
