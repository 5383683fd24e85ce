/* SPDX-License-Identifier: Apache-2.0 */
#include "index/disk.h"

#include <sys/statvfs.h>

#include "core/log.h"

enum { LOOK_MS = 10 * 1000, LOOK_FULL_MS = 2 * 1000, FREE_BYTES_MIN = 32 << 20 };

/* Says once that a level is reached, and again after it was left. */
static void tell_level(struct index_role *ix, int limit)
{
	static const int levels[] = { 70, 80, 90 };
	int level = 0;

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (ix->disk_percent >= levels[i])
			level = levels[i];
	if (level > ix->disk_level && !ix->disk_full)
		log_warning("the disk is %d %% full; collecting stops at %d %%", ix->disk_percent,
			    limit);
	ix->disk_level = level;
}

void disk_check(void *arg)
{
	struct index_role *ix = arg;
	const int limit = (int)config_int(ix->role->config, "disk_stop_percent");
	const bool was_full = ix->disk_full;
	struct statvfs fs;

	loop_timer_set(ix->disk_timer, LOOK_MS);
	if (fstatvfs(ix->data_dir_fd, &fs) < 0 || fs.f_blocks == 0)
		return;
	ix->disk_percent = (int)(100 - fs.f_bavail * 100 / fs.f_blocks);
	ix->disk_full = (limit < 100 && ix->disk_percent >= limit) ||
			fs.f_bavail * fs.f_frsize < FREE_BYTES_MIN;
	tell_level(ix, limit);
	if (ix->disk_full)
		loop_timer_set(ix->disk_timer, LOOK_FULL_MS);
	if (ix->disk_full && !was_full)
		log_warning("the disk is %d %% full, %lld MB are free: collecting has stopped "
			    "(at %d %%, or below %d MB), search goes on",
			    ix->disk_percent, (long long)(fs.f_bavail * fs.f_frsize / 1000000),
			    limit, FREE_BYTES_MIN / 1000000 + 1);
	if (!ix->disk_full && was_full) {
		log_notice("there is room on the disk again: collecting goes on");
		loop_timer_set(ix->tick, 0);
	}
}
