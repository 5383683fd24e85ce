/* SPDX-License-Identifier: Apache-2.0 */
#include "api/status_service.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static int64_t file_bytes(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
}

void status_disk(const struct api *api, struct status_disk *ret_disk)
{
	struct statvfs fs = { 0 };

	*ret_disk = (struct status_disk){ 0 };
	if (api->hub_dir_fd < 0 || fstatvfs(api->hub_dir_fd, &fs) < 0)
		return;
	ret_disk->total = (int64_t)(fs.f_blocks * fs.f_frsize);
	ret_disk->free = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (ret_disk->total > 0)
		ret_disk->percent = 100 - ret_disk->free * 100 / ret_disk->total;
	ret_disk->database = file_bytes(api->hub_dir_fd, "hub.db");
	ret_disk->wal = file_bytes(api->hub_dir_fd, "hub.db-wal");
}

static json_t *disk_json(const struct api *api, int64_t packs_bytes, bool stopped)
{
	struct status_disk disk;

	status_disk(api, &disk);
	return json_pack("{sI,sI,sI,sI,sI,sI,sb}", "total", (json_int_t)disk.total, "free",
			 (json_int_t)disk.free, "hub_bytes", disk.database + disk.wal,
			 "packs_bytes", (json_int_t)packs_bytes, "percent",
			 (json_int_t)disk.percent, "stop_percent",
			 (json_int_t)api_disk_stop_percent(api), "stopped", stopped);
}

static json_t *queues_json(const struct overview *overview)
{
	const unsigned first = metric_first_slot(METRIC_QUEUE);
	const struct metric_label *names = &metric_family(METRIC_QUEUE)->labels[0];
	json_t *queues = json_object();

	for (unsigned i = 0; overview->figures && i < metric_slots(METRIC_QUEUE); i++)
		json_object_set_new(queues, names->values[i],
				    json_integer(overview->figures->slots[ROLE_INDEX][first + i]));
	return queues;
}

static json_t *list_of(const struct overview *overview, bool errors)
{
	if (!overview->figures)
		return json_array();
	return json_incref(errors ? overview->figures->errors : overview->figures->roles);
}

int status_answer(struct api *api, const struct overview *overview, json_t **ret_status,
		  struct threads_error *err)
{
	int64_t messages = 0, packs_bytes = 0, schema = 0;
	json_t *status;
	int rc = reader_counts(api->reader, &messages, &packs_bytes, err);

	if (rc == 0)
		rc = reader_schema(api->reader, &schema, err);
	if (rc < 0)
		return rc;
	status = json_pack("{ss,sI,s{ss},so,so,so,sI,sI,so,sb}", "version", THREADS_VERSION,
			   "schema", (json_int_t)schema, "libraries", "SQLite",
			   reader_database_version(), "roles", list_of(overview, false), "errors",
			   list_of(overview, true), "queues", queues_json(overview), "messages",
			   (json_int_t)messages, "queue", (json_int_t)overview->queue, "disk",
			   disk_json(api, packs_bytes, overview->stopped), "insecure",
			   overview->figures && overview->figures->insecure);
	if (!status)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	json_set_time(status, "started", overview->figures ? overview->figures->started_ms : 0);
	*ret_status = status;
	return 0;
}
