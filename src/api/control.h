/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of threadsctl. A verb sends any number of lines and ends with
 * exactly one control_end(); the connection may then carry the next verb.
 * When threadsctl goes away, pending asks of the verb are cancelled, its
 * on_gone is called and the connection freed.
 */
#ifndef THREADS_API_CONTROL_H
#define THREADS_API_CONTROL_H

#include "api/api.h"
#include "core/json.h"

struct control {
	struct api *api;
	struct peer *peer;
	struct viewer operator_; /* role VIEWER_OPERATOR, id 0 */
	struct reader *reader;
	json_t *args;
	bool busy;                                /* a verb is running */
	void *state;                              /* of the verb; freed with free() */
	void (*on_gone)(struct control *control); /* of the verb; may be NULL */
	int (*on_files)(struct control *control, struct frame *f,
			struct threads_error *err); /* CTL_FILES of an import */
	LIST_ENTRY(control) link;
};

/* Watches the listening socket. */
int control_listen(struct api *api, struct threads_error *err) MUST_CHECK;
void control_free_all(struct api *api);

/* Takes json over. A line that does not fit a frame goes as CTL_BLOB. */
void control_line(struct control *control, json_t *json);
void control_progress(struct control *control, json_t *json);
void control_blob(struct control *control, int fd);
/* The verb is over: "" for exit 0, else exit 1 with words. */
void control_end(struct control *control, const char *words);
/* By what failed. EAGAIN (a role died): the connection is closed without an end, so that
 * an import connects again; other verbs get words. */
void control_fail(struct control *control, const struct threads_error *err);

typedef void verb_fn(struct control *control);
struct verb {
	const char *name;
	verb_fn *fn;
};
/* Each ends with a NULL name. */
extern const struct verb verbs_read[], verbs_account[], verbs_import[];

#endif
