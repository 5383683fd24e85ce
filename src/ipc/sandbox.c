/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ipc/filter.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };

static long landlock_create(const struct landlock_ruleset_attr *attr, size_t size, uint32_t flags)
{
	return syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

int sandbox_landlock_abi(void)
{
	const long abi = landlock_create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static uint64_t rights_known(int abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* all of ABI 1 */

	if (abi >= ABI_REFER)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

static uint64_t rights_for(enum sandbox_access access)
{
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

	if (access == SANDBOX_READ)
		return read;
	return read | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
	       LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	       LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_TRUNCATE;
}

int sandbox_add_folder(struct sandbox_rules *rules, const char *path, enum sandbox_access access,
		       struct threads_error *err)
{
	struct sandbox_folder *folder = &rules->folders[rules->folder_count];
	const size_t len = strlen(path);

	if (rules->folder_count == SANDBOX_FOLDERS_MAX || len >= sizeof(folder->path))
		return threads_error_set(err, THREADS_ELIMIT, "too many folders, or too long: %s",
					 path);
	memcpy(folder->path, path, len + 1);
	folder->access = access;
	rules->folder_count++;
	return 0;
}

static int allow_folder(int ruleset, const char *path, enum sandbox_access access, uint64_t known,
			struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights_for(access) & known,
		.parent_fd = fd,
	};

	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "open folder %s: %m", path);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "landlock rule for %s: %m", path);
	return 0;
}

/* Sanitizer reports go to a folder of the test run, if it names one. */
static int allow_report_folder(int ruleset, uint64_t known, struct threads_error *err)
{
#ifdef THREADS_SANITIZE
	const char *reports = getenv("THREADS_SANITIZER_DIR");

	if (reports && allow_folder(ruleset, reports, SANDBOX_WRITE, known, err) < 0)
		return THREADS_EIO;
	return allow_folder(ruleset, "/proc/self", SANDBOX_READ, known, err);
#else
	(void)ruleset;
	(void)known;
	(void)err;
	return 0;
#endif
}

static int landlock_enter(const struct sandbox_rules *rules, struct threads_error *err)
{
	const uint64_t known = rights_known(sandbox_landlock_abi());
	const struct landlock_ruleset_attr attr = { .handled_access_fs = known };
	AUTO_FD int ruleset = (int)landlock_create(&attr, sizeof(attr), 0);
	int rc;

	if (ruleset < 0)
		return threads_error_set(err, THREADS_EIO, "landlock: %m");
	for (size_t i = 0; i < rules->folder_count; i++) {
		rc = allow_folder(ruleset, rules->folders[i].path, rules->folders[i].access, known,
				  err);
		if (rc < 0)
			return rc;
	}
	rc = allow_report_folder(ruleset, known, err);
	if (rc < 0)
		return rc;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "landlock: %m");
	return 0;
}

static int limits_enter(const struct sandbox_rules *rules, struct threads_error *err)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit file = { rules->file_max, rules->file_max };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
	if (rules->file_max > 0 && setrlimit(RLIMIT_FSIZE, &file) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
#ifndef THREADS_SANITIZE
	const struct rlimit memory = { rules->memory_max, rules->memory_max };

	if (rules->memory_max > 0 && setrlimit(RLIMIT_AS, &memory) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
#endif
	return 0;
}

int sandbox_enter(const struct sandbox_rules *rules, bool insecure, struct threads_error *err)
{
	int rc = limits_enter(rules, err);

	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "prctl: %m");
	if (sandbox_landlock_abi() > 0)
		rc = landlock_enter(rules, err);
	else if (!insecure)
		return threads_error_set(
			err, THREADS_EDENIED,
			"this kernel has no Landlock, so roles cannot be kept apart; "
			"start with --insecure-no-landlock to go on without");
	if (rc < 0)
		return rc;
	return filter_load(rules, err);
}
