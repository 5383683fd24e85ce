/* SPDX-License-Identifier: Apache-2.0 */
/* The document of the API, docs/openapi.yaml as JSON, embedded at build time. */
#ifndef THREADS_API_OPENAPI_H
#define THREADS_API_OPENAPI_H

#include <stddef.h>

extern const char openapi_document[];
extern const size_t openapi_document_len;

#endif
