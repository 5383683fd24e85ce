/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor knows about the roles, told to api when it asks. */
#ifndef THREADS_SUPERVISOR_FIGURES_H
#define THREADS_SUPERVISOR_FIGURES_H

#include "supervisor/supervisor.h"

/* The pages that the roles count in. Errors: THREADS_EIO. */
int figures_open(struct supervisor *s, struct threads_error *err) MUST_CHECK;
void figures_close(struct supervisor *s);

/* Fills the answer to CTL_FIGURES. */
void figures_put(const struct supervisor *s, struct frame *f);

#endif
