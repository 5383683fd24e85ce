/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pack_list.h"

#include "store/store_internal.h"

static const char sql_packs[] =
	"SELECT id, committed_bytes FROM pack WHERE committed_bytes > 0 ORDER BY id";
static const char sql_messages[] = "SELECT count(*) FROM message";

static int message_count(struct store *store, json_t *object, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_messages);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	json_object_set_new(object, "messages", json_integer(query_int(&q, 0)));
	return 0;
}

int pack_list(struct store *store, json_t *object, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_packs);
	json_t *packs = json_array();
	int rc;

	if (!packs || json_object_set_new(object, "packs", packs) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	while ((rc = query_step(&q, err)) == 1)
		json_array_append_new(packs, json_pack("[I,I]", (json_int_t)query_int(&q, 0),
						       (json_int_t)query_int(&q, 1)));
	return rc < 0 ? rc : message_count(store, object, err);
}
