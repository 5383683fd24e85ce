/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/files.h"

#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/utf8.h"

enum { NAME_TEXT_MAX = 4 * PATH_MAX }; /* before it is cut to FILES_NAME_MAX */

int files_kind_parse(const char *text, enum files_kind *ret_kind, struct threads_error *err)
{
	static const char *const names[] = { "mbox", "maildir", "eml" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_kind = (enum files_kind)i;
			return 0;
		}
	}
	return threads_error_set(err, THREADS_EINVAL, "'%.60s' is not mbox, maildir or eml", text);
}

static void entry_release(struct files_entry *entry)
{
	free(entry->path);
	free(entry->name);
}

void files_release(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		entry_release(&files->entries[i]);
	free(files->entries);
	*files = (struct files)FILES_INIT;
}

void files_drop(struct files *files, size_t i)
{
	entry_release(&files->entries[i]);
	memmove(&files->entries[i], &files->entries[i + 1],
		(files->count - i - 1) * sizeof(*files->entries));
	files->count--;
}

static int grow(struct files *files, struct threads_error *err)
{
	const size_t capacity = files->capacity ? files->capacity * 2 : 256;
	struct files_entry *entries;

	if (files->count < files->capacity)
		return 0;
	if (files->count >= FILES_MAX)
		return threads_error_set(err, THREADS_ELIMIT,
					 "more than %d files; import them in parts", FILES_MAX);
	entries = realloc(files->entries, capacity * sizeof(*entries));
	if (!entries)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	files->entries = entries;
	files->capacity = capacity;
	return 0;
}

static int append(struct files *files, const char *path, const char *name, int64_t size,
		  struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(NAME_TEXT_MAX);
	struct files_entry entry = { .size = size };
	int rc = grow(files, err);

	if (rc < 0)
		return rc;
	utf8_append_repaired(&clean, name, strlen(name));
	/* The end of a long name tells more than its beginning. */
	if (clean.len > FILES_NAME_MAX) {
		const char *tail = clean.data + clean.len - FILES_NAME_MAX;

		while (((unsigned char)*tail & 0xc0) == 0x80)
			tail++;
		entry.name = strdup(tail);
	} else {
		entry.name = strdup(strbuf_str(&clean));
	}
	entry.path = strdup(path);
	if (!entry.name || !entry.path) {
		entry_release(&entry);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	files->entries[files->count++] = entry;
	return 0;
}

/* "Name:" as the first thing in the file, or "From " of an mbox. */
static bool begins_like(const char *path, enum files_kind kind)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char head[100];
	const ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	ssize_t i = 0;

	if (n < 6)
		return false;
	if (memcmp(head, "From ", 5) == 0)
		return true;
	if (kind == FILES_MBOX)
		return false;
	while (i < n && head[i] > ' ' && head[i] < 0x7f && head[i] != ':')
		i++;
	return i > 0 && i < n && head[i] == ':';
}

static bool is_wanted(const FTSENT *entry, enum files_kind kind)
{
	const char *dir = entry->fts_parent->fts_name;
	const size_t len = strlen(entry->fts_name);

	if (entry->fts_name[0] == '.')
		return false;
	if (kind == FILES_MAILDIR)
		return strcmp(dir, "cur") == 0 || strcmp(dir, "new") == 0;
	if (kind == FILES_EML && len > 4 && strcasecmp(entry->fts_name + len - 4, ".eml") == 0)
		return true;
	return begins_like(entry->fts_accpath, kind);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Whether another given path has the same last part already. */
static bool label_taken(const struct files *files, const char *label)
{
	const size_t len = strlen(label);

	for (size_t i = 0; i < files->count; i++)
		if (strncmp(files->entries[i].name, label, len) == 0 &&
		    (files->entries[i].name[len] == '/' || files->entries[i].name[len] == '\0'))
			return true;
	return false;
}

/* What names begin with: the last part of the path, made unique. */
static void make_label(const struct files *files, const char *path, struct strbuf *label)
{
	char real[PATH_MAX];
	const char *full = realpath(path, real) ? real : path;
	const char *slash = strrchr(full, '/');
	const char *last = slash && slash[1] ? slash + 1 : full;

	strbuf_add_str(label, last);
	for (int i = 2; label_taken(files, strbuf_str(label)) && i < 10000; i++) {
		strbuf_reset(label);
		strbuf_addf(label, "%s#%d", last, i);
	}
}

static int add_entry(struct files *files, enum files_kind kind, const FTSENT *entry,
		     const char *label, size_t root_len, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(NAME_TEXT_MAX);

	switch (entry->fts_info) {
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		errno = entry->fts_errno;
		return threads_error_set(err, THREADS_EIO, "%.200s cannot be read: %m",
					 entry->fts_path);
	case FTS_F:
		if (entry->fts_level > 0 && !is_wanted(entry, kind)) {
			files->passed_over++;
			return 0;
		}
		strbuf_addf(&name, "%s%s", label, entry->fts_path + root_len);
		return append(files, entry->fts_path, strbuf_str(&name), entry->fts_statp->st_size,
			      err);
	default:
		return 0; /* folders, links, devices */
	}
}

static int walk(struct files *files, enum files_kind kind, FTS *fts, const char *label,
		struct threads_error *err)
{
	size_t root_len = 0;
	FTSENT *entry;

	errno = 0;
	while ((entry = fts_read(fts))) {
		int rc;

		if (entry->fts_level == 0)
			root_len = entry->fts_pathlen;
		rc = add_entry(files, kind, entry, label, root_len, err);
		if (rc < 0)
			return rc;
		errno = 0;
	}
	if (errno)
		return threads_error_set(err, THREADS_EIO, "walking the folder: %m");
	return 0;
}

int files_add(struct files *files, enum files_kind kind, const char *path,
	      struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf label = STRBUF_INIT(PATH_MAX + 16);
	CLEANUP(strbuf_release) struct strbuf root = STRBUF_INIT(PATH_MAX);
	char *paths[] = { NULL, NULL };
	size_t len = strlen(path);
	struct stat st;
	FTS *fts;
	int rc;

	while (len > 1 && path[len - 1] == '/')
		len--;
	strbuf_add(&root, path, len);
	rc = strbuf_check(&root, err);
	if (rc < 0)
		return rc;
	if (stat(strbuf_str(&root), &st) < 0)
		return threads_error_set(err, THREADS_ENOENT, "%.200s: %m", path);
	make_label(files, strbuf_str(&root), &label);
	paths[0] = root.data;
	fts = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!fts)
		return threads_error_set(err, THREADS_EIO, "%.200s: %m", path);
	rc = walk(files, kind, fts, strbuf_str(&label), err);
	fts_close(fts);
	return rc;
}
