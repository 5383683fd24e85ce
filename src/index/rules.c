/* SPDX-License-Identifier: Apache-2.0 */
#include "index/rules.h"

#include "ipc/calls.h"

static const int calls[] = {
	SANDBOX_SQLITE_WRITE_CALLS,
	SANDBOX_THREAD_CALLS,   /* the one that reads blobs */
	SCMP_SYS(eventfd2),     /* by which it says that it is ready */
	SCMP_SYS(openat),       /* packs, uploads, the sample mailbox */
	SCMP_SYS(fsync),        /* packs and their folder */
	SCMP_SYS(unlinkat),     /* uploads that are imported, packs without blobs */
	SCMP_SYS(getdents64),   /* the sample mailbox, the packs */
	SCMP_SYS(memfd_create), /* batches for parse, blobs for api */
	SCMP_SYS(fstatfs),      /* how full the disk is */
	-1,
};

static const int rare[] = {
	SANDBOX_SQLITE_WRITE_RARE,
	-1,
};

/* Landlock: hub and packs to write, the sample mailbox to read. */
int index_rules(const struct role_context *role, struct sandbox_rules *rules,
		struct threads_error *err)
{
	const char *sample = config_text(role->config, "sample_dir");
	int rc = role_add_folder(role, rules, "hub", SANDBOX_WRITE, err);

	if (rc == 0)
		rc = role_add_folder(role, rules, "packs", SANDBOX_WRITE, err);
	if (rc == 0 && *sample && access(sample, R_OK) == 0)
		rc = sandbox_add_folder(rules, sample, SANDBOX_READ, err);
	rules->calls = calls;
	rules->rare = rare;
	return rc;
}
