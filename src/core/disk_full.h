/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told when a write failed for want of room on the disk. */
#ifndef THREADS_CORE_DISK_FULL_H
#define THREADS_CORE_DISK_FULL_H

/* In an error. */
#define DISK_FULL_WORDS "the disk is full; make room and try again"

/* Of a problem of the API: its status, kind, title and detail. */
enum { DISK_FULL_STATUS = 507 };
#define DISK_FULL_KIND  "disk-full"
#define DISK_FULL_TITLE "The hub's disk is full."
#define DISK_FULL_DETAIL                                                                           \
	"It could not write this down, so nothing was changed, and nothing is lost. "              \
	"Ask whoever runs the hub to make room on its disk, then try again."

#endif
