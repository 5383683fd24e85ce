/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person typed into the search field, as a tree.
 *
 *	word  "a phrase"  prefix*  -not  a OR b  ( a b )
 *	from:x to:x with:x subject:x account:x has:attachment
 *	before:DATE after:DATE on:DATE		see query_date.h
 *
 * Forgiving: every input gives a tree, and hints tell what was read otherwise
 * than typed. Pure text work: nothing here knows SQL, the store or the time.
 */
#ifndef THREADS_QUERY_QUERY_TREE_H
#define THREADS_QUERY_QUERY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	QUERY_TEXT = 1, /* anywhere in the message */
	QUERY_FROM,
	QUERY_TO, /* To and Cc (and Bcc where the viewer may see it) */
	QUERY_SUBJECT,
	QUERY_ACCOUNT,    /* name of an account, compared as a whole or by its beginning */
	QUERY_ATTACHMENT, /* has one; no text */
	QUERY_DATE,       /* from_ms <= date < before_ms */
};

struct query_node {
	enum query_op op;
	enum query_field field; /* QUERY_TERM only, as all below but the links */
	const char *text;       /* not empty; valid UTF-8; "" for ATTACHMENT and DATE */
	bool phrase;            /* typed in quotes */
	bool prefix;            /* the last word is a beginning */
	bool narrow;            /* prefix shorter than QUERY_PREFIX_MIN */
	int64_t from_ms;
	int64_t before_ms;
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
	int64_t utc_offset_ms; /* of the viewer's time zone */
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
