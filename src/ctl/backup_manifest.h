/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a folder a backup. manifest.json names every file with size and
 * SHA-256, what made it, and which key it needs; manifest.sha256 is its own hash.
 * They are written last: a folder without them is half a backup.
 */
#ifndef THREADS_CTL_BACKUP_MANIFEST_H
#define THREADS_CTL_BACKUP_MANIFEST_H

#include "core/json.h"
#include "ctl/backup_copy.h"

enum { MANIFEST_FORMAT = 1 };

extern const char manifest_name[], manifest_sum_name[];

/* One entry of "files", borrowed from the manifest. */
struct manifest_file {
	const char *path; /* in the backup folder: one of the names a hub has */
	int64_t bytes;
	const char *sha256;
};

/* A manifest without files yet. Errors: THREADS_ENOMEM. */
int manifest_new(json_t **ret_manifest, struct threads_error *err) MUST_CHECK;
int manifest_add(json_t *manifest, const char *path, const struct copied *copied,
		 struct threads_error *err) MUST_CHECK;

/* Writes both files into the folder and makes them durable. Errors: THREADS_EIO. */
int manifest_write(int dir_fd, const json_t *manifest, struct threads_error *err) MUST_CHECK;

/* Opens the folder, which is the caller's to close also after a failure, and reads its manifest.
 * Errors: THREADS_EIO, those of manifest_read(). */
int manifest_open(const char *path, int *ret_dir_fd, json_t **ret_manifest,
		  struct threads_error *err) MUST_CHECK;

/*
 * Reads and checks both files. Errors: THREADS_ENOENT (no backup, or half of one),
 * THREADS_EINVAL (damaged, or of a later format).
 */
int manifest_read(int dir_fd, json_t **ret_manifest, struct threads_error *err) MUST_CHECK;

/* Entry i; false behind the last one. */
bool manifest_file_at(const json_t *manifest, size_t i, struct manifest_file *ret_file);

/* The sum of all "bytes". */
int64_t manifest_bytes(const json_t *manifest);

/*
 * Copies one file of the backup to the file to (-1: only reads it) and compares
 * it with its entry. Errors: THREADS_EINVAL with words that name the file; those of copy_bytes().
 */
int manifest_copy(int dir_fd, const struct manifest_file *file, int to, struct copy_meter *meter,
		  struct threads_error *err) MUST_CHECK;

#endif
