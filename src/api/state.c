/* SPDX-License-Identifier: Apache-2.0 */
#include "api/state.h"

struct api_link *api_link_of(struct api *api, enum role role)
{
	for (size_t i = 0; i < API_LINKS; i++)
		if (api->links[i].role == role)
			return &api->links[i];
	return NULL;
}
