/* SPDX-License-Identifier: Apache-2.0 */
#include "http/assets.h"

#include <string.h>

const struct asset *asset_find(const char *path)
{
	for (const struct asset *asset = assets_table; asset->path; asset++)
		if (strcmp(asset->path, path) == 0)
			return asset;
	return NULL;
}

bool asset_is_immutable(const struct asset *asset)
{
	return strncmp(asset->path, "/assets/", 8) == 0;
}

size_t asset_length(const struct asset *asset, enum field_encoding encoding)
{
	return (size_t)(asset->end[encoding] - asset->data[encoding]);
}
