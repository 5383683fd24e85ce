/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blobs, and which recipe, make what a reader asked for. Uses a reader's
 * connection; says nothing about whether he may: the caller has checked that.
 */
#ifndef THREADS_STORE_BLOB_PLAN_H
#define THREADS_STORE_BLOB_PLAN_H

#include "store/recipe.h"
#include "store/store.h"

struct blob_plan {
	struct pack_location *blobs;
	size_t count;
	struct recipe recipe;
};

void blob_plan_release(struct blob_plan *plan);

/*
 * The raw message or its header as it was sighted. folder_id and uid name the
 * sighting whose own bytes are wanted; folder_id 0 takes those of the message.
 * Returns 1, or 0 if there is no such message or sighting.
 */
int blob_plan_raw(struct store *store, int64_t message_id, int64_t folder_id, int64_t uid,
		  enum recipe_kind kind, struct blob_plan *ret_plan,
		  struct threads_error *err) MUST_CHECK;

/* The prefix that the message's own blob among these refers to (core/phrases.h) into
 * out, which is left alone if none does. Returns 1, or 0 if there is no such message. */
int blob_plan_prefix(struct store *store, int64_t message_id, const struct pack_location *blobs,
		     size_t count, struct strbuf *out, struct threads_error *err) MUST_CHECK;

/* The decoded HTML body. Returns 1, or 0 if there is none. */
int blob_plan_html(struct store *store, int64_t message_id, struct blob_plan *ret_plan,
		   struct threads_error *err) MUST_CHECK;

/* One attachment, decoded. position is its key within the message. Returns 1 or 0. */
int blob_plan_attachment(struct store *store, int64_t message_id, int64_t position,
			 struct blob_plan *ret_plan, struct threads_error *err) MUST_CHECK;

#endif
