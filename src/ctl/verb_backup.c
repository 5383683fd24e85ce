/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "backup": a copy of everything but the key while the hub runs.
 *
 * The order decides what fits together. hub.db comes first: it says which bytes
 * of the packs count, and packs only grow (index erases nothing meanwhile). auth.db
 * comes later, so it is newer: whoever is in it and not in hub.db is told to hub.db
 * at the next start, and its word on who may sign in counts. A secret in vault.db
 * of an account that hub.db does not know is removed then; one that is missing is
 * asked for again. Uploads under way are not in it: they are sent again.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "ctl/backup_manifest.h"
#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "ipc/memfd.h"

enum { PATH_BYTES = 4200 };

static const char *const folders[] = { "hub", "auth", "vault", "packs" };

struct backup {
	const struct ctl_args *args;
	const char *path;
	int dir_fd;
	bool made_dir, begun; /* begun: what lies there is ours */
	char data[PATH_BYTES];
	json_t *manifest;
	char current[64]; /* the file that is being written */
	struct copy_meter meter;
	int64_t hold, messages;
	json_t *packs;
};

/* ---- the hub ---- */

/* What a part of the hub answers. */
struct part {
	json_t *line;
	int fd;
};

static void part_release(struct part *part)
{
	json_decref(part->line);
	if (part->fd >= 0)
		close(part->fd);
}

static int part_on_line(json_t *line, void *arg, struct threads_error *err)
{
	struct part *part = arg;

	(void)err;
	json_decref(part->line);
	part->line = json_incref(line);
	return 0;
}

static int part_on_blob(int fd, void *arg, struct threads_error *err)
{
	struct part *part = arg;

	part->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return part->fd < 0 ? threads_error_set(err, THREADS_EIO, "dup: %m") : 0;
}

static int ask(struct backup *b, const char *name, struct part *part, struct threads_error *err)
{
	const struct link_handler handler = { .on_line = part_on_line,
					      .on_blob = part_on_blob,
					      .arg = part };
	CLEANUP(json_freep)
	json_t *arguments = json_pack("{s:s, s:I}", "part", name, "hold", (json_int_t)b->hold);

	if (!arguments)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	/* auth answers for itself: api, which serves the network, never holds auth.db. */
	return link_try(b->args, strcmp(name, "auth") == 0 ? CTL_VERB_AUTH : CTL_VERB_API, "backup",
			arguments, &handler, true, err);
}

/* Index erases nothing while it hears this. */
static int renew_hold(void *arg, struct threads_error *err)
{
	CLEANUP(part_release) struct part part = { .fd = -1 };

	return ask(arg, "hold", &part, err);
}

/* ---- the folder ---- */

