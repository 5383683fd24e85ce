/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an address in a mail to its channel and company. A small cache spares
 * the look-up for the same people again and again; it is dropped whenever a
 * transaction fails or somebody else changes a channel.
 */
#include <jansson.h>

#include "core/json.h"
#include "core/random_id.h"
#include "filing/email_key.h"
#include "store/ingest_internal.h"

enum { CHANNEL_EMAIL = 1, DEFAULTS_MAX = 256 * 1024 };

static const char sql_channel_find[] =
	"SELECT id, privacy, user_id, user_from_ms FROM channel WHERE kind = :kind AND key = :key";
static const char sql_channel_add[] =
	"INSERT INTO channel (kind, key, name, privacy, company_id, created_ms)"
	" VALUES (:kind, :key, :name, :privacy, :company_id, :now_ms)";
static const char sql_company_find[] = "SELECT id FROM company WHERE domain = :domain";
static const char sql_company_add[] = "INSERT INTO company (public_id, domain, name, created_ms)"
				      " VALUES (:public_id, :domain, :domain, :now_ms)";
static const char sql_setting[] = "SELECT value FROM setting WHERE name = :name";

void channel_cache_clear(struct ingest *ingest)
{
	for (size_t i = 0; i < CHANNEL_CACHE_SIZE; i++) {
		free(ingest->channels[i].key);
		ingest->channels[i].key = NULL;
	}
	free(ingest->defaults.own_domains);
	ingest->defaults = (struct channel_defaults){ 0 };
}

static struct channel_entry *cache_slot(struct ingest *ingest, const char *key)
{
	uint32_t hash = 2166136261u;

	for (const char *p = key; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return &ingest->channels[(hash ^ hash >> 15) & (CHANNEL_CACHE_SIZE - 1)];
}

int own_domains_parse(const char *json, char **ret_list, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_loads(json, 0, NULL);
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(DEFAULTS_MAX);
	size_t i;
	json_t *item;

	if (!json_is_array(list)) /* rather nothing than channels that open by mistake */
		return threads_error_set(err, THREADS_EIO, "the setting own_domains is damaged");
	strbuf_add_char(&out, '\n');
	json_array_foreach(list, i, item) {
		const char *domain = json_string_value(item);

		if (!domain)
			continue;
		if (domain_key(domain, strlen(domain), &out, NULL) == 0)
			strbuf_add_char(&out, '\n');
	}
	if (strbuf_check(&out, err) < 0)
		return THREADS_ELIMIT;
	*ret_list = strdup(strbuf_str(&out));
	return *ret_list ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

int channel_defaults_load(struct ingest *ingest, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_setting);
	int rc;

	if (ingest->defaults.loaded)
		return 0;
	query_bind_text(&q, ":name", "outside_channels");
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	ingest->defaults.outside_shared = rc == 1 && strcmp(query_text(&q, 0), "\"shared\"") == 0;
	query_again(&q);
	query_bind_text(&q, ":name", "own_domains");
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	rc = own_domains_parse(rc == 1 ? query_text(&q, 0) : "[]", &ingest->defaults.own_domains,
			       err);
	ingest->defaults.loaded = rc == 0;
	return rc;
}

static bool list_has(const char *list, const char *item)
{
	const size_t len = strlen(item);

	for (const char *p = strstr(list, item); p; p = strstr(p + 1, item))
		if (p > list && p[-1] == '\n' && p[len] == '\n')
			return true;
	return false;
}

bool domain_is_own(const char *own_domains, const char *domain)
{
	for (const char *p = domain; p; p = strchr(p, '.')) {
		p += *p == '.';
		if (list_has(own_domains, p))
			return true;
	}
	return false;
}

static int company_resolve(struct ingest *ingest, const char *domain, int64_t *ret_id,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query find = query_begin(ingest->db, sql_company_find);
	char public_id[PUBLIC_ID_SIZE];
	int rc;

	query_bind_text(&find, ":domain", domain);
	rc = query_step(&find, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		*ret_id = query_int(&find, 0);
		return 0;
	}

	CLEANUP(query_end) struct query add = query_begin(ingest->db, sql_company_add);

	public_id_make(public_id);
	query_bind_text(&add, ":public_id", public_id);
	query_bind_text(&add, ":domain", domain);
	query_bind_int(&add, ":now_ms", ingest->now_ms);
	rc = query_run(&add, err);
	if (rc == 0)
		*ret_id = db_last_id(ingest->db);
	return rc;
}

/* Own staff's channels are private, free mail too, outside businesses as the settings say. */
static int channel_add(struct ingest *ingest, const char *key, const struct draft_text *name,
		       struct channel_info *info, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf registrable = STRBUF_INIT(1024);
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_channel_add);
	const char *domain = email_key_domain(key);
	int64_t company_id = 0;
	int rc = channel_defaults_load(ingest, err);

	if (rc == 0)
		rc = company_domain(ingest->filing, domain, &registrable, err);
	if (rc == 1)
		rc = company_resolve(ingest, strbuf_str(&registrable), &company_id, err);
	if (rc < 0)
		return rc;
	info->privacy = company_id && ingest->defaults.outside_shared &&
					!domain_is_own(ingest->defaults.own_domains, domain)
				? CHANNEL_SHARED
				: CHANNEL_PRIVATE;
	info->user_id = 0;
	info->user_from_ms = 0;
	query_bind_int(&q, ":kind", CHANNEL_EMAIL);
	query_bind_text(&q, ":key", key);
	query_bind_text_len(&q, ":name", name->text, name->len);
	query_bind_int(&q, ":privacy", info->privacy);
	query_bind_id(&q, ":company_id", company_id);
	query_bind_int(&q, ":now_ms", ingest->now_ms);
	rc = query_run(&q, err);
	if (rc == 0)
		info->id = db_last_id(ingest->db);
	return rc;
}

static int channel_find(struct ingest *ingest, const char *key, struct channel_info *info,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_channel_find);
	int rc;

	query_bind_int(&q, ":kind", CHANNEL_EMAIL);
	query_bind_text(&q, ":key", key);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	info->id = query_int(&q, 0);
	info->privacy = (enum channel_privacy)query_int(&q, 1);
	info->user_id = query_int(&q, 2);
	info->user_from_ms = query_int(&q, 3);
	return 1;
}

int channel_resolve(struct ingest *ingest, const struct draft_text *address,
		    const struct draft_text *name, struct channel_info *ret_info,
		    struct threads_error *err)
{
	struct strbuf *key = &ingest->scratch;
	struct channel_info info = { 0 };
	struct channel_entry *slot;
	int rc;

	strbuf_reset(key);
	if (address->len == 0 || email_key(address->text, address->len, key, NULL) < 0)
		return 0;
	slot = cache_slot(ingest, strbuf_str(key));
	if (slot->key && strcmp(slot->key, strbuf_str(key)) == 0) {
		*ret_info = slot->info;
		return 1;
	}
	rc = channel_find(ingest, strbuf_str(key), &info, err);
	if (rc == 0)
		rc = channel_add(ingest, strbuf_str(key), name, &info, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "channel");
	free(slot->key);
	slot->key = strdup(strbuf_str(key));
	if (!slot->key)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	slot->info = info;
	*ret_info = info;
	return 1;
}
