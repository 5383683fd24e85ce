/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>

#include "store/pack_internal.h"

struct pack_name pack_name_make(int64_t number)
{
	struct pack_name name;

	snprintf(name.text, sizeof(name.text), "%06lld.pack", (long long)number);
	return name;
}

int pack_file_open(int dir_fd, int64_t number, int flags, struct threads_error *err)
{
	const struct pack_name name = pack_name_make(number);
	const int fd = openat(dir_fd, name.text, flags | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd < 0)
		return threads_error_set(err, errno == ENOENT ? THREADS_ENOENT : THREADS_EIO,
					 "open pack %s: %m", name.text);
	return fd;
}

static void put_u64(unsigned char *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (unsigned char)value;
}

struct pack_binding pack_binding_make(const struct pack_location *location)
{
	struct pack_binding binding;

	put_u64(binding.bytes, (uint64_t)location->pack);
	put_u64(binding.bytes + 8, (uint64_t)location->offset);
	put_u64(binding.bytes + 16, (uint64_t)location->length);
	return binding;
}
