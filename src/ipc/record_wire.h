/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a record, for record.c (reading, checking) and record_encode.c
 * (writing). Numbers are little-endian, texts are u32 length, bytes, NUL. Both
 * files list the same fields in the same order.
 */
#ifndef THREADS_IPC_RECORD_WIRE_H
#define THREADS_IPC_RECORD_WIRE_H

#include "ipc/record.h"

#define RECORD_FRAME_MAGIC UINT32_C(0x31435254) /* "TRC1" */
#define RECORD_META_MAGIC  UINT32_C(0x3141544D) /* "MTA1" */

#endif
