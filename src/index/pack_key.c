/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"
#include "index/index.h"

void index_pack_key(const struct index_role *ix, unsigned char key[ROLE_KEY_BYTES])
{
	struct threads_error err;

	if (hkdf_derive(ix->role->key, ROLE_KEY_BYTES, "threads-pack", key, ROLE_KEY_BYTES, &err) <
	    0)
		abort(); /* only memory can be missing, for 32 bytes */
}
