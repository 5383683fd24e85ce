/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/tell.h"

#include "core/log.h"
#include "ipc/role_name.h"

void tell(struct child *child, const struct frame *f)
{
	struct threads_error err;

	if (child->control && peer_send(child->control, f, &err) < 0)
		log_warning("role=%s instance=%lld %s", role_name(child->role),
			    (long long)child->instance, err.text);
}

bool tell_ask_alive(struct child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (!child->control)
		return false;
	frame_begin(&f, CTL_ALIVE, 1);
	tell(child, &f);
	return true;
}

void tell_stop(struct child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_STOP, 0);
	tell(child, &f);
}

void tell_settings(struct supervisor *s)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct child *child;

	frame_begin(&f, CTL_SETTINGS, 0);
	frame_put_text(&f, s->config_text);
	LIST_FOREACH(child, &s->children, link)
		tell(child, &f);
}

const char *tell_state_word(const struct child *child)
{
	static const char *const words[] = {
		[CHILD_STARTING] = "starting",
		[CHILD_READY] = "ready",
		[CHILD_WAITING] = "waiting",
		[CHILD_DOWN] = "down",
	};

	return words[child->state];
}
