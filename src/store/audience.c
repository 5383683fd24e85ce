/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audience.h"

#include <inttypes.h>

void audience_release(struct audience *audience)
{
	free(audience->members);
	*audience = (struct audience){ 0 };
}

/* A veto in Bcc counts for everybody: the stricter reading of "counts for holders". */
static bool channel_vetoes(const struct audience_facts *facts)
{
	for (size_t i = 0; i < facts->channel_count; i++)
		if (facts->channels[i].privacy == CHANNEL_CONFIDENTIAL)
			return true;
	return false;
}

/* Opening, on the other hand, is not done by a channel that readers cannot see. */
static bool channel_opens(const struct audience_facts *facts)
{
	for (size_t i = 0; i < facts->channel_count; i++)
		if (facts->channels[i].privacy == CHANNEL_SHARED && !facts->channels[i].bcc_only)
			return true;
	return false;
}

static bool holder_opens(const struct audience_facts *facts)
{
	for (size_t i = 0; i < facts->holder_count; i++)
		if (facts->holders[i].policy_open)
			return true;
	return false;
}

bool audience_is_open(const struct audience_facts *facts)
{
	if (facts->draft || facts->marked_private || facts->one_time_code)
		return false;
	if (channel_vetoes(facts))
		return false;
	return facts->marked_shared || (holder_opens(facts) && channel_opens(facts));
}

static int member_add(struct audience *audience, const struct audience_member *member,
		      struct threads_error *err)
{
	if (audience->count == audience->cap) {
		size_t cap = audience->cap ? audience->cap * 2 : 8;
		struct audience_member *grown = realloc(audience->members, cap * sizeof(*grown));

		if (!grown)
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
		audience->members = grown;
		audience->cap = cap;
	}
	audience->members[audience->count++] = *member;
	return 0;
}

static int user_add(struct audience *audience, int64_t user_id, int64_t from_ms,
		    struct threads_error *err)
{
	const struct audience_member member = {
		.kind = AUDIENCE_USER,
		.ref = user_id,
		.from_ms = from_ms,
		.until_ms = AUDIENCE_FOR_EVER,
	};

	return user_id > 0 ? member_add(audience, &member, err) : 0;
}

static int holders_add(struct audience *audience, const struct audience_facts *facts,
		       struct threads_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < facts->holder_count && rc == 0; i++)
		rc = user_add(audience, facts->holders[i].owner_user_id, AUDIENCE_ALWAYS_FROM, err);
	return rc;
}

/* A channel only in Bcc adds nobody: who holds a copy that carries it is a holder anyway. */
static int participants_add(struct audience *audience, const struct audience_facts *facts,
			    struct threads_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < facts->channel_count && rc == 0; i++)
		if (!facts->channels[i].bcc_only)
			rc = user_add(audience, facts->channels[i].user_id,
				      facts->channels[i].user_from_ms, err);
	return rc;
}

static int grants_add(struct audience *audience, const struct audience_facts *facts,
		      struct threads_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < facts->grant_count && rc == 0; i++) {
		const struct audience_member member = {
			.kind = facts->grants[i].kind,
			.ref = facts->grants[i].ref,
			.from_ms = AUDIENCE_ALWAYS_FROM,
			.until_ms = facts->grants[i].until_ms,
		};

		rc = member_add(audience, &member, err);
	}
	return rc;
}

static int open_groups_add(struct audience *audience, const struct audience_facts *facts,
			   struct threads_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < facts->open_group_count && rc == 0; i++) {
		const struct audience_member member = {
			.kind = AUDIENCE_GROUP,
			.ref = facts->open_groups[i],
			.from_ms = facts->embargo_ms > 0 ? facts->embargo_ms : AUDIENCE_ALWAYS_FROM,
			.until_ms = AUDIENCE_FOR_EVER,
		};

		rc = member_add(audience, &member, err);
	}
	return rc;
}

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* By kind and id; for one id the earliest first, then the longest. */
static int member_compare(const void *pa, const void *pb)
{
	const struct audience_member *a = pa, *b = pb;
	int order = compare_int((int64_t)a->kind, (int64_t)b->kind);

	if (order == 0)
		order = compare_int(a->ref, b->ref);
	if (order == 0)
		order = compare_int(a->from_ms, b->from_ms);
	return order != 0 ? order : compare_int(b->until_ms, a->until_ms);
}

/* Drops a member whose time lies within that of the one kept before it. */
static void members_normalise(struct audience *audience)
{
	size_t kept = 0;

	if (audience->count == 0)
		return;
	qsort(audience->members, audience->count, sizeof(*audience->members), member_compare);
	for (size_t i = 0; i < audience->count; i++) {
		const struct audience_member *last = kept ? &audience->members[kept - 1] : NULL;
		const struct audience_member *m = &audience->members[i];

		if (last && last->kind == m->kind && last->ref == m->ref &&
		    last->until_ms >= m->until_ms)
			continue;
		audience->members[kept++] = *m;
	}
	audience->count = kept;
}

int audience_compute(const struct audience_facts *facts, struct audience *audience,
		     struct threads_error *err)
{
	int rc;

	audience->count = 0;
	rc = holders_add(audience, facts, err);
	if (rc == 0 && !facts->draft)
		rc = participants_add(audience, facts, err);
	if (rc == 0 && !facts->draft)
		rc = grants_add(audience, facts, err);
	if (rc == 0 && audience_is_open(facts))
		rc = open_groups_add(audience, facts, err);
	if (rc < 0)
		return rc;
	members_normalise(audience);
	return 0;
}

void audience_key_member(struct strbuf *out, const struct audience_member *member)
{
	strbuf_addf(out, "%s%c%" PRId64, out->len ? " " : "",
		    member->kind == AUDIENCE_USER ? 'u' : 'g', member->ref);
	if (member->from_ms == AUDIENCE_ALWAYS_FROM && member->until_ms == AUDIENCE_FOR_EVER)
		return;
	strbuf_addf(out, "@%" PRId64 "-", member->from_ms);
	if (member->until_ms != AUDIENCE_FOR_EVER)
		strbuf_addf(out, "%" PRId64, member->until_ms);
}

void audience_key_append(struct strbuf *out, const struct audience *audience)
{
	for (size_t i = 0; i < audience->count; i++)
		audience_key_member(out, &audience->members[i]);
}
