/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/backup_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "ctl/print.h"
#include "ipc/memfd.h"

enum { PIECE = 1 << 20, TELL_MS = 250, TICK_MS = 20 * 1000 };

void copy_meter_begin(struct copy_meter *meter)
{
	meter->begun_ms = meter->told_ms = meter->tick_ms = clock_monotonic_ms();
}

static void tell(struct copy_meter *meter, int64_t now_ms)
{
	const int64_t ms = now_ms > meter->begun_ms ? now_ms - meter->begun_ms : 1;
	char line[120];

	meter->told_ms = now_ms;
	if (meter->total > 0)
		snprintf(line, sizeof(line),
			 "%" PRId64 " of %" PRId64 " MB, %" PRId64 " MB a second",
			 meter->done / 1000000, meter->total / 1000000, meter->done / 1000 / ms);
	else
		snprintf(line, sizeof(line), "%" PRId64 " MB, %" PRId64 " MB a second",
			 meter->done / 1000000, meter->done / 1000 / ms);
	print_progress(line);
}

static int meter_add(struct copy_meter *meter, int64_t bytes, struct threads_error *err)
{
	const int64_t now_ms = clock_monotonic_ms();

	meter->done += bytes;
	if (now_ms - meter->told_ms >= TELL_MS)
		tell(meter, now_ms);
	if (!meter->tick || now_ms - meter->tick_ms < TICK_MS)
		return 0;
	meter->tick_ms = now_ms;
	return meter->tick(meter->tick_arg, err);
}

int folder_is_empty(const char *path, struct threads_error *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!dir)
		return threads_error_set(err, errno == ENOENT ? THREADS_ENOENT : THREADS_EIO,
					 "%.150s: %m", path);
	/* glibc's is safe on a stream of one's own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (empty && (entry = readdir(dir)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return empty;
}

void copy_hex(const unsigned char digest[DIGEST_LEN], char out[COPY_HEX_SIZE])
{
	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Returns how many bytes came, 0 at the end. */
static ssize_t piece_read(int from, void *buffer, int64_t offset, int64_t most,
			  struct threads_error *err)
{
	const size_t want = most >= 0 && most - offset < PIECE ? (size_t)(most - offset) : PIECE;
	ssize_t got;

	if (want == 0)
		return 0;
	do {
		got = pread(from, buffer, want, offset);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? threads_error_set(err, THREADS_EIO, "read: %m") : got;
}

static int copy_pieces(int from, int64_t most, int to, struct copy_meter *meter,
		       struct digest *digest, int64_t *ret_bytes, struct threads_error *err)
{
	AUTO_FREE char *buffer = malloc(PIECE);
	ssize_t got;
	int rc = 0;

	if (!buffer)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	while ((got = piece_read(from, buffer, *ret_bytes, most, err)) > 0) {
		digest_add(digest, buffer, (size_t)got);
		if (to >= 0)
			rc = write_all(to, buffer, (size_t)got, err);
		if (rc == 0)
			rc = meter_add(meter, got, err);
		if (rc < 0)
			return rc;
		*ret_bytes += got;
	}
	return got < 0 ? (int)got : 0;
}

int copy_open(int dir_fd, const char *path, int *ret_fd, struct threads_error *err)
{
	AUTO_FD int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EINVAL, "%.150s: %m", path);
	if (!S_ISREG(st.st_mode))
		return threads_error_set(err, THREADS_EINVAL, "%.150s is not a file", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int copy_bytes(int from, int64_t most, int to, struct copy_meter *meter, struct copied *ret_copied,
	       struct threads_error *err)
{
	CLEANUP(digest_release) struct digest digest = { 0 };
	unsigned char sum[DIGEST_LEN];
	int64_t bytes = 0;
	int rc;

	digest_begin(&digest);
	rc = copy_pieces(from, most, to, meter, &digest, &bytes, err);
	if (rc == 0 && most >= 0 && bytes < most)
		rc = threads_error_set(err, THREADS_EINVAL,
				       "it has %" PRId64 " bytes, not %" PRId64, bytes, most);
	if (rc == 0 && to >= 0 && fsync(to) < 0)
		rc = threads_error_set(err, THREADS_EIO, "fsync: %m");
	if (rc == 0)
		rc = digest_end(&digest, sum, err);
	if (rc < 0)
		return rc;
	ret_copied->bytes = bytes;
	copy_hex(sum, ret_copied->sha256);
	return 0;
}
