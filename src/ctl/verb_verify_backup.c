/* SPDX-License-Identifier: Apache-2.0 */
/* "verify --backup": is the backup whole? Needs neither hub nor key. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/backup_manifest.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

static int print_report(const struct ctl_args *args, const json_t *report)
{
	const json_t *faults = json_object_get(report, "faults");
	size_t i;
	json_t *fault;

	print_progress_end();
	if (ctl_has(args, OPT_JSON)) {
		print_json(report);
	} else {
		json_array_foreach(faults, i, fault) {
			print_text(json_string_value(fault));
			putchar('\n');
		}
	}
	if (json_array_size(faults) > 0)
		return print_failure(
			print_number(report, "files") > 0
				? "the backup is damaged; keep an older one, and make a "
				  "new one while the hub runs"
				: "there is no whole backup");
	if (!ctl_has(args, OPT_JSON))
		printf("%" PRId64 " files, %" PRId64 " MB: all as they were hashed.\n",
		       print_number(report, "files"), print_number(report, "bytes") / 1000000);
	return CTL_DONE;
}

int verb_verify_backup(const struct ctl_args *args)
{
	CLEANUP(json_freep) json_t *manifest = NULL;
	CLEANUP(json_freep) json_t *report = json_object();
	struct copy_meter meter = { .tick = NULL };
	struct threads_error err = { 0 };
	struct manifest_file file;
	json_t *faults = json_array();
	AUTO_FD int fd = -1;
	size_t i = 0;

	if (!report || !faults || json_object_set_new(report, "faults", faults) < 0)
		return print_failure("out of memory");
	copy_meter_begin(&meter);
	if (manifest_open(ctl_value(args, OPT_BACKUP), &fd, &manifest, &err) < 0)
		json_array_append_new(faults, json_string(err.text));
	else
		meter.total = manifest_bytes(manifest);
	for (; manifest && manifest_file_at(manifest, i, &file); i++)
		if (manifest_copy(fd, &file, -1, &meter, &err) < 0)
			json_array_append_new(faults, json_string(err.text));
	json_object_set_new(report, "files", json_integer((json_int_t)i));
	json_object_set_new(report, "bytes", json_integer(meter.done));
	return print_report(args, report);
}
