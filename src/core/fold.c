/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fold.h"

static void put_u32(struct strbuf *out, uint32_t value)
{
	const unsigned char bytes[] = { (unsigned char)(value >> 24), (unsigned char)(value >> 16),
					(unsigned char)(value >> 8), (unsigned char)value };

	strbuf_add(out, bytes, sizeof(bytes));
}

static uint32_t get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void fold_head_append(struct strbuf *out, const struct fold_run *runs, size_t count)
{
	strbuf_add_char(out, (char)count);
	for (size_t i = 0; i < count; i++) {
		put_u32(out, runs[i].offset);
		put_u32(out, runs[i].length);
		put_u32(out, runs[i].size);
		put_u32(out, runs[i].line_length << 1 | (runs[i].crlf ? 1 : 0));
	}
}

int fold_head_read(const void *folded, size_t len, struct fold_run ret_runs[FOLD_RUNS_MAX],
		   size_t *ret_count, size_t *ret_head_len, struct threads_error *err)
{
	const unsigned char *p = folded;
	const size_t count = len > 0 ? p[0] : 0;
	const size_t head_len = 1 + count * FOLD_RUN_BYTES;
	uint64_t bytes = 0;

	if (len < head_len)
		return threads_error_set(err, THREADS_EINVAL, "a folded text without its head");
	p++;
	for (size_t i = 0; i < count; i++, p += FOLD_RUN_BYTES) {
		ret_runs[i] = (struct fold_run){
			.offset = get_u32(p),
			.length = get_u32(p + 4),
			.size = get_u32(p + 8),
			.line_length = get_u32(p + 12) >> 1,
			.crlf = get_u32(p + 12) & 1,
		};
		bytes += ret_runs[i].size;
	}
	if (bytes > len - head_len)
		return threads_error_set(err, THREADS_EINVAL, "a folded text without its runs");
	*ret_count = count;
	*ret_head_len = head_len;
	return 0;
}
