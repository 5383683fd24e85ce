/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power cut, simulated: everything written below one folder is recorded in
 * order, and for any point of that record the folder is built anew as a disk
 * may show it after the power came back. What was synced before the point is
 * there; of the rest any part may be, down to single sectors. A new, renamed
 * or removed name is certain only after a sync of the folder.
 */
#ifndef THREADS_TESTS_FAULTS_RECORD_H
#define THREADS_TESTS_FAULTS_RECORD_H

#include <stddef.h>

struct record;

/* Starts to listen (shim.h). folder has no folders inside. */
struct record *record_begin(const char *folder);
void record_end(struct record *record); /* listens no more */
void record_free(struct record *record);

/* "From here on value is promised"; values ascend from 1. */
void record_promise(struct record *record, size_t value);

/* A disk that lies: syncs of files whose name ends like this do nothing. For the control. */
void record_distrust(struct record *record, const char *suffix);

/* The number of points at which the power may go; 0 is before the first event. */
size_t record_points(const struct record *record);

enum record_loss {
	LOSS_ALL,     /* nothing that was not synced is there */
	LOSS_NONE,    /* everything is, as after a kill */
	LOSS_BLOCKS,  /* any 4096-byte blocks, and any first part of the changes of names */
	LOSS_SECTORS, /* the same with 512 bytes: pages are torn */
	LOSS_KINDS,
};

/* Writes the files into target, an empty folder. Returns what was promised before the point. */
size_t record_replay(const struct record *record, size_t point, enum record_loss loss,
		     unsigned seed, const char *target);

#endif
