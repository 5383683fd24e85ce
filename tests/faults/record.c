/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim.h"
#include "threads/compiler.h"

enum { NAMES_MAX = 32, NAME_SIZE = 64, BLOCK_SIZE = 4096, SECTOR_SIZE = 512 };

struct step {
	struct shim_event event; /* path and data are copies; a promise has no path */
	size_t promise;
	char name[NAME_SIZE]; /* below the folder; "" is the folder itself */
	char to[NAME_SIZE];   /* EVENT_RENAME */
};

struct record {
	char folder[256];
	char distrusted[16];
	struct step *steps;
	size_t count, cap;
};

static bool name_below(const struct record *record, const char *path, char name[NAME_SIZE])
{
	const size_t len = strlen(record->folder);

	if (strncmp(path, record->folder, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return false;
	snprintf(name, NAME_SIZE, "%s", path[len] ? path + len + 1 : "");
	/* shared memory between processes; no disk has to keep it */
	return strstr(name, "-shm") == NULL && strstr(name, " (deleted)") == NULL;
}

static struct step *step_add(struct record *record)
{
	if (record->count == record->cap) {
		record->cap = record->cap ? record->cap * 2 : 1024;
		record->steps = realloc(record->steps, record->cap * sizeof(*record->steps));
		assert_non_null(record->steps);
	}
	record->steps[record->count] = (struct step){ .promise = 0 };
	return &record->steps[record->count++];
}

static void on_event(const struct shim_event *event, void *arg)
{
	struct record *record = arg;
	char name[NAME_SIZE];
	struct step *step;

	if (!name_below(record, event->path, name))
		return;
	step = step_add(record);
	step->event = *event;
	step->event.path = NULL;
	step->event.data = NULL;
	memcpy(step->name, name, sizeof(name));
	if (event->kind == EVENT_RENAME && !name_below(record, event->data, step->to))
		fail_msg("renamed out of the folder");
	if (event->kind == EVENT_WRITE) {
		void *copy = malloc(event->size);

		assert_non_null(copy);
		memcpy(copy, event->data, event->size);
		step->event.data = copy;
	}
}

struct record *record_begin(const char *folder)
{
	struct record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	snprintf(record->folder, sizeof(record->folder), "%s", folder);
	shim_listen(on_event, record);
	return record;
}

void record_end(struct record *record)
{
	(void)record;
	shim_listen(NULL, NULL);
}

void record_free(struct record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		void *data;

		memcpy(&data, &record->steps[i].event.data,
		       sizeof(data)); /* free() takes no const */
		free(data);
	}
	free(record->steps);
	free(record);
}

void record_promise(struct record *record, size_t value)
{
	step_add(record)->promise = value;
}

void record_distrust(struct record *record, const char *suffix)
{
	snprintf(record->distrusted, sizeof(record->distrusted), "%s", suffix);
}

size_t record_points(const struct record *record)
{
	return record->count + 1;
}

/* ---- the disk ---- */

/* A file's bytes on the disk, and which steps since its last sync may have reached it. */
struct file {
	char *bytes;
	size_t len, cap;
	size_t *waiting; /* indices of steps */
	size_t waiting_count, waiting_cap;
};

/* Names lead to files; a change of names waits for the sync of the folder. */
struct names {
	struct {
		char name[NAME_SIZE];
		size_t file; /* index into files */
		bool used;
	} entry[NAMES_MAX];
};

struct disk {
	const struct record *record;
	struct file files[NAMES_MAX * 4];
	size_t file_count;
	struct names now, kept; /* as programs see it, as the disk has it */
	size_t waiting[1024];
	size_t waiting_file[1024]; /* the file of a name that was made */
	size_t waiting_count;
	enum record_loss loss;
	unsigned random;
};

static unsigned dice(struct disk *disk)
{
	disk->random = disk->random * 1103515245U + 12345U;
	return disk->random >> 16;
}

static size_t names_find(const struct names *names, const char *name)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		if (names->entry[i].used && strcmp(names->entry[i].name, name) == 0)
			return i;
	return NAMES_MAX;
}

static void names_remove(struct names *names, const char *name)
{
	const size_t i = names_find(names, name);

	if (i < NAMES_MAX)
		names->entry[i].used = false;
}

static void names_put(struct names *names, const char *name, size_t file)
{
	size_t i = 0;

	names_remove(names, name);
	while (i < NAMES_MAX && names->entry[i].used)
		i++;
	assert_true(i < NAMES_MAX);
	names->entry[i].used = true;
	names->entry[i].file = file;
	snprintf(names->entry[i].name, NAME_SIZE, "%s", name);
}

static void names_change(struct names *names, const struct step *step, size_t file)
{
	const size_t from = names_find(names, step->name);

	if (step->event.kind == EVENT_CREATE)
		names_put(names, step->name, file);
	else if (step->event.kind == EVENT_UNLINK)
		names_remove(names, step->name);
	else if (from < NAMES_MAX) {
		names_put(names, step->to, names->entry[from].file);
		names_remove(names, step->name);
	}
}

static void file_resize(struct file *file, size_t len)
{
	if (len > file->cap) {
		file->cap = len * 2;
		file->bytes = realloc(file->bytes, file->cap);
		assert_non_null(file->bytes);
	}
	if (len > file->len)
		memset(file->bytes + file->len, 0, len - file->len);
	file->len = len;
}

