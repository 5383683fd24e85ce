/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/rules.h"

#include "ipc/calls.h"

enum {
	MEMORY_MAX = 1 << 30,   /* address space: a mapped batch, and one message at work */
	OUTPUT_MAX = 512 << 20, /* index takes no more */
};

static const int calls[] = {
	SCMP_SYS(setitimer), /* the CPU limit of each message */
	SCMP_SYS(pwrite64),  /* records, into a memory file of index */
	-1,
};

static const int rare[] = {
	SCMP_SYS(lseek), /* threadsctl parse: standard input, at the end */
	-1,
};

/* No folder, no socket, no memory file: memory_max does not count those. */
int parse_rules(const struct role_context *role, struct sandbox_rules *rules,
		struct threads_error *err)
{
	(void)role;
	(void)err;
	rules->calls = calls;
	rules->rare = rare;
	rules->memory_max = MEMORY_MAX;
	rules->file_max = OUTPUT_MAX;
	return 0;
}
