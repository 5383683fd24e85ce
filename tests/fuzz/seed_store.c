/* SPDX-License-Identifier: Apache-2.0 */
/* For api and index: hub.db with people and accounts. */
#include <stdio.h>
#include <sys/stat.h>

#include "seed.h"
#include "store/store_internal.h"

static const char sql_seed[] =
	"INSERT INTO user (id, public_id, name, display_name, role, state, created_ms) VALUES"
	" (1, '" SEED_USER "', 'ann', 'Ann', 'owner', 'active', 0),"
	" (2, 'bbbbbbbbbbbbbbbbbbbbbbbbbb', 'ben', 'Ben', 'user', 'active', 0);"
	"INSERT INTO account (id, public_id, name, type, owner_id, policy, state, created_ms) VALUES"
	" (1, 'accountaaaaaaaaaaaaaaaaaaa', 'Ship yard', 'import', 1, 'closed', 'active', 0),"
	" (2, 'accountbbbbbbbbbbbbbbbbbbb', 'Rope works', 'import', 2, 'open', 'active', 0);"
	"INSERT INTO folder (id, account_id, name) VALUES (1, 1, 'INBOX'), (2, 2, 'INBOX');";

void seed_folder(enum role role, const char *path)
{
	static const char *const folders[] = { "hub", "hub/upload", "packs" };
	struct store *store = NULL;
	struct threads_error err = { 0 };
	char name[300];
	int rc = 0;

	(void)role;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, folders[i]);
		if (mkdir(name, 0700) < 0)
			abort();
	}
	snprintf(name, sizeof(name), "%s/hub/hub.db", path);
	rc = store_open(name, STORE_WRITER, &store, &err);
	if (rc == 0)
		rc = db_exec(store_db(store), sql_seed, &err);
	if (rc < 0) {
		fprintf(stderr, "seed: %s\n", err.text);
		abort();
	}
	store_close(store);
}
