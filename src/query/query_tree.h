/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person typed into the search field, as a tree.
 *
 *	word  "a phrase"  prefix*  -not  a OR b  ( a b )
 *	from: to: cc: bcc: with: subject: filename:	words
 *	account: folder: label:				words of a name
 *	before: after: on: older: newer:		see query_date.h
 *	larger: smaller:				5M, 300k
 *	has:attachment  is:unread  type:pdf		see query_value.h
 *
 * Forgiving: every input gives a tree, and hints tell what was read otherwise
 * than typed. Pure text work: nothing here knows SQL, the store or the time.
 * docs/search.md is the same for users.
 */
#ifndef THREADS_QUERY_QUERY_TREE_H
#define THREADS_QUERY_QUERY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/zone.h"
#include "threads/error.h"

enum {
	QUERY_BYTES_MAX = 1024, /* longer input is cut, with a hint */
	QUERY_TERMS_MAX = 64,
	QUERY_DEPTH_MAX = 16,
	QUERY_HINTS_MAX = 8,
	QUERY_PREFIX_MIN = 3, /* shorter prefixes are looked up in people and subjects only */
	QUERY_NODES_MAX = 512,
	QUERY_POOL_BYTES = 8192,
};

enum query_op {
	QUERY_TERM = 1, /* a leaf */
	QUERY_ALL,      /* every child */
	QUERY_ANY,      /* at least one child */
	QUERY_NOT,      /* its one child does not match */
};

enum query_field {
	QUERY_TEXT = 1, /* anywhere in the message; those up to FILENAME are columns of the index */
	QUERY_FROM,
	QUERY_TO, /* To and Cc */
	QUERY_SUBJECT,
	QUERY_FILENAME, /* names of attachments */
	QUERY_CC,
	QUERY_BCC,     /* of copies that the viewer holds */
	QUERY_ACCOUNT, /* words of a name; as the next two: of what the viewer holds */
	QUERY_FOLDER,
	QUERY_LABEL,
	QUERY_ATTACHMENT, /* has one; no text */
	QUERY_TYPE,       /* has a file like that, or is a message of that kind */
	QUERY_STATE,
	QUERY_DATE, /* low <= milliseconds < high */
	QUERY_SIZE, /* low <= bytes < high */
};

/* is: ... */
enum query_state {
	QUERY_UNREAD = 1, /* these four: of a copy that the viewer holds */
	QUERY_READ,
	QUERY_FLAGGED,
	QUERY_ANSWERED,
	QUERY_DRAFT,
	QUERY_BULK, /* newsletters and lists */
	QUERY_AUTOMATIC,
	QUERY_ENCRYPTED,
};

struct query_node {
	enum query_op op;
	enum query_field field;   /* QUERY_TERM only, as all below but the links */
	const char *text;         /* not empty, valid UTF-8; "" where there are no words */
	bool phrase;              /* typed in quotes */
	bool prefix;              /* the last word is a beginning */
	bool narrow;              /* prefix shorter than QUERY_PREFIX_MIN */
	enum query_state state;   /* of QUERY_STATE */
	int64_t low, high;        /* of DATE and SIZE */
	struct query_node *first; /* child, NULL for QUERY_TERM */
	struct query_node *next;  /* sibling */
};

enum query_token_kind {
	QUERY_TOKEN_WORD,
	QUERY_TOKEN_PHRASE,
	QUERY_TOKEN_PREFIX,
	QUERY_TOKEN_OPERATOR
};

/* One piece of the input, for the chips of the search field. */
struct query_token {
	enum query_token_kind kind;
	bool negated;
	const char *name;  /* "from" for an operator, else "" */
	const char *value; /* as searched */
	size_t start, end; /* bytes of the input, minus sign and operator included */
};

struct query_tree {
	struct query_node *root; /* NULL: nothing to look for, i.e. everything */
	const char *hints[QUERY_HINTS_MAX];
	size_t hint_count;
	struct query_token tokens[QUERY_TERMS_MAX];
	size_t token_count;

	/* The rest is the parser's own: memory of what stands above. */
	struct query_node nodes[QUERY_NODES_MAX];
	size_t node_count;
	size_t pool_used;
	char pool[QUERY_POOL_BYTES];
};

struct query_options {
	int64_t now_ms;
	const struct zone *zone; /* of the viewer, borrowed; NULL: UTC */
};

/* Reads text (len bytes, anything). ret_tree is released with query_tree_free().
 * Errors: THREADS_ENOMEM only. */
int query_tree_parse(const char *text, size_t len, const struct query_options *options,
		     struct query_tree **ret_tree, struct threads_error *err) MUST_CHECK;

struct query_tree *query_tree_free(struct query_tree *tree); /* accepts NULL, returns NULL */
void query_tree_freep(struct query_tree **tree);

/* Name of a token's kind as the API writes it: "word", "phrase", "prefix", "operator". */
const char *query_token_kind_name(enum query_token_kind kind);

#endif
