/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_choice.h"

#include "query/query_value.h"

/* The streams of a part of the tree: together they have every message that matches it. */
struct choice {
	struct {
		enum search_driver driver;
		const char *words;
		int64_t key;
	} streams[SEARCH_STREAMS_MAX];
	size_t count;
	enum search_driver worst;
};

static void choice_add(struct choice *choice, enum search_driver driver, const char *words,
		       int64_t key)
{
	if (choice->count == SEARCH_STREAMS_MAX) {
		choice->worst = DRIVER_ALL;
		return;
	}
	choice->streams[choice->count].driver = driver;
	choice->streams[choice->count].words = words;
	choice->streams[choice->count++].key = key;
	choice->worst = driver > choice->worst ? driver : choice->worst;
}

/* A stream for each account, folder or label of a node; none: nothing can match. */
static int choice_add_ids(struct search_source *s, const struct query_node *node,
			  enum search_driver driver, struct choice *choice,
			  struct threads_error *err)
{
	const struct search_ids *ids = NULL;
	int rc = search_match_ids(&s->match, node, &ids, err);

	for (size_t i = 0; rc == 0 && i < ids->count && choice->worst < DRIVER_ALL; i++)
		choice_add(choice, driver, NULL, ids->ids[i]);
	return rc;
}

static int choose_term(struct search_source *s, const struct query_node *node,
		       struct choice *choice, struct threads_error *err)
{
	bool mail;

	switch (node->field) {
	case QUERY_BCC:
		choice_add(choice, DRIVER_BCC, NULL, 0);
		return 0;
	case QUERY_LABEL:
		return choice_add_ids(s, node, DRIVER_LABEL, choice, err);
	case QUERY_FOLDER:
		return choice_add_ids(s, node, DRIVER_FOLDER, choice, err);
	case QUERY_ACCOUNT:
		return choice_add_ids(s, node, DRIVER_ACCOUNT, choice, err);
	case QUERY_TYPE:
		if (query_type_is_message(node->text, &mail))
			choice->worst = mail ? DRIVER_ALL : choice->worst;
		else
			choice_add(choice, DRIVER_FILES, NULL, 0);
		return 0;
	case QUERY_ATTACHMENT:
		choice_add(choice, DRIVER_FILES, NULL, 0);
		return 0;
	case QUERY_STATE:
		if (node->state == QUERY_UNREAD)
			return choice_add_ids(s, node, DRIVER_UNREAD, choice, err);
		if (node->state == QUERY_FLAGGED)
			return choice_add_ids(s, node, DRIVER_FLAGGED, choice, err);
		choice->worst = DRIVER_ALL;
		return 0;
	case QUERY_SIZE:
		if (node->low >= 1000000)
			choice_add(choice, DRIVER_LARGE, NULL, 0);
		else
			choice->worst = DRIVER_ALL;
		return 0;
	case QUERY_CC:
	case QUERY_DATE:
	case QUERY_TEXT: /* without a token: decides nothing */
	case QUERY_FROM:
	case QUERY_TO:
	case QUERY_SUBJECT:
	case QUERY_FILENAME:
		break;
	}
	choice->worst = DRIVER_ALL;
	return 0;
}

/* Trees are as deep as query_tree.h allows. */
/* NOLINTBEGIN(misc-no-recursion) */
static int choose(struct search_source *s, const struct query_node *node, struct choice *choice,
		  struct threads_error *err);

/* The best of the children will do. */
static int choose_best(struct search_source *s, const struct query_node *node,
		       struct choice *choice, struct threads_error *err)
{
	struct choice best = { .worst = DRIVER_ALL };

	for (const struct query_node *child = node->first; child; child = child->next) {
		struct choice one = { 0 };
		int rc = choose(s, child, &one, err);

		if (rc < 0)
			return rc;
		if (one.worst < best.worst)
			best = one;
	}
	for (size_t i = 0; i < best.count; i++)
		choice_add(choice, best.streams[i].driver, best.streams[i].words,
			   best.streams[i].key);
	if (best.worst > choice->worst)
		choice->worst = best.worst;
	return 0;
}

static int choose(struct search_source *s, const struct query_node *node, struct choice *choice,
		  struct threads_error *err)
{
	const struct search_leaf *leaf = search_plan_leaf(s->plan, node);
	int rc = 0;

	if (leaf) {
		choice_add(choice, DRIVER_WORDS, strbuf_str(&leaf->match), 0);
		return 0;
	}
	switch (node->op) {
	case QUERY_NOT:
		choice->worst = DRIVER_ALL;
		return 0;
	case QUERY_ALL:
		return choose_best(s, node, choice, err);
	case QUERY_ANY:
		for (const struct query_node *child = node->first; child && rc == 0;
		     child = child->next)
			rc = choose(s, child, choice, err);
		return rc;
	case QUERY_TERM:
		break;
	}
	return choose_term(s, node, choice, err);
}

/* NOLINTEND(misc-no-recursion) */

int search_choose(struct search_source *s, struct threads_error *err)
{
	struct choice choice = { 0 };
	const char *words = s->plan->match.len ? strbuf_str(&s->plan->match) : NULL;
	int rc = 0;

	if (words)
		choice_add(&choice, DRIVER_WORDS, words, 0);
	else if (s->plan->root)
		rc = choose(s, s->plan->root, &choice, err);
	else
		choice.worst = DRIVER_ALL;
	if (rc < 0)
		return rc;
	if (choice.worst == DRIVER_ALL) {
		choice.count = 0;
		choice_add(&choice, DRIVER_ALL, NULL, 0);
	}
	for (size_t i = 0; i < choice.count; i++)
		s->streams[i] = (struct search_stream){
			.driver = choice.streams[i].driver,
			.words = choice.streams[i].words,
			.key = choice.streams[i].key,
		};
	s->stream_count = choice.count;
	return 0;
}
