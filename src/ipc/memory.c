/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/memory.h"

#include <fcntl.h>

#include "threads/compiler.h"

enum { ROLLUP_BYTES = 2048 };

int memory_open(void)
{
	return open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
}

/* "Pss:   1234 kB" */
static int64_t field(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoll(found + strlen(name), NULL, 10) * 1024 : 0;
}

bool memory_read(int fd, int64_t *ret_rss, int64_t *ret_pss)
{
	char text[ROLLUP_BYTES];
	const ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;

	if (n <= 0)
		return false;
	text[n] = '\0';
	*ret_rss = field(text, "\nRss:");
	*ret_pss = field(text, "\nPss:");
	return true;
}
