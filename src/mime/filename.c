/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/filename.h"

#include "core/utf8.h"

/* Characters that change how a name looks without being seen (U+202E makes
 * "gpj.exe" read "exe.jpg"), and line separators. */
static bool is_treacherous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
	       (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
	       (c >= 0xE0000 && c <= 0xE007F);
}

static void add_clean(struct strbuf *out, const char *p, const char *end)
{
	while (p < end) {
		uint32_t c = 0xFFFD;
		const size_t n = utf8_decode(p, end, &c);

		if (!is_treacherous(c))
			utf8_append(out, c);
		p += n > 0 ? n : 1;
	}
}

/* "long-name.pdf" -> "long-n.pdf". */
static void shorten(struct strbuf *name)
{
	const char *dot = memrchr(name->data, '.', name->len);
	const size_t extension = dot ? name->len - (size_t)(dot - name->data) : 0;
	size_t keep = FILENAME_MAX_BYTES;

	if (extension > 0 && extension <= 16) {
		keep = utf8_cut(name->data, FILENAME_MAX_BYTES - extension);
		memmove(name->data + keep, dot, extension);
		keep += extension;
	} else {
		keep = utf8_cut(name->data, keep);
	}
	name->len = keep;
	name->data[keep] = '\0';
}

void filename_clean(struct strbuf *out, const char *name, size_t len)
{
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(len * 3 + 1);
	const char *p = name, *end = name + len;
	size_t from = 0;

	for (const char *q = name; q < end; q++)
		if (*q == '/' || *q == '\\')
			p = q + 1;
	add_clean(&clean, p, end);
	while (clean.len > 0 &&
	       (clean.data[clean.len - 1] == ' ' || clean.data[clean.len - 1] == '.'))
		clean.len--;
	while (from < clean.len && (clean.data[from] == ' ' || clean.data[from] == '.'))
		from++;
	if (clean.len == from)
		return;
	memmove(clean.data, clean.data + from, clean.len - from);
	clean.len -= from;
	clean.data[clean.len] = '\0';
	if (clean.len > FILENAME_MAX_BYTES)
		shorten(&clean);
	strbuf_add(out, clean.data, clean.len);
}
