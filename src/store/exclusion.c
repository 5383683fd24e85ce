/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be collected. Nothing of an excluded message but its id and the reason is kept. */
#include "filing/email_key.h"
#include "store/ingest_internal.h"

static const char sql_exclusions[] =
	"SELECT kind, key FROM exclusion WHERE account_id IS NULL OR account_id = :account_id";
static const char sql_folder_excluded[] =
	"SELECT 1 FROM folder f JOIN exclusion e ON e.kind = 'folder' AND e.key = f.name"
	" WHERE f.id = :folder_id AND (e.account_id IS NULL OR e.account_id = f.account_id)";

void exclusions_forget(struct ingest *ingest)
{
	ingest->exclusions.account_id = 0;
}

static int exclusions_load(struct ingest *ingest, struct threads_error *err)
{
	struct exclusions *x = &ingest->exclusions;
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_exclusions);
	int rc;

	strbuf_reset(&x->channels);
	strbuf_reset(&x->domains);
	x->folders = false;
	query_bind_int(&q, ":account_id", ingest->source->account_id);
	while ((rc = query_step(&q, err)) == 1) {
		const char *kind = query_text(&q, 0);
		struct strbuf *list = *kind == 'c' ? &x->channels : &x->domains;

		if (*kind == 'f') {
			x->folders = true;
			continue;
		}
		if (list->len == 0)
			strbuf_add_char(list, '\n');
		strbuf_add_str(list, query_text(&q, 1));
		strbuf_add_char(list, '\n');
	}
	if (rc == 0)
		rc = strbuf_check(&x->channels, err);
	if (rc == 0)
		rc = strbuf_check(&x->domains, err);
	if (rc == 0)
		x->account_id = ingest->source->account_id;
	return rc;
}

static bool list_has(const struct strbuf *list, const char *item)
{
	const size_t len = strlen(item);

	for (const char *p = strstr(strbuf_str(list), item); p; p = strstr(p + 1, item))
		if (p > list->data && p[-1] == '\n' && p[len] == '\n')
			return true;
	return false;
}

static bool address_excluded(struct ingest *ingest, const struct draft_text *address)
{
	const struct exclusions *x = &ingest->exclusions;
	struct strbuf *key = &ingest->scratch;

	strbuf_reset(key);
	if (address->len == 0 || email_key(address->text, address->len, key, NULL) < 0)
		return false;
	if (x->channels.len > 0 && list_has(&x->channels, strbuf_str(key)))
		return true;
	if (x->domains.len == 0)
		return false;
	for (const char *p = email_key_domain(strbuf_str(key)); p; p = strchr(p, '.')) {
		p += *p == '.';
		if (list_has(&x->domains, p))
			return true;
	}
	return false;
}

int exclusion_check(struct ingest *ingest, const struct ingest_item *item,
		    const struct message_draft *draft, const char **ret_why,
		    struct threads_error *err)
{
	int rc = 0;

	*ret_why = NULL;
	/* MESSAGE_OWN_NOTICE excludes nothing: until our notices carry a proof, any
	 * sender could keep his mail out of the archive by writing that header. */
	if (ingest->exclusions.account_id != ingest->source->account_id)
		rc = exclusions_load(ingest, err);
	if (rc < 0)
		return rc;
	if (ingest->exclusions.folders) {
		CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_folder_excluded);

		query_bind_int(&q, ":folder_id", item->folder_id);
		rc = query_step(&q, err);
		if (rc == 1)
			*ret_why = "the folder is excluded";
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	if (ingest->exclusions.channels.len == 0 && ingest->exclusions.domains.len == 0)
		return 0;
	for (size_t i = 0; i < draft->participant_count; i++)
		if (address_excluded(ingest, &draft->participants[i].address)) {
			*ret_why = "an address or domain in it is excluded";
			break;
		}
	return 0;
}