static int check_empty(const struct backup *b, struct threads_error *err)
{
	const int rc = folder_is_empty(b->path, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (faccessat(b->dir_fd, manifest_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "%.150s holds a backup already; name a new folder",
					 b->path);
	return threads_error_set(err, THREADS_EINVAL,
				 "%.150s is not empty; name a new folder, or remove what an "
				 "interrupted backup left there",
				 b->path);
}

/* Its owner could put links where files come, and change them later. */
static int check_owner(const struct backup *b, struct threads_error *err)
{
	struct stat st;

	if (fstat(b->dir_fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", b->path);
	if (st.st_uid != geteuid())
		return threads_error_set(err, THREADS_EDENIED,
					 "%.150s belongs to another user (uid %u); name a new "
					 "folder",
					 b->path, st.st_uid);
	return 0;
}

static int open_folder(struct backup *b, struct threads_error *err)
{
	int rc;

	b->made_dir = mkdir(b->path, 0700) == 0;
	if (!b->made_dir && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create %.150s: %m", b->path);
	b->dir_fd = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir_fd < 0)
		return threads_error_set(err, THREADS_EIO, "%.150s: %m", b->path);
	rc = check_owner(b, err);
	if (rc == 0)
		rc = check_empty(b, err);
	if (rc < 0)
		return rc;
	b->begun = true;
	if (fchmod(b->dir_fd, 0700) < 0)
		return threads_error_set(err, THREADS_EIO, "mode of %.150s: %m", b->path);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdirat(b->dir_fd, folders[i], 0700) < 0)
			return threads_error_set(err, THREADS_EIO, "create %s: %m", folders[i]);
	return 0;
}

/* It failed: only what this backup made is removed. */
static void remove_all(const struct backup *b)
{
	struct manifest_file file;

	if (!b->begun)
		return;
	for (size_t i = 0; manifest_file_at(b->manifest, i, &file); i++)
		unlinkat(b->dir_fd, file.path, 0);
	if (b->current[0])
		unlinkat(b->dir_fd, b->current, 0);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		unlinkat(b->dir_fd, folders[i], AT_REMOVEDIR);
	unlinkat(b->dir_fd, manifest_sum_name, 0);
	unlinkat(b->dir_fd, manifest_name, 0);
	if (b->made_dir)
		rmdir(b->path);
}

static int sync_folders(const struct backup *b, struct threads_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		AUTO_FD int fd = openat(b->dir_fd, folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || fsync(fd) < 0)
			return threads_error_set(err, THREADS_EIO, "%s: %m", folders[i]);
	}
	return 0;
}

/* ---- files ---- */

static int file_new(struct backup *b, const char *path, int *ret_fd, struct threads_error *err)
{
	snprintf(b->current, sizeof(b->current), "%s", path);
	*ret_fd =
		openat(b->dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *ret_fd < 0 ? threads_error_set(err, THREADS_EIO, "%s: %m", path) : 0;
}

static int file_copy(struct backup *b, int from, int64_t most, const char *path,
		     struct threads_error *err)
{
	struct copied copied;
	AUTO_FD int to = -1;
	int rc = file_new(b, path, &to, err);

	if (rc == 0)
		rc = copy_bytes(from, most, to, &b->meter, &copied, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "%s", path);
	return manifest_add(b->manifest, path, &copied, err);
}

/* A file of the data folder, most bytes of it or (-1) all. */
static int file_take(struct backup *b, int64_t most, const char *path, struct threads_error *err)
{
	char place[PATH_BYTES + 64];
	AUTO_FD int from = -1;
	int rc;

	snprintf(place, sizeof(place), "%s/%s", b->data, path);
	rc = copy_open(AT_FDCWD, place, &from, err);
	return rc < 0 ? rc : file_copy(b, from, most, path, err);
}

static int settings_write(struct backup *b, const char *text, struct threads_error *err)
{
	AUTO_FD int memory = -1;
	int rc = memfd_from("settings", text, strlen(text), &memory, err);

	return rc < 0 ? rc : file_copy(b, memory, -1, "threads.conf", err);
}

static int database_take(struct backup *b, const char *name, struct part *part,
			 struct threads_error *err)
{
	char path[64];
	int rc = ask(b, name, part, err);

	if (rc < 0)
		return rc;
	if (!part->line || part->fd < 0)
		return threads_error_set(err, THREADS_EIO, "the hub did not answer as expected");
	json_object_set_new(json_object_get(b->manifest, "schema"), name,
			    json_integer(print_number(part->line, "schema")));
	snprintf(path, sizeof(path), "%s/%s.db", name, name);
	return file_copy(b, part->fd, print_number(part->line, "bytes"), path, err);
}

static void plan_total(struct backup *b, const struct part *hub)
{
	size_t i;
	json_t *pack;

	b->meter.total = print_number(hub->line, "bytes");
	json_array_foreach(b->packs, i, pack)
		b->meter.total += json_integer_value(json_array_get(pack, 1));
}

static int hub_take(struct backup *b, struct threads_error *err)
{
	CLEANUP(part_release) struct part part = { .fd = -1 };
	int rc = database_take(b, "hub", &part, err);

	if (rc < 0)
		return rc;
	b->hold = print_number(part.line, "hold");
	b->messages = print_number(part.line, "messages");
	b->packs = json_incref(json_object_get(part.line, "packs"));
	b->meter.tick = renew_hold;
	b->meter.tick_arg = b;
	plan_total(b, &part);
	return settings_write(b, print_field(part.line, "settings"), err);
}

static int small_take(struct backup *b, const char *name, struct threads_error *err)
{
	CLEANUP(part_release) struct part part = { .fd = -1 };

	return database_take(b, name, &part, err);
}

static int packs_take(struct backup *b, struct threads_error *err)
{
	CLEANUP(part_release) struct part part = { .fd = -1 };
	size_t i;
	json_t *pack;

	json_array_foreach(b->packs, i, pack) {
		const int64_t number = json_integer_value(json_array_get(pack, 0));
		char path[64];
		int rc;

		snprintf(path, sizeof(path), "packs/%06" PRId64 ".pack", number);
		rc = file_take(b, json_integer_value(json_array_get(pack, 1)), path, err);
		if (rc < 0)
			return rc;
	}
	/* Refused if index died meanwhile: it may have erased what was not copied yet. */
	return ask(b, "end", &part, err);
}

/* ---- the whole ---- */

/* By this a restore refuses another key before it writes anything. */
static int key_check_note(struct backup *b, struct threads_error *err)
{
	unsigned char check[DIGEST_LEN];
	char hex[COPY_HEX_SIZE];
	AUTO_FD int fd = openat(b->dir_fd, "key.check", O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "key.check: %m");
	rc = pread_all(fd, check, sizeof(check), 0, err);
	if (rc < 0)
		return rc;
	copy_hex(check, hex);
	json_object_set_new(b->manifest, "key_check", json_string(hex));
	return 0;
}

static int take_all(struct backup *b, struct threads_error *err)
{
	char made[CLOCK_RFC3339_SIZE];
	int rc = file_take(b, -1, "key.check", err);

	if (rc == 0)
		rc = key_check_note(b, err);
	if (rc == 0)
		rc = hub_take(b, err);
	if (rc == 0)
		rc = small_take(b, "auth", err);
	if (rc == 0)
		rc = small_take(b, "vault", err);
	if (rc == 0)
		rc = packs_take(b, err);
	if (rc == 0)
		rc = sync_folders(b, err);
	if (rc < 0)
		return rc;
	clock_format_rfc3339(clock_now_ms(NULL), made, sizeof(made));
	json_object_set_new(b->manifest, "made", json_string(made));
	json_object_set_new(b->manifest, "messages", json_integer(b->messages));
	return manifest_write(b->dir_fd, b->manifest, err);
}

static void backup_release(struct backup *b)
{
	json_decref(b->manifest);
	json_decref(b->packs);
	if (b->dir_fd >= 0)
		close(b->dir_fd);
}

static int run(struct backup *b, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT(PATH_BYTES - 1);
	CLEANUP(link_release) struct link link = LINK_INIT;
	int rc = link_data_dir(b->args, &data, err);

	if (rc == 0)
		rc = link_open(b->args, &link, err); /* no hub: said before a folder is made */
	if (rc == 0)
		rc = manifest_new(&b->manifest, err);
	if (rc < 0)
		return rc;
	link_release(&link);
	memcpy(b->data, strbuf_str(&data), data.len + 1);
	copy_meter_begin(&b->meter);
	rc = open_folder(b, err);
	if (rc == 0)
		rc = take_all(b, err);
	if (rc < 0)
		remove_all(b);
	return rc;
}

int verb_backup(const struct ctl_args *args)
{
	CLEANUP(backup_release)
	struct backup b = { .args = args, .path = args->rest[0], .dir_fd = -1 };
	struct threads_error err = { 0 };
	const int64_t begun_ms = clock_monotonic_ms();
	double seconds;
	size_t files;

	if (run(&b, &err) < 0)
		return print_failure(err.text);
	print_progress_end();
	seconds = (double)(clock_monotonic_ms() - begun_ms) / 1000;
	files = json_array_size(json_object_get(b.manifest, "files"));
	if (ctl_has(args, OPT_JSON)) {
		printf("{\"files\":%zu,\"bytes\":%" PRId64 ",\"messages\":%" PRId64
		       ",\"seconds\":%.3f}\n",
		       files, b.meter.done, b.messages, seconds);
		return CTL_DONE;
	}
	printf("%" PRId64 " messages in %zu files, %" PRId64
	       " MB, %.1f s. The key is not among them: "
	       "keep a copy of it elsewhere.\n",
	       b.messages, files, b.meter.done / 1000000, seconds);
	return CTL_DONE;
}
