/* SPDX-License-Identifier: Apache-2.0 */
#include "index/sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "index/import_feed.h"
#include "store/account.h"
#include "store/people.h"

enum { SAMPLE_DEPTH_MAX = 3, SAMPLE_FILES_MAX = 5000, SAMPLE_PATH_MAX = 512 };

/* The descent is SAMPLE_DEPTH_MAX folders deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static int walk(struct import_run *run, const char *folder, int depth, struct threads_error *err);

static int visit(struct import_run *run, const char *folder, const char *name, int depth,
		 struct threads_error *err)
{
	char path[SAMPLE_PATH_MAX];
	struct stat st;
	const size_t len = strlen(name);

	if (name[0] == '.' ||
	    (size_t)snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name) >=
		    sizeof(path) ||
	    fstatat(run->dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk(run, path, depth + 1, err);
	if (!S_ISREG(st.st_mode) || len < 4 || strcmp(name + len - 4, ".eml") != 0 ||
	    run->files_seen >= SAMPLE_FILES_MAX)
		return 0;
	return import_run_add(run, -1, path, path, st.st_size, err);
}

/* In the order of names, so that a restart finds the same files in the same places. */
static int walk(struct import_run *run, const char *folder, int depth, struct threads_error *err)
{
	struct dirent **names = NULL;
	int count, rc = 0;

	if (depth > SAMPLE_DEPTH_MAX)
		return 0;
	count = scandirat(run->dir_fd, *folder ? folder : ".", &names, NULL, alphasort);
	if (count < 0)
		return threads_error_set(err, THREADS_EIO, "sample folder: %m");
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = visit(run, folder, names[i]->d_name, depth, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

/* NOLINTEND(misc-no-recursion) */

int sample_start(struct index_role *ix, const struct import *import, struct threads_error *err)
{
	const char *dir = config_text(ix->role->config, "sample_dir");
	struct import_run *run = NULL;
	AUTO_FD int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (dir_fd < 0)
		return threads_error_set(err, THREADS_EIO, "sample folder %s: %m", dir);
	rc = import_run_open(ix, import, import_feed_of(import), &run, err);
	if (rc < 0)
		return rc;
	run->dir_fd = TAKE_FD(dir_fd);
	rc = walk(run, "", 0, err);
	import_run_complete(run, import->files_done);
	import_run_go(run);
	return rc;
}

/* Its rows. Returns 1, or 0 if none is wanted. */
static int sample_create(struct index_role *ix, struct import *ret_import,
			 struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf public_id = STRBUF_INIT(64);
	struct import_new new = { .source = "sample", .format = "eml", .label = "sample" };
	const int64_t now_ms = clock_now_ms(NULL);
	char owner[27];
	int64_t import_id;
	int rc;

	if (!*config_text(ix->role->config, "sample_dir"))
		return 0;
	rc = user_first_owner(ix->store, owner, err);
	if (rc <= 0)
		return rc;
	rc = account_for_import(ix->store, "Sample mailbox", owner, "sample", now_ms,
				&new.account_id, err);
	if (rc < 0)
		return rc;
	new.owner = owner;
	rc = import_create(ix->store, &new, now_ms, &import_id, &public_id, err);
	return rc < 0 ? rc : import_get(ix->store, import_id, ret_import, err);
}

/* In one transaction, so that an index that dies amid it leaves no owner without a sample. */
static int activate_with_sample(struct index_role *ix, const char *public_id, const char *state,
				struct import *ret_import, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	bool wanted = false;
	int rc = db_scope_begin(store_db(ix->store), &scope, err);

	if (rc == 0)
		rc = user_set_state(ix->store, public_id, state, clock_now_ms(NULL), err);
	if (rc == 1) {
		rc = sample_create(ix, ret_import, err);
		wanted = rc == 1;
	}
	if (rc >= 0)
		rc = db_scope_commit(&scope, err);
	return rc < 0 ? rc : wanted;
}

int sample_on_state(struct index_role *ix, const char *public_id, const char *state,
		    struct threads_error *err)
{
	struct threads_error why = { 0 };
	struct import import;
	int rc = activate_with_sample(ix, public_id, state, &import, &why);

	if (rc > 0 && sample_start(ix, &import, &why) < 0)
		log_warning("sample mailbox: %s", why.text);
	if (rc >= 0)
		return 0;
	/* Nobody is kept out for want of a sample; what else is wrong shows again here. */
	rc = user_set_state(ix->store, public_id, state, clock_now_ms(NULL), err);
	if (rc == 1)
		log_warning("sample mailbox: %s", why.text);
	return rc < 0 ? rc : 0;
}
