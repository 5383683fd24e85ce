/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule "who may see a message" (docs/architecture.md, "Who sees what"),
 * as a pure function: facts of one message in, members of its audience out.
 * Equal audiences have equal keys and share one row of table audience, so a
 * message carries one integer. Group membership, deny set and whether a user
 * is active are not in here: they are looked at when somebody reads (visible.h).
 */
#ifndef THREADS_STORE_AUDIENCE_H
#define THREADS_STORE_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"

/* Values are those of channel.privacy in the database. */
enum channel_privacy {
	CHANNEL_SHARED = 0,
	CHANNEL_PRIVATE = 1,
	CHANNEL_CONFIDENTIAL = 2, /* veto: no message with it is ever open */
	CHANNEL_EXCLUDED = 3,     /* messages with it are not stored at all */
};

/* Values are those of audience_member.kind and grant_.kind in the database. */
enum audience_kind { AUDIENCE_USER = 0, AUDIENCE_GROUP = 1 };

#define AUDIENCE_ALWAYS_FROM ((int64_t)0)
#define AUDIENCE_FOR_EVER    INT64_MAX

/* A channel of one who takes part. bcc_only: it stands in Bcc and in no other field. */
struct audience_channel {
	enum channel_privacy privacy;
	int64_t user_id;      /* whose own channel it is, 0 = nobody's */
	int64_t user_from_ms; /* since when that counts */
	bool bcc_only;
};

/* One account in which the message was sighted. */
struct audience_holder {
	int64_t owner_user_id;
	bool policy_open;
};

struct audience_grant {
	enum audience_kind kind;
	int64_t ref;      /* user or group id */
	int64_t until_ms; /* AUDIENCE_FOR_EVER: does not expire */
};

/* Everything the rule looks at. Arrays are borrowed for the call. */
struct audience_facts {
	const struct audience_channel *channels;
	size_t channel_count;
	const struct audience_holder *holders;
	size_t holder_count;
	const struct audience_grant *grants;
	size_t grant_count;
	const int64_t *open_groups; /* groups whose selector matches the message */
	size_t open_group_count;
	bool draft;
	bool marked_private;
	bool marked_shared;
	bool one_time_code;
	int64_t embargo_ms; /* not open before; 0 = none */
};

/* One member; it counts while from_ms <= now < until_ms. */
struct audience_member {
	enum audience_kind kind;
	int64_t ref;
	int64_t from_ms;
	int64_t until_ms;
};

/* A set of members, sorted and without repetition. Caller's memory: zero-initialise, release. */
struct audience {
	struct audience_member *members;
	size_t count, cap;
};

void audience_release(struct audience *audience);

/* Whether the message is open, but for the embargo, which is a matter of time. */
bool audience_is_open(const struct audience_facts *facts);

/*
 * Replaces what is in audience. A message nobody may see gives an empty
 * set, which is an audience like any other. Errors: THREADS_ENOMEM.
 */
int audience_compute(const struct audience_facts *facts, struct audience *audience,
		     struct threads_error *err) MUST_CHECK;

/* The canonical text of a set ("u7 u9 g1@1700000000000-") in an empty out, whole or one member
 * after the other; equal sets give equal text. */
void audience_key_member(struct strbuf *out, const struct audience_member *member);
void audience_key_append(struct strbuf *out, const struct audience *audience);

struct store;

/*
 * The id of the row of table audience for this set; makes row and members if
 * there is none. Ids ascend, so a reader notices new ones cheaply. Only the
 * writer calls this, inside its transaction. Errors: as query_step().
 */
int audience_intern(struct store *store, const struct audience *audience, int64_t *ret_id,
		    struct threads_error *err) MUST_CHECK;

/* Counts the audiences whose members are not what the hash says. */
int audience_verify(struct store *store, int64_t *ret_bad, struct threads_error *err) MUST_CHECK;

#endif
