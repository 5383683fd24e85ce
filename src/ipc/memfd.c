/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/memfd.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW };

int memfd_new(const char *name, int *ret_fd, struct threads_error *err)
{
	const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "memfd_create: %m");
	*ret_fd = fd;
	return 0;
}

int memfd_seal(int fd, struct threads_error *err)
{
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		return threads_error_set(err, THREADS_EIO, "seal memory file: %m");
	return 0;
}

int memfd_from(const char *name, const void *data, size_t len, int *ret_fd,
	       struct threads_error *err)
{
	AUTO_FD int fd = -1;
	int rc = memfd_new(name, &fd, err);

	if (rc == 0)
		rc = write_all(fd, data, len, err);
	if (rc == 0)
		rc = memfd_seal(fd, err);
	if (rc < 0)
		return rc;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int memfd_map(int fd, size_t max_len, struct memfd_view *ret_view, struct threads_error *err)
{
	struct stat st;
	const int seals = fcntl(fd, F_GET_SEALS);
	void *data;

	if (seals < 0 || (seals & SEALS) != SEALS)
		return threads_error_set(err, THREADS_EINVAL, "not a sealed memory file");
	if (fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "fstat: %m");
	if ((uint64_t)st.st_size > max_len)
		return threads_error_set(err, THREADS_ELIMIT, "memory file above %zu bytes",
					 max_len);
	if (st.st_size == 0) {
		*ret_view = (struct memfd_view){ 0 };
		return 0;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return threads_error_set(err, THREADS_EIO, "mmap: %m");
	*ret_view = (struct memfd_view){ data, (size_t)st.st_size };
	return 0;
}

void memfd_unmap(struct memfd_view *view)
{
	void *data;

	memcpy(&data, &view->data, sizeof(data)); /* munmap() takes no const */
	if (data)
		munmap(data, view->len);
	*view = (struct memfd_view){ 0 };
}

int write_all(int fd, const void *data, size_t len, struct threads_error *err)
{
	const unsigned char *p = data;

	while (len > 0) {
		const ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return threads_error_write(err, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int pread_all(int fd, void *data, size_t len, off_t offset, struct threads_error *err)
{
	unsigned char *p = data;

	while (len > 0) {
		const ssize_t n = pread(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return threads_error_set(err, THREADS_EIO, "read: %m");
		if (n == 0)
			return threads_error_set(err, THREADS_EINVAL,
						 "the file is shorter than said");
		p += n;
		offset += n;
		len -= (size_t)n;
	}
	return 0;
}