static void file_write(struct file *file, size_t offset, const char *data, size_t size)
{
	if (size == 0)
		return;
	if (offset + size > file->len)
		file_resize(file, offset + size);
	memcpy(file->bytes + offset, data, size);
}

/* Those parts of a write that the dice let reach the disk. */
static void write_parts(struct disk *disk, struct file *file, const struct shim_event *event)
{
	const size_t unit = disk->loss == LOSS_SECTORS ? SECTOR_SIZE : BLOCK_SIZE;
	const char *data = event->data;
	size_t offset = (size_t)event->offset, left = event->size;

	while (left > 0) {
		const size_t room = unit - offset % unit;
		const size_t piece = left < room ? left : room;

		if (dice(disk) % 2)
			file_write(file, offset, data, piece);
		offset += piece;
		data += piece;
		left -= piece;
	}
}

static void file_apply(struct disk *disk, struct file *file, bool synced)
{
	for (size_t i = 0; i < file->waiting_count; i++) {
		const struct shim_event *event = &disk->record->steps[file->waiting[i]].event;
		const bool whole = synced || disk->loss == LOSS_NONE;

		if (!whole && disk->loss == LOSS_ALL)
			break;
		if (event->kind == EVENT_TRUNCATE && (whole || dice(disk) % 2))
			file_resize(file, (size_t)event->offset);
		else if (event->kind == EVENT_WRITE && whole)
			file_write(file, (size_t)event->offset, event->data, event->size);
		else if (event->kind == EVENT_WRITE)
			write_parts(disk, file, event);
	}
	file->waiting_count = 0;
}

static void file_wait(struct file *file, size_t step)
{
	if (file->waiting_count == file->waiting_cap) {
		file->waiting_cap = file->waiting_cap ? file->waiting_cap * 2 : 64;
		file->waiting = realloc(file->waiting, file->waiting_cap * sizeof(step));
		assert_non_null(file->waiting);
	}
	file->waiting[file->waiting_count++] = step;
}

static void folder_apply(struct disk *disk, size_t count)
{
	for (size_t i = 0; i < count; i++)
		names_change(&disk->kept, &disk->record->steps[disk->waiting[i]],
			     disk->waiting_file[i]);
	disk->waiting_count = 0;
}

static bool ends_with(const char *name, const char *suffix)
{
	const size_t len = strlen(name), tail = strlen(suffix);

	return tail > 0 && len >= tail && strcmp(name + len - tail, suffix) == 0;
}

static void name_step(struct disk *disk, size_t index)
{
	const struct step *step = &disk->record->steps[index];
	size_t file = 0;

	if (step->event.kind == EVENT_CREATE) {
		assert_true(disk->file_count < ARRAY_SIZE(disk->files));
		file = disk->file_count++;
	}
	assert_true(disk->waiting_count < ARRAY_SIZE(disk->waiting));
	disk->waiting_file[disk->waiting_count] = file;
	disk->waiting[disk->waiting_count++] = index;
	names_change(&disk->now, step, file);
}

static void disk_step(struct disk *disk, size_t index)
{
	const struct step *step = &disk->record->steps[index];
	size_t entry;

	if (step->event.kind == EVENT_CREATE || step->event.kind == EVENT_UNLINK ||
	    step->event.kind == EVENT_RENAME) {
		name_step(disk, index);
		return;
	}
	if (step->event.kind == EVENT_SYNC && step->name[0] == '\0') {
		folder_apply(disk, disk->waiting_count);
		return;
	}
	entry = names_find(&disk->now, step->name);
	if (entry == NAMES_MAX)
		fail_msg("%s was not seen to be made", step->name);
	if (step->event.kind != EVENT_SYNC)
		file_wait(&disk->files[disk->now.entry[entry].file], index);
	else if (!ends_with(step->name, disk->record->distrusted))
		file_apply(disk, &disk->files[disk->now.entry[entry].file], true);
}

static void disk_write_out(struct disk *disk, const char *target)
{
	for (size_t i = 0; i < NAMES_MAX; i++) {
		const struct file *file = &disk->files[disk->kept.entry[i].file];
		char path[512];
		int fd;

		if (!disk->kept.entry[i].used)
			continue;
		snprintf(path, sizeof(path), "%s/%s", target, disk->kept.entry[i].name);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		if (file->len > 0)
			assert_int_equal(write(fd, file->bytes, file->len), (ssize_t)file->len);
		close(fd);
	}
}

size_t record_replay(const struct record *record, size_t point, enum record_loss loss,
		     unsigned seed, const char *target)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	size_t promised = 0, kept;

	assert_non_null(disk);
	disk->record = record;
	disk->loss = loss;
	disk->random = seed;
	for (size_t i = 0; i < point; i++) {
		if (record->steps[i].promise)
			promised = record->steps[i].promise;
		else
			disk_step(disk, i);
	}
	for (size_t i = 0; i < disk->file_count; i++)
		file_apply(disk, &disk->files[i], false);
	kept = disk->waiting_count;
	if (loss == LOSS_ALL)
		kept = 0;
	else if (loss != LOSS_NONE)
		kept = dice(disk) % (kept + 1);
	folder_apply(disk, kept);
	disk_write_out(disk, target);
	for (size_t i = 0; i < disk->file_count; i++) {
		free(disk->files[i].bytes);
		free(disk->files[i].waiting);
	}
	free(disk);
	return promised;
}
