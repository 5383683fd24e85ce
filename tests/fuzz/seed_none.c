/* SPDX-License-Identifier: Apache-2.0 */
/* For roles that make what they need, or have no folder. */
#include "http/assets.h"
#include "seed.h"

/* http: pages play no part here. */
const struct asset assets_table[] = { { .path = NULL } };

void seed_folder(enum role role, const char *path)
{
	(void)role;
	(void)path;
}
